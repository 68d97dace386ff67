package webapp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weft/faas/contract"
	"weft/faas/contract/contracttest"
	"weft/faas/fc"
	"weft/faas/function"
	"weft/faas/webapp"
)

func wantError(t *testing.T, err error, typ string) {
	t.Helper()
	var failure *contract.Error
	if !errors.As(err, &failure) || failure == nil || failure.Type != typ {
		t.Errorf("got %v, want %s", err, typ)
	}
}

// get has the instance handle a GET.
func get(t *testing.T, i *webapp.Instance, path string) (*httptest.ResponseRecorder, contract.Outcome) {
	t.Helper()
	w := httptest.NewRecorder()
	out, err := i.Invoke(contracttest.Context(t), contracttest.Web(httptest.NewRequest("GET", path, nil)), w)
	if err != nil {
		t.Errorf("GET %s: %v", path, err)
	}
	return w, out
}

func TestNotReady(t *testing.T) {
	i, program := start(t, "never-listens", function.Server{})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := i.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that never listens: %v", err)
	}
	phases := i.Phases()
	if n := len(phases.Probes); n == 0 || n > 60 || !phases.FirstContact.IsZero() {
		t.Errorf("%d probes in 300 ms, first contact %v", n, phases.FirstContact)
	}
	for _, p := range phases.Probes {
		if p.Err == "" || p.End.Before(p.Start) {
			t.Errorf("probe %+v", p)
		}
	}
	program.Kill()
	wantError(t, i.Ready(contracttest.Context(t)), contract.ErrExit)

	i, _ = start(t, "exits", function.Server{})
	wantError(t, i.Ready(contracttest.Context(t)), contract.ErrExit)

	i, _ = start(t, "never-answers", function.Server{Health: function.HealthCheck{Path: "/health", Timeout: 50 * time.Millisecond}})
	ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := i.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that never answers its health check: %v", err)
	}
}

