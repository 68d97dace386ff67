package webapp_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"weft/faas/contract/contracttest"
	"weft/faas/function"
	"weft/faas/webapp"
)

// startExpress runs the Express app; make installs what it depends on.
func startExpress(t *testing.T) (*contracttest.Program, *contracttest.Front, *httptest.Server) {
	t.Helper()
	i := newInstance(t, function.Server{})
	program := contracttest.Start(t, i, contracttest.Example("express"), nil, "node", "server.js")
	front, server := startFront(t, i)
	return program, front, server
}

func TestExpress(t *testing.T) {
	_, front, server := startExpress(t)
	if resp, body := do(t, request(t, "GET", server.URL+"/", nil)); body != "hello from express" || resp.Header.Get("X-Powered-By") != "Express" {
		t.Errorf("%v %q", resp.Header, body)
	}
	<-front.Outcomes

	_, body := do(t, request(t, "GET", server.URL+"/headers?a=1", nil))
	var seen struct {
		Headers map[string]string
		URL     string
	}
	if err := json.Unmarshal([]byte(body), &seen); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	inv := (<-front.Outcomes).Invocation
	if want := "00-" + inv.Span.TraceID().String() + "-" + inv.Span.SpanID().String() + "-01"; seen.Headers["traceparent"] != want || seen.URL != "/headers?a=1" {
		t.Errorf("the app saw %+v, want traceparent %s", seen, want)
	}

	r := request(t, "POST", server.URL+"/json", strings.NewReader(`{"shelf":[1,2]}`))
	r.Header.Set("Content-Type", "application/json")
	if resp, body := do(t, r); resp.StatusCode != http.StatusCreated || body != `{"shelf":[1,2]}` {
		t.Errorf("%s %q", resp.Status, body)
	}
	if resp, _ := do(t, request(t, "GET", server.URL+"/nowhere", nil)); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a page that is not there: %s", resp.Status)
	}
	// The connection is given up meanwhile, before the server does.
	time.Sleep(1200 * time.Millisecond)
	if resp, _ := do(t, request(t, "GET", server.URL+"/", nil)); resp.StatusCode != 200 {
		t.Errorf("after a pause: %s", resp.Status)
	}
}

func TestExpressWebSocket(t *testing.T) {
	program, front, server := startExpress(t)
	socket, err := websocket.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/socket", "", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	var greeting struct{ Traceparent string }
	if err := websocket.JSON.Receive(socket, &greeting); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		text, data := fmt.Sprint("message ", n), []byte{0, 1, byte(n)}
		for _, message := range []any{text, data} {
			if err := websocket.Message.Send(socket, message); err != nil {
				t.Fatal(err)
			}
		}
		var gotText string
		var gotData []byte
		if err := websocket.Message.Receive(socket, &gotText); err != nil || gotText != text {
			t.Errorf("%q, %v; want %q", gotText, err, text)
		}
		if err := websocket.Message.Receive(socket, &gotData); err != nil || string(gotData) != string(data) {
			t.Errorf("%v, %v; want %v", gotData, err, data)
		}
	}
	if err := socket.Close(); err != nil {
		t.Error(err)
	}
	contracttest.Wait(t, "the app to see the end", func() bool { return strings.Contains(program.Output(), "socket closed") })
	out := <-front.Outcomes
	if out.Status != http.StatusSwitchingProtocols || out.Error != nil || out.Err != nil || out.ResponseBytes == 0 {
		t.Errorf("outcome %+v, %v", out.Outcome, out.Err)
	}
	contracttest.Contains(t, greeting.Traceparent, out.Invocation.Span.SpanID().String())
}

