package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

func TestLoadIsTheSameEveryTime(t *testing.T) {
	a, err := newTemplate(newGenerator(1).request())
	if err != nil {
		t.Fatal(err)
	}
	b, err := newTemplate(newGenerator(1).request())
	if err != nil {
		t.Fatal(err)
	}
	c, err := newTemplate(newGenerator(2).request())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.wire, b.wire) {
		t.Error("the same seed makes different requests")
	}
	if bytes.Equal(a.wire, c.wire) {
		t.Error("another seed makes the same request")
	}
}

// TestLoadIsAsDescribed keeps results comparable: README.md quotes these figures.
func TestLoadIsAsDescribed(t *testing.T) {
	_, about, err := makeLoad(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(about)
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %.3f, want %.3f ± %.3f", what, got, want, tolerance)
		}
	}
	near("spans a request", about.SpansPerRequest, 525, 15)
	near("spans a trace", about.SpansPerTrace, 24, 1)
	near("bytes a span", about.BytesPerSpan, 615, 30)
	near("attributes", about.Attributes, 10.4, 0.3)
	near("resource attributes", float64(about.ResourceAttributes), 13, 0)
	near("errors", about.ErrorShare, 0.019, 0.002)
	near("pairs of service and name", float64(about.Names), 3000, 200)
}

func TestRenewKeepsTracesWhole(t *testing.T) {
	td := newGenerator(1).request()
	tmpl, err := newTemplate(td)
	if err != nil {
		t.Fatal(err)
	}
	const now = 1_700_000_000_000_000_000
	random := rand.New(rand.NewPCG(1, 2))
	wire := make([]byte, len(tmpl.wire))
	seen := map[pcommon.SpanID]bool{}
	for range 3 {
		tmpl.renew(wire, random, now)
		req := ptraceotlp.NewExportRequest()
		if err := req.UnmarshalProto(wire); err != nil {
			t.Fatal(err)
		}
		if got := req.Traces().SpanCount(); got != td.SpanCount() {
			t.Fatalf("%d spans, want %d", got, td.SpanCount())
		}
		checkWhole(t, req.Traces(), now, seen)
	}
}

// checkWhole wants ids that were never seen, parents and link targets that are there, and times from now on.
func checkWhole(t *testing.T, td ptrace.Traces, now int64, seen map[pcommon.SpanID]bool) {
	t.Helper()
	traceOf := map[pcommon.SpanID]pcommon.TraceID{}
	var all []ptrace.Span
	for _, rs := range td.ResourceSpans().All() {
		for _, s := range rs.ScopeSpans().At(0).Spans().All() {
			if seen[s.SpanID()] {
				t.Fatalf("span id %s was sent before", s.SpanID())
			}
			seen[s.SpanID()] = true
			traceOf[s.SpanID()] = s.TraceID()
			all = append(all, s)
		}
	}
	links, events, digits := 0, 0, 0
	for _, s := range all {
		if parent := s.ParentSpanID(); !parent.IsEmpty() && traceOf[parent] != s.TraceID() {
			t.Fatalf("span %s has parent %s, which is not in its trace", s.SpanID(), parent)
		}
		if s.StartTimestamp() < pcommon.Timestamp(now) || s.EndTimestamp() < s.StartTimestamp() {
			t.Fatalf("span from %d to %d, want it to start at %d or later", s.StartTimestamp(), s.EndTimestamp(), now)
		}
		for _, l := range s.Links().All() {
			links++
			if traceOf[l.SpanID()] != l.TraceID() {
				t.Fatalf("link to %s of %s, which is not in the request", l.SpanID(), l.TraceID())
			}
		}
		for _, e := range s.Events().All() {
			events++
			if e.Timestamp() != s.EndTimestamp() {
				t.Fatalf("event at %d, want %d", e.Timestamp(), s.EndTimestamp())
			}
		}
		for _, v := range s.Attributes().All() {
			if v.Type() == pcommon.ValueTypeStr && bytes.Contains([]byte(v.Str()), []byte(hexMarker)) {
				t.Fatalf("a marker was left in %q", v.Str())
			}
		}
		if v, ok := s.Attributes().Get("messaging.message.id"); ok && v.Str() != "0000"+string(bytes.Repeat([]byte("0"), hexDigits)) {
			digits++
		}
	}
	if links == 0 || events == 0 || digits == 0 {
		t.Errorf("%d links, %d events, %d renewed attributes: want some of each", links, events, digits)
	}
}

func BenchmarkRenew(b *testing.B) {
	tmpl, err := newTemplate(newGenerator(1).request())
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	wire := make([]byte, len(tmpl.wire))
	b.ReportAllocs()
	for b.Loop() {
		tmpl.renew(wire, random, 1)
	}
	b.ReportMetric(float64(tmpl.spans*b.N)/b.Elapsed().Seconds(), "spans/s")
}
