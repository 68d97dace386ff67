package fc_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"weft/faas/contract"
	"weft/faas/contract/contracttest"
	"weft/faas/fc"
)

// TestMain lets the test's own binary play programs that break the contract.
func TestMain(m *testing.M) {
	if name := os.Getenv("FC_TEST_PROGRAM"); name != "" {
		hostile[name]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var api = "http://" + os.Getenv("FC_RUNTIME_API") + "/2020-11-11/runtime/invocation/"

func startHostile(t *testing.T, name string) (*fc.Instance, *contracttest.Program) {
	t.Helper()
	i := newInstance(t, fc.Identity{})
	return i, contracttest.Start(t, i, ".", []string{"FC_TEST_PROGRAM=" + name}, os.Args[0])
}

// next polls and returns the request id and the event.
func next() (string, string) {
	resp, err := http.Get(api + "next")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	return resp.Header.Get("x-fc-request-id"), string(body)
}

func post(path string, body io.Reader) int {
	resp, err := http.Post(api+path, "text/plain", body)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

var hostile = map[string]func(){
	"sleeps":       func() { time.Sleep(time.Hour) },
	"exits":        func() { os.Exit(3) },
	"exits-inside": func() { next(); os.Exit(4) },
	"hangs-inside": func() { next(); time.Sleep(time.Hour) },
	// answers each invocation twice and one that does not exist, and tells the statuses in the next answer.
	"answers-twice": func() {
		told := ""
		for {
			id, _ := next()
			first := told
			told = fmt.Sprint(post("no-such-id/response", strings.NewReader("x")), post(id+"/response", strings.NewReader("first "+first)),
				post(id+"/response", strings.NewReader("second")), post(id+"/error", strings.NewReader("{}")), post("next", nil))
		}
	},
	// promises 1000 bytes, sends 10 and closes the connection.
	"breaks-off": func() {
		for {
			id, _ := next()
			conn, err := net.Dial("tcp", os.Getenv("FC_RUNTIME_API"))
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(conn, "POST /2020-11-11/runtime/invocation/%s/response HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n0123456789", id)
			conn.Close()
		}
	},
	// answers more than is allowed without saying so first.
	"never-ends": func() {
		for {
			id, _ := next()
			resp, err := http.Post(api+id+"/response", "text/plain", io.LimitReader(zeros{}, 100<<20))
			if err == nil {
				resp.Body.Close()
			}
		}
	},
	"bad-params": func() {
		for {
			id, value := next()
			r, err := http.NewRequest("POST", api+id+"/response", strings.NewReader("body"))
			if err != nil {
				panic(err)
			}
			r.Header.Set("x-fc-http-params", value)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				panic(err)
			}
			resp.Body.Close()
		}
	},
	// answers and exits without waiting for the status.
	"answers-and-exits": func() {
		id, _ := next()
		conn, err := net.Dial("tcp", os.Getenv("FC_RUNTIME_API"))
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(conn, "POST /2020-11-11/runtime/invocation/%s/response HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nlast", id)
	},
	// gives up a poll, and polls again a while later.
	"gives-up-polls": func() {
		for range 3 {
			conn, err := net.Dial("tcp", os.Getenv("FC_RUNTIME_API"))
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(conn, "GET /2020-11-11/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n")
			time.Sleep(50 * time.Millisecond) // so that the poll waits when it is given up
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				panic(err)
			}
			_, _ = io.Copy(io.Discard, conn) // until the other side knows
			conn.Close()
		}
		fmt.Println("gave up")
		for {
			id, event := next()
			post(id+"/response", strings.NewReader(event))
		}
	},
	// sends its answer in pieces, each after the last has been read back.
	"streams": func() {
		id, _ := next()
		r, w := io.Pipe()
		go post(id+"/response", r)
		for line := range 3 {
			fmt.Fprintln(w, "line", line)
			_, more := next()
			if more != "go on" {
				panic(more)
			}
		}
		w.Close()
		time.Sleep(time.Hour)
	},
}

func TestNotReady(t *testing.T) {
	i, program := startHostile(t, "sleeps")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := i.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that never polls: %v", err)
	}
	program.Kill()
	wantError(t, i.Ready(contracttest.Context(t)), contract.ErrExit)

	i, _ = startHostile(t, "exits")
	wantError(t, i.Ready(contracttest.Context(t)), contract.ErrExit)
}

func wantError(t *testing.T, err error, typ string) {
	t.Helper()
	var failure *contract.Error
	if !errors.As(err, &failure) || failure == nil || failure.Type != typ {
		t.Errorf("got %v, want %s", err, typ)
	}
}

