package logs

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"

	"weft/semconv"
)

// sink collects what a function emits; read it after Close.
type sink struct {
	*Function
	mu  sync.Mutex
	got []Record // guarded by mu until Close
}

func (s *sink) records() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

func newSink(cfg Config) *sink {
	s := &sink{}
	cfg.Emit = func(r Record) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, r)
	}
	s.Function = New(cfg)
	return s
}

func span(n byte) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{n}, SpanID: trace.SpanID{n}, TraceFlags: trace.FlagsSampled})
}

const (
	idA = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
	idB = "00000000-0000-4000-8000-00000000000b"
)

// records are those of text, written in pieces of the given size, with the invocation idA under way.
func records(t testing.TB, text string, piece int) []Record {
	t.Helper()
	s := newSink(Config{Delay: time.Minute}) // a loaded machine may pause for longer than usual
	in := s.Instance("i-1", span(9))
	out := in.Stream(Stderr)
	in.Begin(idA, span(1))
	for rest := []byte(text); len(rest) > 0; {
		n := min(piece, len(rest))
		if w, err := out.Write(rest[:n]); w != n || err != nil {
			t.Fatal(w, err)
		}
		rest = rest[n:]
	}
	in.End(idA)
	in.Close()
	s.Close()
	if n := s.Dropped(); n > 0 {
		t.Errorf("%d lines dropped", n)
	}
	return s.got
}

func line(r Record) string {
	var attrs []string
	for _, a := range r.Attributes {
		attrs = append(attrs, string(a.Key)+"="+a.Value.String())
	}
	return strings.TrimRight(fmt.Sprintf("%d %s|%s|%s", r.Severity, r.SeverityText, strings.ReplaceAll(r.Body.String(), "\n", `\n`), strings.Join(attrs, " ")), "|")
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"hello", "0 |hello"},
		{"hello\r", "0 |hello"},
		{"  indented", "0 |  indented"},
		{"an ERROR later", "0 |an ERROR later"},
		{"ERROR: disk full", "17 ERROR|ERROR: disk full"},
		{"WARNING:root:careful", "13 WARNING|WARNING:root:careful"},
		{"2024-05-06 07:08:09,123 INFO [main] c.e.App - started", "9 INFO|2024-05-06 07:08:09,123 INFO [main] c.e.App - started"},
		{"2024-05-06 07:08:09.123  WARN 1 --- [main] c.e.App : slow", "13 WARN|2024-05-06 07:08:09.123  WARN 1 --- [main] c.e.App : slow"},
		{"2024-05-06T07:08:09.1Z " + idA + " [ERROR] no such table", "17 ERROR|no such table"},
		{"2024-05-06T07:08:09.123Z\t" + idA + "\tWARN\ttwo\twords", "13 WARN|two\twords"},
		{"2024-05-06T07:08:09.123Z\tundefined\tINFO\tinit", "9 INFO|init"},
		{"[ERROR]\t2024-05-06T07:08:09.123Z\t" + idA + "\tit failed", "17 ERROR|it failed"},
		{"[WARNING] no time", "13 WARNING|no time"},
		{"[not a level] x", "0 |[not a level] x"},
		{"E0506 07:08:09.123456   12345 server.go:12] boom", "17 E|boom|code.file.path=server.go code.line.number=12"},
		{`time=2024-05-06T07:08:09Z level=WARN msg="slow call" took=3s`, `13 WARN|slow call|took=3s`},
		{`level=info is not logfmt`, `0 |level=info is not logfmt`},
		{`{"level":"error","msg":"boom","n":3,"f":1.5,"ok":true,"z":null}`, `17 error|boom|f=1.5 n=3 ok=true z=`},
		{`{"level":50,"time":1714979289123,"msg":"pino"}`, `17 50|pino`},
		{`{"severityText":"FATAL","severityNumber":24,"body":"x"}`, `24 FATAL|{"body":"x"}`},
		{`{"a":{"b":[1,"c"]}}`, `0 |{"a":{"b":[1,"c"]}}`},
		{`{"timestamp":"2024-05-06T07:08:09Z","level":"ERROR","requestId":"` + idA + `","errorType":"TypeError","errorMessage":"x","stackTrace":["a","b"]}`,
			`17 ERROR|{"exception.message":"x","exception.stacktrace":"a\nb","exception.type":"TypeError"}`},
		{`{"msg":"of another","request_id":"42"}`, `0 |of another|request_id=42`},
		{`{"level":"error"} trailing`, `0 |{"level":"error"} trailing`},
		{`{broken`, `0 |{broken`},
		{"bad \xff\xfe utf", "0 |bad \uFFFD utf"},
		{"FC Invoke Start RequestId: " + idA, "0 |FC Invoke Start RequestId: " + idA},
	} {
		for _, piece := range []int{1, 7, 1 << 20} {
			got := records(t, c.text+"\n", piece)
			if len(got) != 1 || line(got[0]) != c.want {
				t.Errorf("%q in pieces of %d:\ngot  %d records, %q\nwant %q", c.text, piece, len(got), lines(got), c.want)
				continue
			}
			if got[0].RequestID != idA || !got[0].Span.Equal(span(1)) || got[0].Stream != Stderr || got[0].Instance != "i-1" {
				t.Errorf("%q: belongs to %q %v %s %s", c.text, got[0].RequestID, got[0].Span, got[0].Stream, got[0].Instance)
			}
		}
	}
}

