package lambda

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/faas/contract"
)

type telemetryRecord struct {
	Time   time.Time
	Type   string
	Record json.RawMessage
}

// collector is a destination of telemetry.
func collector(t testing.TB, status func() int) (records chan telemetryRecord, port string) {
	records = make(chan telemetryRecord, 20000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var batch []telemetryRecord
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			t.Error(err)
		}
		code := status()
		if code == http.StatusOK {
			for _, e := range batch {
				records <- e
			}
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return records, port
}

func ok() int { return http.StatusOK }

func (p *program) subscribe(id, body string) got {
	p.t.Helper()
	return p.must("PUT", "/2022-07-01/telemetry", body, headerExtensionID, id)
}

func subscription1(port, types string) string {
	return fmt.Sprintf(`{"schemaVersion":"2022-12-13","types":[%s],"buffering":{"timeoutMs":25},"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:%s/t"}}`,
		types, port)
}

func TestSubscriptionValidation(t *testing.T) {
	p := newProgram(t, newInstance(t))
	id := p.register("x", "").header.Get(headerExtensionID)
	for body, want := range map[string]string{
		`{}`: `schemaVersion: want 2022-07-01, 2022-12-13 or 2025-01-29, got ""; types should not be empty; ` +
			`destination.protocol: want HTTP or TCP, got ""; destination.URI: want the host sandbox.localdomain, got ""`,
		`{"schemaVersion":"2022-07-01","types":["platform","x"],"buffering":{"maxItems":999,"maxBytes":1,"timeoutMs":24},"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain"}}`: `types: want platform, function or extension, got "x"; buffering.maxItems: want 1000 to 10000, got 999; ` +
			`buffering.maxBytes: want 262144 to 1048576, got 1; buffering.timeoutMs: want 25 to 30000, got 24; URI port is not provided`,
		`{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"TCP","URI":"http://sandbox.localdomain:1"}}`: `destination.URI: want the scheme of protocol TCP, got "http"`,
		`{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"HTTP","URI":"http://10.0.0.1:1"}}`:           `destination.URI: want the host sandbox.localdomain, got "10.0.0.1"`,
		`{`: `unexpected end of JSON input`,
	} {
		g := p.subscribe(id, body)
		var doc struct{ ErrorMessage string }
		if err := json.Unmarshal([]byte(g.body), &doc); err != nil {
			t.Fatal(err)
		}
		if g.String() != "400 ValidationError" || doc.ErrorMessage != want {
			t.Errorf("%s: got %v: %s, want %s", body, g, doc.ErrorMessage, want)
		}
	}
}

// TestTelemetry follows an instance through its life.
func TestTelemetry(t *testing.T) {
	i := newInstance(t, external(t, "watch"), func(c *Config) { c.MaxMemory = func() int64 { return 42 << 20 } })
	p := newProgram(t, i)
	records, port := collector(t, ok)
	id := p.register("watch", `"SHUTDOWN"`).header.Get(headerExtensionID)
	if g := p.subscribe(id, subscription1(port, `"platform","function","extension"`)); g.status != 200 || g.body != `"OK"` {
		t.Fatalf("subscribe: %v %s", g, g.body)
	}
	i.FunctionLog(time.Now(), "loading")
	p.extensionPoll(t.Context(), id)
	polled := p.poll(t.Context())
	if err := i.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	inv := event("a", "1")
	inv.Span = span(t)
	results := invoke(t.Context(), i, inv)
	await(t, polled)
	i.FunctionLog(time.Now(), "working")
	i.ExtensionLog(time.Now(), "watching")
	p.respond("a", "four")
	await(t, results)
	results = invoke(t.Context(), i, event("b", "1"))
	p.next()
	p.fail("b", `{"errorType":"ValueError"}`)
	await(t, results)
	results = invoke(t.Context(), i, event("c", "1"))
	p.next()
	i.Exited(&contract.Error{Type: contract.ErrTimeout})
	await(t, results)
	if g := p.subscribe(id, subscription1(port, `"platform"`)); g.String() != "403 Telemetry.SubscriptionClosed" {
		t.Errorf("a late subscription: %v", g)
	}

	var types []string
	got := map[string]map[string]any{}
	for len(types) < 17 {
		r := await(t, records)
		key := r.Type
		var fields map[string]any
		if json.Unmarshal(r.Record, &fields) == nil {
			if id, ok := fields["requestId"]; ok {
				key += " " + id.(string)
			}
			got[key] = fields
		} else {
			key += " " + string(r.Record)
		}
		if d := time.Since(r.Time); d < -time.Second || d > patience {
			t.Errorf("%s: time %v", key, r.Time)
		}
		types = append(types, key)
	}
	want := []string{
		"platform.initStart", "platform.telemetrySubscription", `function "loading"`, "platform.extension", "platform.initRuntimeDone", "platform.initReport",
		"platform.start a", `function "working"`, `extension "watching"`, "platform.runtimeDone a", "platform.report a",
		"platform.start b", "platform.runtimeDone b", "platform.report b", "platform.start c", "platform.runtimeDone c", "platform.report c",
	}
	// The extension and the program poll side by side.
	slices.Sort(types[3:5])
	if !reflect.DeepEqual(types, want) {
		t.Fatalf("got %q, want %q", types, want)
	}
	const tracing = `{"spanId":"53995c3f42cd8ad8","type":"X-Amzn-Trace-Id","value":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}`
	for _, c := range []struct{ record, path, want string }{
		{"platform.initStart", "initializationType", `"on-demand"`},
		{"platform.initStart", "phase", `"init"`},
		{"platform.initStart", "functionName", `"shop"`},
		{"platform.initStart", "instanceMaxMemory", `268435456`},
		{"platform.initRuntimeDone", "status", `"success"`},
		{"platform.telemetrySubscription", "types", `["platform","function","extension"]`},
		{"platform.extension", "events", `["SHUTDOWN"]`},
		{"platform.start a", "version", `"7"`},
		{"platform.start a", "tracing", tracing},
		{"platform.runtimeDone a", "status", `"success"`},
		{"platform.runtimeDone a", "metrics.producedBytes", `4`},
		{"platform.runtimeDone a", "tracing", tracing},
		{"platform.runtimeDone b", "status", `"error"`},
		{"platform.runtimeDone b", "errorType", `"ValueError"`},
		{"platform.runtimeDone c", "status", `"timeout"`},
		{"platform.report a", "metrics.memorySizeMB", `256`},
		{"platform.report a", "metrics.maxMemoryUsedMB", `42`},
		{"platform.report b", "metrics.initDurationMs", `null`},
	} {
		var v any = got[c.record]
		for k := range strings.SplitSeq(c.path, ".") {
			v = v.(map[string]any)[k]
		}
		if b, err := json.Marshal(v); err != nil || string(b) != c.want {
			t.Errorf("%s %s: got %s, want %s", c.record, c.path, b, c.want)
		}
	}
	report := got["platform.report a"]["metrics"].(map[string]any)
	done := got["platform.runtimeDone a"]["metrics"].(map[string]any)
	if report["durationMs"].(float64) < done["durationMs"].(float64) || report["billedDurationMs"].(float64) < report["durationMs"].(float64) {
		t.Errorf("durations: %v, %v", done, report)
	}
	if report["initDurationMs"].(float64) <= 0 || got["platform.initReport"]["metrics"].(map[string]any)["durationMs"].(float64) <= 0 {
		t.Errorf("no duration of the start: %v", report)
	}
}

// TestTelemetryTypes has an extension get what it has asked for only.
func TestTelemetryTypes(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	records, port := collector(t, ok)
	id := p.register("x", "").header.Get(headerExtensionID)
	p.subscribe(id, subscription1(port, `"function"`))
	i.ExtensionLog(time.Now(), "no")
	i.FunctionLog(time.Now(), "yes")
	if r := await(t, records); r.Type != "function" || string(r.Record) != `"yes"` {
		t.Errorf("got %s %s", r.Type, r.Record)
	}
}

func TestTelemetryTCP(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 10)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for s := bufio.NewScanner(conn); s.Scan(); {
			lines <- s.Text()
		}
	}()
	id := p.register("x", "").header.Get(headerExtensionID)
	body := strings.ReplaceAll(subscription1(port, `"function"`), "HTTP", "TCP")
	if g := p.subscribe(id, strings.ReplaceAll(body, "http:", "tcp:")); g.status != 200 {
		t.Fatalf("subscribe: %v %s", g, g.body)
	}
	for _, text := range []string{"one", "two"} {
		i.FunctionLog(time.Now(), text)
		var r telemetryRecord
		if err := json.Unmarshal([]byte(await(t, lines)), &r); err != nil || string(r.Record) != `"`+text+`"` {
			t.Errorf("got %s, %v", r.Record, err)
		}
	}
}