func TestExitInside(t *testing.T) {
	i, _ := startHostile(t, "exits-inside")
	w, out := invoke(t, i, contracttest.Event(""))
	if out.Error == nil || out.Error.Type != contract.ErrExit || w.Body.Len() > 0 {
		t.Errorf("outcome %+v, written %q", out, w.Body)
	}
	contracttest.Contains(t, out.Error.Message, "exit status 4")
	// Nor does anything wait for a program that is gone.
	_, out = invoke(t, i, contracttest.Event(""))
	wantError(t, out.Error, contract.ErrExit)
}

func TestTimeout(t *testing.T) {
	i, program := startHostile(t, "hangs-inside")
	contracttest.Ready(t, i)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	out, err := i.Invoke(ctx, contracttest.Event(""), httptest.NewRecorder())
	if !errors.Is(err, context.DeadlineExceeded) || out.Error != nil || out.Dispatched.IsZero() {
		t.Errorf("%+v, %v", out, err)
	}
	program.Kill()
}

func TestAnswersTwice(t *testing.T) {
	i, _ := startHostile(t, "answers-twice")
	w, out := invoke(t, i, contracttest.Event(""))
	if out.Error != nil || w.Body.String() != "first " {
		t.Errorf("%q, %v", w.Body, out.Error)
	}
	w, out = invoke(t, i, contracttest.Event(""))
	if out.Error != nil || w.Body.String() != "first 400 200 400 400 405" {
		t.Errorf("the program was told %q, %v", w.Body, out.Error)
	}
}

func TestAnswerThatCannotBeRead(t *testing.T) {
	i, _ := startHostile(t, "breaks-off")
	w, out := invoke(t, i, contracttest.Event(""))
	wantError(t, out.Error, contract.ErrTruncated)
	if got := w.Body.String(); got != "" && got != "0123456789" {
		t.Errorf("written %q", got)
	}

	i, _ = startHostile(t, "never-ends")
	_, out = invoke(t, i, contracttest.Event(""))
	wantError(t, out.Error, contract.ErrTooLarge)
	if out.ResponseBytes > contract.MaxFCResponse {
		t.Errorf("%d bytes were let through", out.ResponseBytes)
	}

	i, _ = startHostile(t, "bad-params")
	for _, params := range []string{"%%%", "bm8ganNvbg==", "eyJzdGF0dXMiOjk5OX0=", "eyJoZWFkZXJzTWFwIjp7ImEgYiI6WyIxIl19fQ=="} {
		inv := contracttest.Web(httptest.NewRequest("POST", "/", strings.NewReader(params)))
		w, out := invoke(t, i, inv)
		wantError(t, out.Error, contract.ErrFunction)
		if w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("params %s: written %v %q", params, w.Header(), w.Body)
		}
	}
}

func TestCallerWhoDoesNotRead(t *testing.T) {
	i, _ := startHostile(t, "never-ends")
	contracttest.Ready(t, i)
	out, err := contracttest.StuckCaller(t, i, "/")
	if !errors.Is(err, context.DeadlineExceeded) || out.Error != nil || out.Status != 200 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestAnswersAndExits(t *testing.T) {
	i, program := startHostile(t, "answers-and-exits")
	w, out := invoke(t, i, contracttest.Event(""))
	if out.Error != nil || w.Body.String() != "last" {
		t.Errorf("%q, %v", w.Body, out.Error)
	}
	<-program.Done
}

func TestPollsGivenUp(t *testing.T) {
	i, program := startHostile(t, "gives-up-polls")
	contracttest.Wait(t, "polls given up", func() bool { return strings.Contains(program.Output(), "gave up") })
	for n := range 20 {
		event := fmt.Sprint("event ", n)
		if w, out := invoke(t, i, contracttest.Event(event)); out.Error != nil || w.Body.String() != event {
			t.Fatalf("%s: %q, %v", event, w.Body, out.Error)
		}
	}
}

func TestStreamedAnswer(t *testing.T) {
	i, _ := startHostile(t, "streams")
	server := httptest.NewServer(&contracttest.Front{Instance: i})
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for n := range 3 {
		line, err := lines.ReadString('\n')
		if err != nil || line != fmt.Sprintln("line", n) {
			t.Fatalf("%q, %v", line, err)
		}
		// The next line is only written when this invocation has been taken, so this one has not been held back.
		ctx, cancel := context.WithCancel(contracttest.Context(t))
		done := make(chan error, 1)
		go func() {
			_, err := i.Invoke(ctx, contracttest.Event("go on"), httptest.NewRecorder())
			done <- err
		}()
		if n == 2 {
			rest, err := io.ReadAll(lines)
			if err != nil || len(bytes.TrimSpace(rest)) > 0 {
				t.Errorf("rest %q, %v", rest, err)
			}
		} else if _, err := lines.Peek(1); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("canceled invocation: %v", err)
		}
	}
}