func TestExpressServerSentEvents(t *testing.T) {
	program, front, server := startExpress(t)
	resp, err := http.DefaultTransport.RoundTrip(request(t, "GET", server.URL+"/events", nil))
	if err != nil {
		t.Fatal(err)
	}
	events := bufio.NewReader(resp.Body)
	event := func(want string) {
		t.Helper()
		line, err := events.ReadString('\n')
		if err == nil {
			_, err = events.ReadString('\n')
		}
		if err != nil || line != "data: "+want+"\n" {
			t.Fatalf("got %q, %v; want %s", line, err, want)
		}
	}
	event("welcome")
	for n := range 3 { // each is sent only when the one before has been received
		message := fmt.Sprint("message ", n)
		r := request(t, "POST", server.URL+"/events", strings.NewReader(message))
		r.Header.Set("Content-Type", "text/plain")
		if resp, _ := do(t, r); resp.StatusCode != http.StatusNoContent {
			t.Fatal(resp.Status)
		}
		<-front.Outcomes
		event(message)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	contracttest.Wait(t, "the app to see the listener leave", func() bool { return strings.Contains(program.Output(), "listener left") })
}

func TestFlask(t *testing.T) {
	// Debian's Python, to which apt has added Flask; make sees to that.
	i := newInstance(t, function.Server{Health: function.HealthCheck{Path: "/"}})
	program := contracttest.Start(t, i, contracttest.Example("flask"), []string{"PYTHONUNBUFFERED=1"}, "/usr/bin/python3", "app.py")
	front, server := startFront(t, i)
	checkFlask(t, program, front, server)
}

// TestFlaskRun starts the same app with Flask's own command, which takes the port from a variable of its own.
func TestFlaskRun(t *testing.T) {
	i := newInstance(t, function.Server{})
	program := contracttest.Start(t, i, contracttest.Example("flask"), []string{"PYTHONUNBUFFERED=1"}, "/usr/bin/python3", "-m", "flask", "run")
	front, server := startFront(t, i)
	checkFlask(t, program, front, server)
}

// TestFixedPort runs the app on a port that the function names.
func TestFixedPort(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	i := newInstance(t, function.Server{Port: port})
	contracttest.Start(t, i, contracttest.Example("flask"), nil, "/usr/bin/python3", "-m", "flask", "run", "--port", fmt.Sprint(port))
	_, server := startFront(t, i)
	if _, body := do(t, request(t, "GET", server.URL+"/", nil)); body != "hello from flask" {
		t.Errorf("%q", body)
	}
}

func checkFlask(t *testing.T, program *contracttest.Program, front *contracttest.Front, server *httptest.Server) {
	t.Helper()
	if _, body := do(t, request(t, "GET", server.URL+"/", nil)); body != "hello from flask" {
		t.Errorf("%q", body)
	}
	r := request(t, "POST", server.URL+"/sum", strings.NewReader("[1,2,39]"))
	r.Header.Set("Content-Type", "application/json")
	if resp, body := do(t, r); resp.StatusCode != 200 || strings.TrimSpace(body) != `{"total":42}` {
		t.Errorf("%s %q", resp.Status, body)
	}
	if _, body := do(t, request(t, "GET", server.URL+"/count?to=3", nil)); body != "0\n1\n2\n" {
		t.Errorf("%q", body)
	}
	for range 3 {
		<-front.Outcomes
	}
	_, body := do(t, request(t, "GET", server.URL+"/headers", nil))
	contracttest.Contains(t, body, (<-front.Outcomes).Invocation.Span.SpanID().String())
	if resp, _ := do(t, request(t, "GET", server.URL+"/fail", nil)); resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("a page that fails: %s", resp.Status)
	}
	contracttest.Wait(t, "the stack in the log", func() bool { return strings.Contains(program.Output(), "RuntimeError: no such shelf") })
}

func TestProbesOfAStart(t *testing.T) {
	i := newInstance(t, function.Server{})
	contracttest.Start(t, i, contracttest.Example("express"), nil, "node", "server.js")
	contracttest.Ready(t, i)
	phases := i.Phases()
	last := len(phases.Probes) - 1
	for n, p := range phases.Probes {
		if (p.Err == "") != (n == last) {
			t.Errorf("probe %d of %d: %+v", n, last, p)
		}
	}
	if p := phases.Probes[last]; phases.FirstContact.Before(p.Start) || phases.FirstContact.After(p.End) {
		t.Errorf("first contact at %v, last probe %+v", phases.FirstContact, p)
	}
}

// Two instances of one function run side by side, each on a port of its own.
func TestSideBySide(t *testing.T) {
	var instances [2]*webapp.Instance
	for n := range instances {
		instances[n], _ = start(t, "web", function.Server{})
	}
	if instances[0].Port() == instances[1].Port() {
		t.Errorf("both on port %d", instances[0].Port())
	}
	for _, i := range instances {
		contracttest.Ready(t, i)
		if w, out := get(t, i, "/"); out.Error != nil || w.Code != 200 {
			t.Errorf("%d, %v", w.Code, out.Error)
		}
	}
}