// TestTelemetryDropped has a destination that does not take anything for a while: what is dropped meanwhile is told.
func TestTelemetryDropped(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	taking := make(chan struct{})
	records, port := collector(t, func() int {
		<-taking
		return http.StatusOK
	})
	id := p.register("x", "").header.Get(headerExtensionID)
	body := strings.Replace(subscription1(port, `"function","platform"`), `"timeoutMs":25`, `"timeoutMs":25,"maxItems":1000`, 1)
	if g := p.subscribe(id, body); g.status != 200 {
		t.Fatalf("subscribe: %v %s", g, g.body)
	}
	const sent = 5000
	for n := range sent {
		i.FunctionLog(time.Now(), fmt.Sprint(n))
	}
	close(taking)
	received, dropped := 0, 0
	for received+dropped < sent {
		r := await(t, records)
		switch r.Type {
		case "function":
			received++
		case "platform.logsDropped":
			var d struct{ DroppedRecords, DroppedBytes int }
			if err := json.Unmarshal(r.Record, &d); err != nil {
				t.Fatal(err)
			}
			dropped += d.DroppedRecords
			if d.DroppedBytes < 50*d.DroppedRecords {
				t.Errorf("got %+v", d)
			}
		}
	}
	if dropped == 0 || received < 1000 {
		t.Errorf("received %d, dropped %d", received, dropped)
	}
}

// TestTelemetryRetries has a destination refuse twice.
func TestTelemetryRetries(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	refusals := make(chan int, 2)
	refusals <- http.StatusInternalServerError
	refusals <- http.StatusServiceUnavailable
	records, port := collector(t, func() int {
		select {
		case code := <-refusals:
			return code
		default:
			return http.StatusOK
		}
	})
	id := p.register("x", "").header.Get(headerExtensionID)
	p.subscribe(id, subscription1(port, `"function"`))
	i.FunctionLog(time.Now(), "at last")
	if r := await(t, records); string(r.Record) != `"at last"` {
		t.Errorf("got %s", r.Record)
	}
}

// TestCloseDelivers checks that what is buffered is not lost when an instance ends.
func TestCloseDelivers(t *testing.T) {
	i, err := New(newInstance(t).cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, i)
	records, port := collector(t, ok)
	id := p.register("x", "").header.Get(headerExtensionID)
	p.subscribe(id, strings.Replace(subscription1(port, `"function"`), `"timeoutMs":25`, `"timeoutMs":30000`, 1))
	i.FunctionLog(time.Now(), "last words")
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if r := await(t, records); string(r.Record) != `"last words"` {
		t.Errorf("got %s", r.Record)
	}
}