func lines(rs []Record) []string {
	var all []string
	for _, r := range rs {
		all = append(all, line(r))
	}
	return all
}

// TestStacks has a line before and one after each trace, neither of which belongs to it.
func TestStacks(t *testing.T) {
	for name, c := range map[string]struct {
		text, typ, message string
		severity           log.Severity
	}{
		"go panic": {"panic: runtime error: index out of range [3]\n\tgot more\n\ngoroutine 1 [running]:\nmain.(*T).f(0x1, {0x2, 0x3})\n\t/a/main.go:7 +0x1d\nmain.main()\n\t/a/main.go:3 +0x20\n\ngoroutine 7 [chan receive]:\nmain.g(...)\n\t/a/main.go:9\ncreated by main.main in goroutine 1\n\t/a/main.go:2 +0x11",
			"panic", "runtime error: index out of range [3]", log.SeverityFatal},
		"go fatal":     {"fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select (no cases)]:\nmain.main()\n\t/a/main.go:3 +0x20", "fatal error", "all goroutines are asleep - deadlock!", log.SeverityFatal},
		"go recovered": {"2009/11/10 23:00:00 http: panic serving 127.0.0.1:1: boom\ngoroutine 5 [running]:\nnet/http.(*conn).serve.func1()\n\t/go/server.go:1 +0x1", "", "", log.SeverityError},
		"python":       {"Traceback (most recent call last):\n  File \"/a.py\", line 3, in f\n    raise KeyError('x')\n    ^^^^^^\nKeyError: 'x'", "KeyError", "'x'", log.SeverityError},
		"python chain": {"Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/a.py\", line 3, in g\npkg.Own: y", "pkg.Own", "y", log.SeverityError},
		"python logged": {"[ERROR]\t2024-05-06T07:08:09.123Z\t" + idA + "\tit failed\nTraceback (most recent call last):\n  File \"/a.py\", line 3, in f\nValueError: bad",
			"ValueError", "bad", log.SeverityError},
		"node": {"TypeError: x is not a function\n    at f (/a.js:1:2)\n    at Object.<anonymous> (/a.js:2:2) {\n  code: 'E',\n  inner: [\n    1\n  ]\n}", "TypeError", "x is not a function", log.SeverityError},
		"node logged": {"2024-05-06T07:08:09.123Z\t" + idA + "\tERROR\tfailed Error: no\n    at f (/a.js:1:2)",
			"Error", "no", log.SeverityError},
		"node uncaught": {"/app/index.js:3\n    throw new RangeError(\"big\");\n    ^\n\nRangeError: big\n    at Object.<anonymous> (/app/index.js:3:11)\n    at node:internal/main/run_main_module:28:49\n\nNode.js v20.20.2",
			"RangeError", "big", log.SeverityError},
		"java": {"Exception in thread \"main\" java.lang.IllegalStateException: no\n\tat A.f(A.java:1)\n\tat A.main(A.java:2)\nCaused by: java.io.IOException: disk\n\tat B.g(B.java:9)\n\t... 2 more", "java.lang.IllegalStateException", "no", log.SeverityError},
		"java logged": {"2024-05-06 07:08:09,123 ERROR [main] App - failed\njava.io.IOException: disk\n\tat B.g(B.java:9)",
			"java.io.IOException", "disk", log.SeverityError},
	} {
		t.Run(name, func(t *testing.T) {
			for _, piece := range []int{1, 13, 1 << 20} {
				got := records(t, "before\n"+c.text+"\nafter\n", piece)
				if len(got) != 3 || got[0].Body.AsString() != "before" || got[2].Body.AsString() != "after" {
					t.Fatalf("pieces of %d: got %d records:\n%s", piece, len(got), strings.Join(lines(got), "\n"))
				}
				r := got[1]
				last := c.text[strings.LastIndexByte(c.text, '\n'):]
				if strings.Count(r.Body.AsString(), "\n") != strings.Count(c.text, "\n") || !strings.HasSuffix(r.Body.AsString(), last) {
					t.Errorf("body: %q", r.Body.AsString())
				}
				typ, message := attr(r, "exception.type"), attr(r, "exception.message")
				if typ != c.typ || message != c.message || r.Severity != c.severity {
					t.Errorf("got %s %q %q, want %s %q %q", r.Severity, typ, message, c.severity, c.typ, c.message)
				}
			}
		})
	}
}