func TestNeverAnswers(t *testing.T) {
	i, _ := start(t, "never-answers", function.Server{})
	contracttest.Ready(t, i)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	// The caller's upload is stuck too: it must not hold the instance either.
	stuck, feed := io.Pipe()
	defer feed.Close()
	out, err := i.Invoke(ctx, contracttest.Web(httptest.NewRequest("POST", "/", stuck)), httptest.NewRecorder())
	if !errors.Is(err, context.DeadlineExceeded) || out.Error != nil || out.Dispatched.IsZero() {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestStuckUpload(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	contracttest.Ready(t, i)
	done := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := i.Invoke(ctx, contracttest.Web(r), w)
		done <- err
		w.WriteHeader(http.StatusGatewayTimeout)
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /swallow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nsome"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("invocation: %v", err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	contracttest.Contains(t, string(answer), "504 Gateway Timeout")
}

func TestCallerWhoDoesNotRead(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	contracttest.Ready(t, i)
	out, err := contracttest.StuckCaller(t, i, "/pour?bytes=10000000000")
	if !errors.Is(err, context.DeadlineExceeded) || out.Error != nil || out.Status != 200 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestBrokenAnswers(t *testing.T) {
	for program, want := range map[string]string{
		"hangs-up": contract.ErrTruncated, "no-http": contract.ErrUnknown, "closes-mid-stream": contract.ErrTruncated,
	} {
		i, _ := start(t, program, function.Server{})
		contracttest.Ready(t, i)
		front := &contracttest.Front{Instance: i, Outcomes: make(chan contracttest.Result, 1)}
		server := httptest.NewServer(front)
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		out := <-front.Outcomes
		wantError(t, out.Error, want)
		if program == "closes-mid-stream" {
			if err == nil || string(body) != "0123456789" || out.Status != 200 || out.ResponseBytes != 10 {
				t.Errorf("%s: the caller got %q, %v; outcome %+v", program, body, err, out.Outcome)
			}
		} else if resp.StatusCode != http.StatusBadGateway || out.Status != 0 || out.ResponseBytes != 0 {
			t.Errorf("%s: the caller got %s; outcome %+v", program, resp.Status, out.Outcome)
		}
		server.Close()
	}
}

func TestExitInside(t *testing.T) {
	i, program := start(t, "exits-inside", function.Server{})
	contracttest.Ready(t, i)
	hanging := make(chan contract.Outcome, 1)
	go func() {
		_, out := get(t, i, "/hang")
		hanging <- out
	}()
	front := &contracttest.Front{Instance: i, Outcomes: make(chan contracttest.Result, 2)}
	server := httptest.NewServer(front)
	defer server.Close()
	uploads := make(chan int, 2)
	half, rest := io.Pipe() // an upload that stays incomplete
	defer rest.Close()
	for _, body := range []io.Reader{strings.NewReader("all of it"), half} {
		go func() {
			resp, err := http.Post(server.URL+"/hang", "text/plain", body)
			if err != nil {
				t.Error(err)
				uploads <- 0
				return
			}
			resp.Body.Close()
			uploads <- resp.StatusCode
		}()
	}
	if _, err := rest.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	_, out := get(t, i, "/exit")
	wantError(t, out.Error, contract.ErrExit)
	contracttest.Contains(t, out.Error.Message, "exit status 5")
	wantError(t, (<-hanging).Error, contract.ErrExit)
	for range 2 {
		wantError(t, (<-front.Outcomes).Error, contract.ErrExit)
		if status := <-uploads; status != http.StatusBadGateway {
			t.Errorf("an upload's caller got %d", status)
		}
	}
	<-program.Done
	_, out = get(t, i, "/")
	wantError(t, out.Error, contract.ErrExit)

	i, _ = start(t, "answers-and-exits", function.Server{})
	contracttest.Ready(t, i)
	if w, out := get(t, i, "/"); out.Error != nil || w.Body.String() != "last" {
		t.Errorf("last words: %q, %v", w.Body, out.Error)
	}
}

func TestStopsListening(t *testing.T) {
	i, _ := start(t, "stops-listening", function.Server{})
	contracttest.Ready(t, i)
	get(t, i, "/")
	// What the server had accepted may still be served; new connections are refused.
	i.DropConnections()
	_, out := get(t, i, "/")
	wantError(t, out.Error, contract.ErrUnknown)
	contracttest.Contains(t, out.Error.Message, "does not listen")
}

// A request that the program has seen is not sent again, though it be a GET and the connection one that was kept.
func TestNothingIsRepeated(t *testing.T) {
	i, _ := start(t, "drops-second", function.Server{})
	contracttest.Ready(t, i)
	if w, out := get(t, i, "/"); out.Error != nil || w.Body.String() != "1" {
		t.Fatalf("%q, %v", w.Body, out.Error)
	}
	_, out := get(t, i, "/") // on the same connection
	wantError(t, out.Error, contract.ErrTruncated)
	if w, out := get(t, i, "/count"); out.Error != nil || w.Body.String() != "3" {
		t.Errorf("the program has seen %s requests, want 3; %v", w.Body, out.Error)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	demo := &function.Function{Name: "demo", Server: function.Server{Port: port}}
	if _, err := webapp.New(fc.Identity{Function: demo}); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a port that somebody listens on: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	i, err := webapp.New(fc.Identity{Function: demo})
	if err != nil {
		t.Fatal(err)
	}
	if i.Port() != port {
		t.Errorf("port %d, want %d", i.Port(), port)
	}
	if _, err := webapp.New(fc.Identity{Function: demo}); err == nil || !strings.Contains(err.Error(), "another instance") {
		t.Errorf("a second instance of a fixed port: %v", err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if i, err = webapp.New(fc.Identity{Function: demo}); err != nil {
		t.Errorf("after the first was closed: %v", err)
	} else if err := i.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestHealth(t *testing.T) {
	i, _ := start(t, "slow-to-be-healthy", function.Server{Health: function.HealthCheck{
		Path: "/health", Delay: 100 * time.Millisecond, SuccessThreshold: 3, Timeout: 10 * time.Second,
	}})
	before := time.Now()
	contracttest.Ready(t, i)
	probes := i.Phases().Probes
	if first := probes[0].Start.Sub(before); first < 100*time.Millisecond {
		t.Errorf("first probe after %v, want at least the delay of 100 ms", first)
	}
	if len(probes) < 4 {
		t.Fatalf("probes %+v", probes)
	}
	for n, p := range probes[len(probes)-4:] {
		if (p.Err == "") != (n > 0) {
			t.Errorf("of the last four probes, three have to succeed: number %d: %+v", n, p)
		}
	}
	if i.Phases().FirstContact.IsZero() {
		t.Error("no first contact")
	}

	i, _ = start(t, "falls-ill", function.Server{Health: function.HealthCheck{Path: "/health", FailureThreshold: 2, Timeout: 10 * time.Second}})
	contracttest.Ready(t, i)
	ctx := contracttest.Context(t)
	post := func(method string) {
		if out, err := i.Invoke(ctx, contracttest.Web(httptest.NewRequest(method, "/ill", nil)), httptest.NewRecorder()); err != nil || out.Error != nil {
			t.Fatal(err, out.Error)
		}
	}
	if err := i.Check(ctx); err != nil {
		t.Errorf("healthy: %v", err)
	}
	post("POST")
	if err := i.Check(ctx); err != nil {
		t.Errorf("one failure of the two that count: %v", err)
	}
	if err := i.Check(ctx); err == nil || !strings.Contains(err.Error(), "2 probes in a row") {
		t.Errorf("two failures: %v", err)
	}
	post("GET")
	if err := i.Check(ctx); err != nil {
		t.Errorf("healthy again: %v", err)
	}
}
