package lambda

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"weft/faas/contract"
)

const extensionPath = "/2020-01-01/extension/"

// external makes executables in the folder of extensions.
func external(t testing.TB, names ...string) func(*Config) {
	return func(c *Config) {
		dir := c.CodeDir + "/extensions"
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if err := os.WriteFile(filepath.Join(dir, n), []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "README"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *program) register(name, events string) got {
	p.t.Helper()
	return p.must("POST", extensionPath+"register", `{"events":[`+events+`]}`, headerExtensionName, name)
}

// extensionPoll polls for events until ctx ends.
func (p *program) extensionPoll(ctx context.Context, id string) <-chan got {
	c := make(chan got, 1)
	go func() {
		g, err := p.do(ctx, "GET", extensionPath+"event/next", "", headerExtensionID, id)
		if err != nil {
			g = got{body: err.Error()}
		}
		c <- g
	}()
	return c
}

func TestRegister(t *testing.T) {
	i := newInstance(t, external(t, "watch"))
	p := newProgram(t, i)
	if paths := i.ExtensionsExpected(); len(paths) != 1 || filepath.Base(paths[0]) != "watch" {
		t.Errorf("ExtensionsExpected: %v", paths)
	}
	for _, c := range []struct{ name, body, want string }{
		{"", `{"events":[]}`, "403 Extension.InvalidExtensionName"},
		{"watch", `{`, "403 InvalidRequestFormat"},
		{"watch", `{"events":["LUNCH"]}`, "403 Extension.InvalidEventType"},
		{"inside", `{"events":["SHUTDOWN"]}`, "403 Extension.InvalidEventType"},
		{"watch", `{"events":["INVOKE","SHUTDOWN"]}`, "200"},
		{"watch", `{"events":[]}`, "403 Extension.InvalidExtensionState"},
		{"inside", `{"events":["INVOKE"]}`, "200"},
		{"inside", `{"events":["INVOKE"]}`, "403 Extension.InvalidExtensionState"},
	} {
		g := p.must("POST", extensionPath+"register", c.body, headerExtensionName, c.name)
		if g.String() != c.want {
			t.Errorf("%s %s: got %v, want %s", c.name, c.body, g, c.want)
		}
		if c.want == "200" {
			if _, err := uuid.Parse(g.header.Get(headerExtensionID)); err != nil {
				t.Errorf("identifier: %v", err)
			}
			if want := `{"functionName":"shop","functionVersion":"7","handler":"app.handler"}`; strings.TrimSpace(g.body) != want {
				t.Errorf("got %s, want %s", g.body, want)
			}
		}
	}
	for _, n := range []string{"3", "4", "5", "6", "7", "8", "9", "10"} {
		if g := p.register(n, ""); g.String() != "200" {
			t.Errorf("extension %s: %v", n, g)
		}
	}
	if g := p.register("11", ""); g.String() != "403 Extension.TooManyExtensions" {
		t.Errorf("the eleventh: %v", g)
	}
}

func TestRegisterFeatures(t *testing.T) {
	p := newProgram(t, newInstance(t))
	g := p.must("POST", extensionPath+"register", `{"events":[]}`, headerExtensionName, "x", "Lambda-Extension-Accept-Feature", "a, accountId")
	if !strings.Contains(g.body, `"accountId":"123456789012"`) {
		t.Errorf("got %s", g.body)
	}
}

func TestRegistrationCloses(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	p.poll(t.Context())
	if err := i.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if g := p.register("late", ""); g.String() != "403 Extension.RegistrationClosed" {
		t.Errorf("got %v", g)
	}
	if i := newInstance(t, concurrency(2)); newProgram(t, i).register("x", `"INVOKE"`).String() != "403 Extension.InvalidEventType" {
		t.Error("INVOKE is taken with concurrency")
	}
}

func TestUnknownExtensions(t *testing.T) {
	p := newProgram(t, newInstance(t))
	for id, want := range map[string]string{
		"":               "403 Extension.MissingExtensionIdentifier",
		"x":              "403 Extension.InvalidExtensionIdentifier",
		uuid.NewString(): "403 Extension.UnknownExtensionIdentifier",
	} {
		for path, method := range map[string]string{
			extensionPath + "event/next": "GET", extensionPath + "init/error": "POST", extensionPath + "exit/error": "POST",
			"/2022-07-01/telemetry": "PUT", "/2022-07-01/telemetry/": "PUT",
		} {
			headers := []string{headerExtensionID, id}
			if id == "" {
				headers = nil
			}
			if g := p.must(method, path, "{}", headers...); g.String() != want {
				t.Errorf("%s %s: got %v, want %s", path, id, g, want)
			}
		}
	}
}

func TestExtensionStates(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	id := p.register("inside", "").header.Get(headerExtensionID)
	poll := p.extensionPoll(t.Context(), id)
	until(t, i, "the extension polls", func() bool { return i.extensions.all[0].state == extReady })
	if g := p.must("GET", extensionPath+"event/next", "", headerExtensionID, id); g.String() != "403 Extension.InvalidExtensionState" {
		t.Errorf("polls twice: %v", g)
	}
	if g := p.must("POST", extensionPath+"init/error", "", headerExtensionID, id, headerExtensionErr, "x"); g.String() != "403 Extension.InvalidExtensionState" {
		t.Errorf("init/error after a poll: %v", g)
	}
	if g := p.must("POST", extensionPath+"exit/error", "", headerExtensionID, id); g.String() != "403 Extension.MissingHeader" {
		t.Errorf("exit/error without a type: %v", g)
	}
	for range 2 {
		if g := p.must("POST", extensionPath+"exit/error", "", headerExtensionID, id, headerExtensionErr, "x"); g.String() != "202" {
			t.Errorf("exit/error: %v", g)
		}
	}
	if err := i.Ready(t.Context()); err == nil || err.(*contract.Error).Type != ErrExtensionExit {
		t.Errorf("Ready: %v", err)
	}
	_ = poll // ends with the instance
}

func TestExtensionInitError(t *testing.T) {
	i := newInstance(t, external(t, "watch"))
	p := newProgram(t, i)
	id := p.register("watch", "").header.Get(headerExtensionID)
	p.poll(t.Context())
	if g := p.must("POST", extensionPath+"init/error", "", headerExtensionID, id, headerExtensionErr, "Extension.NoKey"); g.String() != "202" {
		t.Errorf("got %v", g)
	}
	err := i.Ready(t.Context())
	if err == nil || err.Error() != "Extension.InitError: extension watch: Extension.NoKey" {
		t.Errorf("Ready: %v", err)
	}
}

func TestExtensionCrash(t *testing.T) {
	i := newInstance(t, external(t, "watch"))
	p := newProgram(t, i)
	id := p.register("watch", "").header.Get(headerExtensionID)
	p.extensionPoll(t.Context(), id)
	p.poll(t.Context())
	if err := i.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.ExtensionExited(i.ExtensionsExpected()[0])
	if err := await(t, i.Failed()); err.Type != ErrExtensionCrash {
		t.Errorf("got %v", err)
	}
	if err := i.PreStop(t.Context(), nil); err != nil {
		t.Errorf("PreStop of an extension that is gone: %v", err)
	}
}

// TestReadyWaitsForExtensions also checks that an extension that has not registered is waited for.
func TestReadyWaitsForExtensions(t *testing.T) {
	i := newInstance(t, external(t, "watch"))
	p := newProgram(t, i)
	p.poll(t.Context())
	until(t, i, "the program polls", func() bool { return i.polled })
	expired, cancel := context.WithCancel(context.Background())
	cancel()
	if err := i.ExtensionsRegistered(expired); err != context.Canceled {
		t.Errorf("ExtensionsRegistered before: %v", err)
	}
	id := p.register("watch", "").header.Get(headerExtensionID)
	if err := i.ExtensionsRegistered(t.Context()); err != nil {
		t.Errorf("ExtensionsRegistered: %v", err)
	}
	if err := i.Ready(expired); err != context.Canceled {
		t.Errorf("Ready before the extension polls: %v", err)
	}
	p.extensionPoll(t.Context(), id)
	if err := i.Ready(t.Context()); err != nil {
		t.Errorf("Ready: %v", err)
	}
}

// TestInvokeEvent also checks that a place is free once the program and the extension have polled.
func TestInvokeEvent(t *testing.T) {
	i := newInstance(t, external(t, "watch"))
	p := newProgram(t, i)
	id := p.register("watch", `"INVOKE"`).header.Get(headerExtensionID)
	events := p.extensionPoll(t.Context(), id)
	polled := p.poll(t.Context())
	if err := i.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	inv := event("a", "1")
	inv.Span, inv.Deadline = span(t), time.UnixMilli(1542409706888)
	results := invoke(t.Context(), i, inv)
	await(t, polled)
	want := `{"eventType":"INVOKE","deadlineMs":1542409706888,"requestId":"a","invokedFunctionArn":"arn:aws:lambda:eu-test-1:123456789012:function:shop",` +
		`"tracing":{"spanId":"53995c3f42cd8ad8","type":"X-Amzn-Trace-Id","value":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}}`
	if g := await(t, events); g.body != want {
		t.Errorf("got %s, want %s", g.body, want)
	}
	p.respond("a", "ok")
	free := await(t, results).Free
	p.poll(t.Context())
	until(t, i, "the program polls", func() bool { return len(i.polls) == 1 })
	select {
	case <-free:
		t.Error("free before the extension has polled")
	default:
	}
	p.extensionPoll(t.Context(), id)
	await(t, free)
}

func TestShutdown(t *testing.T) {
	if i := newInstance(t); i.ShutdownBudget() != 0 || i.PreStop(t.Context(), nil) != nil {
		t.Error("a program without extensions has something to wait for")
	}
	i := newInstance(t)
	newProgram(t, i).register("inside", "")
	if i.ShutdownBudget() != 500*time.Millisecond {
		t.Errorf("budget with an internal extension: %v", i.ShutdownBudget())
	}
	if err := i.Shutdown(t.Context(), Timeout); err != nil {
		t.Error(err)
	}

	i = newInstance(t, external(t, "watch", "deaf"))
	p := newProgram(t, i)
	if i.ShutdownBudget() != 2*time.Second {
		t.Errorf("budget with an external extension: %v", i.ShutdownBudget())
	}
	id := p.register("watch", `"SHUTDOWN"`).header.Get(headerExtensionID)
	p.register("deaf", "") // it wants no event: nobody waits for it
	events := p.extensionPoll(t.Context(), id)
	stopped := make(chan error, 1)
	go func() { stopped <- i.Shutdown(t.Context(), Timeout) }()
	var e struct {
		EventType, ShutdownReason string
		DeadlineMS                int64
	}
	if err := json.Unmarshal([]byte(await(t, events).body), &e); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(time.UnixMilli(e.DeadlineMS)); e.EventType != "SHUTDOWN" || e.ShutdownReason != "TIMEOUT" || left > 2*time.Second {
		t.Errorf("got %+v", e)
	}
	select {
	case err := <-stopped:
		t.Errorf("Shutdown has not waited: %v", err)
	default:
	}
	i.ExtensionExited("watch")
	if err := await(t, stopped); err != nil {
		t.Error(err)
	}
}

func TestShutdownOfHangingExtension(t *testing.T) {
	i := newInstance(t, external(t, "watch"))
	newProgram(t, i).register("watch", `"SHUTDOWN"`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := i.PreStop(ctx, nil); err == nil || err.Error() != "extension watch has not stopped: context deadline exceeded" {
		t.Errorf("got %v", err)
	}
}