func attr(r Record, key string) string {
	for _, a := range r.Attributes {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

// TestRealStacks has real programs fail.
func TestRealStacks(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, file, code, typ, message string }{
		{"python3", "a.py", "print('before')\nimport sys; sys.stdout.flush()\ndef f():\n  try:\n    {}['k']\n  except KeyError as e:\n    raise ValueError('two\\n  lines') from e\nf()\n", "ValueError", "two"},
		{"node", "a.js", "console.log('before');\nfunction f() { const e = new TypeError('no'); e.code = 7; throw e }\nf();\n", "TypeError", "no"},
	} {
		path := filepath.Join(dir, c.file)
		if err := writeFile(path, c.code); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command(c.name, path).CombinedOutput() // fails by design
		got := records(t, string(out)+"after\n", 64)
		if len(got) != 3 {
			t.Errorf("%s: got %d records:\n%s\nof %s", c.name, len(got), strings.Join(lines(got), "\n"), out)
			continue
		}
		if typ, message := attr(got[1], "exception.type"), attr(got[1], "exception.message"); c.name == "node" && (typ != c.typ || message != c.message) || got[1].Severity != log.SeverityError {
			t.Errorf("%s: %q %q %s", c.name, typ, message, got[1].Severity)
		}
	}
	path := filepath.Join(dir, "main.go")
	if err := writeFile(path, "package main\n\nimport \"os\"\n\nfunc f(s []int) { s[len(os.Args)+3] = 1 }\n\nfunc main() { println(\"before\"); go func() { select {} }(); f(nil) }\n"); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "main")
	if out, err := exec.Command("go", "build", "-o", binary, path).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(cmd.Environ(), "GOTRACEBACK=all")
	out, _ := cmd.CombinedOutput()
	got := records(t, string(out)+"after\n", 64)
	if len(got) != 3 || got[1].Severity != log.SeverityFatal || !strings.HasPrefix(attr(got[1], "exception.message"), "runtime error: index out of range [4]") {
		t.Errorf("go: %d records\n%s\nof %s", len(got), strings.Join(lines(got), "\n"), out)
	}
}

func TestTimes(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond)
	stamp := now.Add(-time.Minute).UTC()
	for _, text := range []string{
		stamp.Format("2006-01-02T15:04:05.000Z07:00") + " " + idA + " [INFO] x",
		fmt.Sprintf(`{"msg":"x","time":%d}`, stamp.UnixMilli()),
		fmt.Sprintf(`{"msg":"x","ts":%d}`, stamp.UnixMicro()),
		fmt.Sprintf(`{"msg":"x","ts":%d}`, stamp.UnixNano()),
		fmt.Sprintf(`{"msg":"x","ts":%d.%03d}`, stamp.Unix(), stamp.Nanosecond()/1e6),
		fmt.Sprintf(`{"msg":"x","@timestamp":%q}`, stamp.Format(time.RFC3339Nano)),
	} {
		got := records(t, text+"\n", 1<<20)
		if len(got) != 1 || got[0].Time.Sub(stamp).Abs() > time.Millisecond || got[0].Observed.Before(now) {
			t.Errorf("%s: %v observed %v, want %v", text, got[0].Time, got[0].Observed, stamp)
		}
	}
	got := records(t, `{"msg":"x","ts":1000000000}`+"\n", 1<<20)
	if !got[0].Time.Equal(got[0].Observed) {
		t.Errorf("a time of 2001 was taken: %v", got[0].Time)
	}
}

func TestLongLinesAreCut(t *testing.T) {
	for _, piece := range []int{1000, 1 << 20} {
		got := records(t, strings.Repeat("x", MaxLine)+"\n"+strings.Repeat("y", 3*MaxLine)+"\nz", piece)
		if len(got) != 3 || got[0].Body.AsString() != strings.Repeat("x", MaxLine) || len(got[0].Attributes) > 0 ||
			got[1].Body.AsString() != strings.Repeat("y", MaxLine) || attr(got[1], semconv.LogTruncated) != "true" || got[2].Body.AsString() != "z" {
			t.Errorf("pieces of %d: %d records", piece, len(got))
		}
	}
	s := newSink(Config{Delay: time.Minute})
	in := s.Instance("i", span(1))
	out := in.Stream(Stdout)
	fmt.Fprint(out, "head\n"+strings.Repeat(" "+strings.Repeat("y", 1023)+"\n", 200)+"after\n")
	in.Close()
	s.Close()
	if n := len(s.got[0].Body.AsString()); n < MaxRecord-1100 || n > MaxRecord+100 || attr(s.got[0], semconv.LogTruncated) != "true" || s.Dropped() == 0 {
		t.Errorf("a record of %d bytes, %v, %d dropped", n, s.got[0].Attributes, s.Dropped())
	}
	if s.got[1].Body.AsString() != "after" {
		t.Errorf("then %q", lines(s.got[1:]))
	}
}

func TestSilenceEndsARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSink(Config{})
		in := s.Instance("i", span(1))
		out := in.Stream(Stdout)
		count := func(want int) {
			t.Helper()
			synctest.Wait()
			if len(s.records()) != want {
				t.Fatalf("%d records, want %d", len(s.records()), want)
			}
		}
		fmt.Fprint(out, "Exception: x\n")
		time.Sleep(30 * time.Millisecond)
		fmt.Fprint(out, "  at y\n")
		time.Sleep(49 * time.Millisecond)
		count(0)
		time.Sleep(time.Millisecond)
		count(1)
		fmt.Fprint(out, "  at z\n")
		fmt.Fprint(out, "no end of line")
		count(1)
		time.Sleep(time.Second)
		count(2)
		in.Flush()
		count(3)
		in.Close()
		fmt.Fprint(out, "late")
		count(4)
		s.Close()
	})
}

func TestWhoseLinesTheyAre(t *testing.T) {
	s := newSink(Config{Delay: time.Minute})
	in := s.Instance("i", span(9))
	out := in.Stream(Stdout)
	var wanted []string
	want := func(text, id string, sp trace.SpanContext) {
		t.Helper()
		fmt.Fprintln(out, text)
		in.Flush()
		wanted = append(wanted, fmt.Sprintf("%s|%s|%s/%s", text, id, sp.TraceID(), sp.SpanID()))
	}
	want("starting", "", span(9))
	in.Begin(idA, span(1))
	want("one", idA, span(1))
	want(`{"msg":"own span","trace_id":"`+span(1).TraceID().String()+`","span_id":"00000000000000ff"}`, idA, withSpan(span(1), 0xff))
	want(`{"msg":"other trace","trace_id":"`+span(3).TraceID().String()+`"}`, idA, trace.NewSpanContext(trace.SpanContextConfig{TraceID: span(3).TraceID(), TraceFlags: 1}))
	in.End(idA)
	want("late", idA, span(1))
	in.Begin(idB, span(2))
	want("two", idB, span(2))
	want("2024-05-06T07:08:09.1Z "+idA+" [INFO] late but named", idA, span(1))
	in.Begin(idA, span(4)) // two at once
	want("whose?", "", span(9))
	want("2024-05-06T07:08:09.1Z "+idB+" [INFO] named", idB, span(2))
	in.End(idB)
	want("one again", idA, span(4))
	in.End(idA)
	want("FC Invoke Start RequestId: "+idB, idB, span(2))
	want("marked", idB, span(2))
	want("FC Invoke End RequestId: "+idB, idB, span(2))
	want("after", idA, span(4))
	want("FC Invoke Start RequestId: x-1", "x-1", trace.SpanContext{})
	want("unknown to the runtime", "x-1", trace.SpanContext{})
	in.Close()
	s.Close()
	for i, r := range s.got {
		text, _, _ := strings.Cut(wanted[i], "|") // the order is what is checked
		if got := fmt.Sprintf("%s|%s|%s/%s", text, r.RequestID, r.Span.TraceID(), r.Span.SpanID()); got != wanted[i] {
			t.Errorf("got  %s\nwant %s", got, wanted[i])
		}
	}
	if len(s.records()) != len(wanted) {
		t.Errorf("%d records of %d", len(s.records()), len(wanted))
	}
	if tail := string(in.Tail(idB)); !strings.HasPrefix(tail, "two\n2024-05-06T07:08:09.1Z "+idB+" [INFO] named\n") || !strings.Contains(tail, "marked\n") {
		t.Errorf("tail of b: %q", tail)
	}
}

func withSpan(sc trace.SpanContext, last byte) trace.SpanContext {
	return sc.WithSpanID(trace.SpanID{7: last})
}

func TestTail(t *testing.T) {
	s := newSink(Config{Burst: 10, Rate: 1})
	in := s.Instance("i", span(9))
	out, errs := in.Stream(Stdout), in.Stream(Stderr)
	if in.Last(5) != nil || in.Tail(idA) != nil {
		t.Error("something before anything was printed")
	}
	in.Begin(idA, span(1))
	var all bytes.Buffer
	for i := range 1000 {
		text := fmt.Sprintf("line %d of the output é\n", i)
		all.WriteString(text)
		fmt.Fprint([]*Stream{out, errs}[i%2], text)
	}
	fmt.Fprint(out, "killed he")
	if got := in.Last(2); len(got) != 2 || got[0] != "line 999 of the output é" || got[1] != "killed he" {
		t.Errorf("last: %q", got)
	}
	in.End(idA)
	all.WriteString("killed he\n")
	if got := in.Tail(idA); len(got) < TailBytes-4 || len(got) > TailBytes || !bytes.HasSuffix(all.Bytes(), got) {
		t.Errorf("tail of %d bytes: %q", len(got), got)
	}
	in.Close()
	s.Close()
	if in.Tail(idB) != nil || s.Dropped() != 991 {
		t.Errorf("%d dropped", s.Dropped())
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSink(Config{Rate: 100, Burst: 200})
		a, b := s.Instance("a", span(1)), s.Instance("b", span(2))
		outA, outB := a.Stream(Stdout), b.Stream(Stdout)
		for range 500 {
			fmt.Fprint(outA, "x\n  at more\n")
			fmt.Fprint(outB, "{\"msg\":\"y\"}\n")
		}
		a.Flush()
		synctest.Wait()
		if len(s.records()) != 200 {
			t.Errorf("%d records of a burst of 200", len(s.records()))
		}
		if got := s.Dropped(); got != 1200 {
			t.Errorf("%d dropped, want 400 of a with a line more each, and 400 of b", got)
		}
		time.Sleep(1100 * time.Millisecond)
		if r := s.records()[len(s.records())-1]; attr(r, semconv.LogDropped) != fmt.Sprint(s.Dropped()) || r.Severity != log.SeverityWarn {
			t.Errorf("no record of what was dropped: %v", line(r))
		}
		for range 500 {
			fmt.Fprint(outB, "{\"msg\":\"y\"}\n")
		}
		synctest.Wait()
		if len(s.records()) != 311 {
			t.Errorf("%d records after 1.1 s at 100/s", len(s.records()))
		}
		a.Close()
		b.Close()
		s.Close()
		if r := s.records()[len(s.records())-1]; attr(r, semconv.LogDropped) != "390" {
			t.Errorf("no record at the end: %v", line(r))
		}
	})
}

// TestSlowEmitDoesNotHoldUp has Emit wait for ever while more is printed than the queue takes.
func TestSlowEmitDoesNotHoldUp(t *testing.T) {
	block := make(chan struct{})
	emitted := 0
	f := New(Config{Emit: func(Record) { <-block; emitted++ }, Queue: 100_000, Burst: 1 << 20})
	in := f.Instance("i", span(1))
	out := in.Stream(Stdout)
	const n = 10_000
	for i := range n {
		fmt.Fprintf(out, "{\"msg\":\"number %d\"}\n", i)
	}
	if d := f.Dropped(); d < n/2 {
		t.Errorf("only %d dropped", d)
	}
	close(block)
	in.Close()
	f.Close()
	if emitted != n-int(f.Dropped())+1 {
		t.Errorf("%d emitted and %d dropped of %d", emitted, f.Dropped(), n)
	}
}

func TestAttributesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"msg":"x"`)
	for i := range 1000 {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	got := records(t, b.String()+"}\n"+`{"msg":"deep","a":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+"}\n", 1<<20)
	if len(got) != 2 || len(got[0].Attributes) != maxAttributes {
		t.Errorf("%d attributes", len(got[0].Attributes))
	}
	v := got[1].Attributes[0].Value
	for depth := 0; v.Type() == attribute.SLICE; depth++ {
		if depth > maxDepth {
			t.Fatal("too deep")
		}
		v = v.AsSlice()[0]
	}
}
