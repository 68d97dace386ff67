package enrichprocessor

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"weft/semconv"
)

func stamp(t time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(t) }

func TestRefusedSpans(t *testing.T) {
	for _, c := range []struct {
		reason string
		change func(ptrace.Span)
	}{
		{semconv.ReasonZeroTraceID, func(s ptrace.Span) { s.SetTraceID(pcommon.TraceID{}) }},
		{semconv.ReasonZeroSpanID, func(s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) }},
	} {
		t.Run(c.reason, func(t *testing.T) {
			r := newRig(t, nil)
			if span, ok := r.between(t, c.change); ok {
				t.Errorf("got span %q, want it refused", span.Name())
			}
			if got, want := r.counted(t, semconv.MetricRefused, "traces"), map[string]int64{c.reason: 1}; !maps.Equal(got, want) {
				t.Errorf("refused: got %v, want %v", got, want)
			}
			if got := r.counted(t, semconv.MetricRepaired, "traces"); len(got) > 0 {
				t.Errorf("repaired: got %v, want none", got)
			}
		})
	}
}

func TestRepairedSpans(t *testing.T) {
	start, end := stamp(testNow.Add(-time.Second)), stamp(testNow)
	times := func(wantStart, wantEnd pcommon.Timestamp) func(*testing.T, ptrace.Span) {
		return func(t *testing.T, s ptrace.Span) {
			if s.StartTimestamp() != wantStart || s.EndTimestamp() != wantEnd {
				t.Errorf("times: got %v to %v, want %v to %v", s.StartTimestamp().AsTime(), s.EndTimestamp().AsTime(), wantStart.AsTime(), wantEnd.AsTime())
			}
		}
	}
	put := func(key, value string) func(ptrace.Span) {
		return func(s ptrace.Span) { s.Attributes().PutStr(key, value) }
	}
	holds := func(key, want string) func(*testing.T, ptrace.Span) {
		return func(t *testing.T, s ptrace.Span) {
			if got := attr(s.Attributes(), key); got != want {
				t.Errorf("%s: got %d bytes %.40q, want %d bytes %.40q", key, len(got), got, len(want), want)
			}
		}
	}
	for _, c := range []struct {
		name, reason string
		change       func(ptrace.Span)
		check        func(*testing.T, ptrace.Span)
	}{
		{"end before start", semconv.ReasonEndBeforeStart, func(s ptrace.Span) { s.SetEndTimestamp(start - 5) }, times(start, start)},
		{"1970 both", semconv.ReasonTimestampRange, func(s ptrace.Span) { s.SetStartTimestamp(5); s.SetEndTimestamp(25) }, times(end-20, end)},
		{"no end", semconv.ReasonTimestampRange, func(s ptrace.Span) { s.SetEndTimestamp(0) }, times(start, start)},
		{"no start", semconv.ReasonTimestampRange, func(s ptrace.Span) { s.SetStartTimestamp(0) }, times(end, end)},
		{"2170", semconv.ReasonTimestampRange, func(s ptrace.Span) {
			future := stamp(time.Date(2170, 1, 1, 0, 0, 0, 0, time.UTC))
			s.SetStartTimestamp(future)
			s.SetEndTimestamp(future + 7)
		}, times(end-7, end)},
		{"beyond int64", semconv.ReasonTimestampRange, func(s ptrace.Span) { s.SetStartTimestamp(0); s.SetEndTimestamp(1<<64 - 1) }, times(end, end)},
		{"event in 1970", semconv.ReasonTimestampRange, func(s ptrace.Span) { s.Events().AppendEmpty().SetTimestamp(1) }, func(t *testing.T, s ptrace.Span) {
			if got := s.Events().At(0).Timestamp(); got != start {
				t.Errorf("event: got %v, want the span's start %v", got, start)
			}
		}},
		{"megabyte", semconv.ReasonAttributeTooLarge, put("big", strings.Repeat("x", 1<<20)), holds("big", strings.Repeat("x", 64<<10))},
		{"megabyte of three-byte runes", semconv.ReasonAttributeTooLarge, put("big", strings.Repeat("世", 1<<19)), holds("big", strings.Repeat("世", 64<<10/3))},
		{"megabyte of bytes", semconv.ReasonAttributeTooLarge, func(s ptrace.Span) {
			s.Attributes().PutEmptyBytes("big").FromRaw(make([]byte, 1<<20))
		}, func(t *testing.T, s ptrace.Span) {
			if v, _ := s.Attributes().Get("big"); v.Bytes().Len() > 64<<10 {
				t.Errorf("got %d bytes", v.Bytes().Len())
			}
		}},
		{"megabyte in a list", semconv.ReasonAttributeTooLarge, func(s ptrace.Span) {
			list := s.Attributes().PutEmptySlice("big")
			for range 1024 {
				list.AppendEmpty().SetStr(strings.Repeat("x", 1024))
			}
		}, func(t *testing.T, s ptrace.Span) {
			if v, _ := s.Attributes().Get("big"); v.Slice().Len() < 60 || v.Slice().Len() > 64 {
				t.Errorf("got %d elements of 1 KiB, want about 64", v.Slice().Len())
			}
		}},
		{"list in list in list", semconv.ReasonAttributeTooLarge, func(s ptrace.Span) {
			list := s.Attributes().PutEmptySlice("deep")
			for range 1000 {
				list = list.AppendEmpty().SetEmptySlice()
			}
		}, func(t *testing.T, s ptrace.Span) {
			v, _ := s.Attributes().Get("deep")
			depth := 0
			for list := v.Slice(); list.Len() > 0; depth++ {
				list = list.At(0).Slice()
			}
			if depth != maxDepth {
				t.Errorf("got depth %d, want %d", depth, maxDepth)
			}
		}},
		{"10000 attributes", semconv.ReasonTooManyAttributes, func(s ptrace.Span) {
			for i := range 10_000 {
				s.Attributes().PutInt(fmt.Sprint("k", i), int64(i))
			}
			s.SetDroppedAttributesCount(3)
		}, func(t *testing.T, s ptrace.Span) {
			if got := s.DroppedAttributesCount(); got != 10_000-1024+3 {
				t.Errorf("dropped: got %d", got)
			}
			// Two are ours: the category and the mark.
			if got := s.Attributes().Len(); got != 1024+2 {
				t.Errorf("attributes: got %d", got)
			}
		}},
		{"events", semconv.ReasonTooManyEvents, func(s ptrace.Span) {
			for range 2000 {
				s.Events().AppendEmpty().SetTimestamp(start)
			}
		}, func(t *testing.T, s ptrace.Span) {
			if s.Events().Len() != 1024 || s.DroppedEventsCount() != 976 {
				t.Errorf("got %d events, %d dropped", s.Events().Len(), s.DroppedEventsCount())
			}
		}},
		{"links", semconv.ReasonTooManyLinks, func(s ptrace.Span) {
			for range 2000 {
				link := s.Links().AppendEmpty()
				link.SetTraceID(pcommon.TraceID{9})
				link.SetSpanID(pcommon.SpanID{9})
			}
		}, func(t *testing.T, s ptrace.Span) {
			if s.Links().Len() != 1024 || s.DroppedLinksCount() != 976 {
				t.Errorf("got %d links, %d dropped", s.Links().Len(), s.DroppedLinksCount())
			}
		}},
		{"link to nowhere", semconv.ReasonZeroTraceID, func(s ptrace.Span) { s.Links().AppendEmpty() }, func(t *testing.T, s ptrace.Span) {
			if s.Links().Len() != 0 || s.DroppedLinksCount() != 1 {
				t.Errorf("got %d links, %d dropped", s.Links().Len(), s.DroppedLinksCount())
			}
		}},
		{"long name", semconv.ReasonNameTooLong, func(s ptrace.Span) { s.SetName(strings.Repeat("n", 5000)) }, func(t *testing.T, s ptrace.Span) {
			if len(s.Name()) != 1024 {
				t.Errorf("got %d bytes", len(s.Name()))
			}
		}},
		{"long key", semconv.ReasonNameTooLong, put(strings.Repeat("k", 5000), "v"), holds(strings.Repeat("k", 1024), "v")},
		{"long trace state", semconv.ReasonNameTooLong, func(s ptrace.Span) { s.TraceState().FromRaw(strings.Repeat("s", 5000)) }, func(t *testing.T, s ptrace.Span) {
			if len(s.TraceState().AsRaw()) != 1024 {
				t.Errorf("got %d bytes", len(s.TraceState().AsRaw()))
			}
		}},
		{"invalid value", semconv.ReasonInvalidUTF8, put("k", "a\xff\xfeb"), holds("k", "a\uFFFDb")},
		{"invalid key", semconv.ReasonInvalidUTF8, put("k\xff", "v"), holds("k\uFFFD", "v")},
		{"invalid name", semconv.ReasonInvalidUTF8, func(s ptrace.Span) { s.SetName("a\xc3") }, func(t *testing.T, s ptrace.Span) {
			if s.Name() != "a\uFFFD" {
				t.Errorf("got %q", s.Name())
			}
		}},
		{"invalid in a map", semconv.ReasonInvalidUTF8, func(s ptrace.Span) {
			s.Attributes().PutEmptyMap("m").PutStr("k\xff", "v\xff")
		}, holds("m", `{"k`+"\uFFFD"+`":"v`+"\uFFFD"+`"}`)},
		{"own parent", semconv.ReasonSelfParent, func(s ptrace.Span) { s.SetParentSpanID(s.SpanID()) }, func(t *testing.T, s ptrace.Span) {
			if !s.ParentSpanID().IsEmpty() {
				t.Errorf("got parent %v, want none", s.ParentSpanID())
			}
		}},
		{"kind 77", semconv.ReasonMalformed, func(s ptrace.Span) { s.SetKind(77) }, func(t *testing.T, s ptrace.Span) {
			if s.Kind() != ptrace.SpanKindUnspecified {
				t.Errorf("got kind %v", s.Kind())
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			span, ok := r.between(t, c.change)
			if !ok {
				t.Fatal("the span was refused, want it mended")
			}
			c.check(t, span)
			if got := attr(span.Attributes(), semconv.Repaired); got != c.reason {
				t.Errorf("%s: got %q, want %q", semconv.Repaired, got, c.reason)
			}
			if got, want := r.counted(t, semconv.MetricRepaired, "traces"), map[string]int64{c.reason: 1}; !maps.Equal(got, want) {
				t.Errorf("repaired: got %v, want %v", got, want)
			}
			if got := r.counted(t, semconv.MetricRefused, "traces"); len(got) > 0 {
				t.Errorf("refused: got %v, want none", got)
			}
		})
	}
}

// Jaeger's fixtures carry timestamps of 2017, imports older ones still.
func TestOldTimestampsPass(t *testing.T) {
	for _, at := range []time.Time{time.Date(2017, 1, 26, 21, 46, 31, 0, time.UTC), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), testNow.Add(24 * time.Hour)} {
		r := newRig(t, nil)
		span, ok := r.between(t, func(s ptrace.Span) { s.SetStartTimestamp(stamp(at)); s.SetEndTimestamp(stamp(at)) })
		if !ok || span.StartTimestamp() != stamp(at) || attr(span.Attributes(), semconv.Repaired) != "" {
			t.Errorf("%v: was touched", at)
		}
	}
}

func TestAllRefused(t *testing.T) {
	r := newRig(t, nil)
	td := ptrace.NewTraces()
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	if _, err := r.traces(t.Context(), td); !errors.Is(err, processorhelper.ErrSkipProcessingData) {
		t.Errorf("got %v, want the batch skipped and the client answered", err)
	}
}

func TestBadResource(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxAttributes = 4 })
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	for i := range 10 {
		rs.Resource().Attributes().PutStr(fmt.Sprint("k", i), "v\xff")
	}
	rs.Resource().Attributes().PutStr("service.name", "shop")
	good(rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty(), "a")
	if _, err := r.traces(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	attrs := rs.Resource().Attributes()
	if attr(attrs, "service.name") != "shop" || attr(attrs, "k0") != "v\uFFFD" || rs.Resource().DroppedAttributesCount() != 6 {
		t.Errorf("got %v, %d dropped", attrs.AsRaw(), rs.Resource().DroppedAttributesCount())
	}
	want := map[string]int64{semconv.ReasonTooManyAttributes: 1, semconv.ReasonInvalidUTF8: 1}
	if got := r.counted(t, semconv.MetricRepaired, "traces"); !maps.Equal(got, want) {
		t.Errorf("repaired: got %v, want %v", got, want)
	}
}

func TestBadLogs(t *testing.T) {
	r := newRig(t, nil)
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 3 {
		l := records.AppendEmpty()
		l.SetTimestamp(stamp(testNow))
		l.SetObservedTimestamp(stamp(testNow))
		l.Body().SetStr("fine")
	}
	bad := records.At(1)
	bad.SetTimestamp(1)
	bad.SetSeverityNumber(99)
	bad.Body().SetStr(strings.Repeat("x", 1<<20))
	bad.Attributes().PutStr("k", "\xff")
	if _, err := r.logs(t.Context(), ld); err != nil {
		t.Fatal(err)
	}
	if bad.Timestamp() != stamp(testNow) || bad.SeverityNumber() != 0 || len(bad.Body().Str()) != 256<<10 || attr(bad.Attributes(), "k") != "\uFFFD" {
		t.Errorf("not mended: %v %v %d", bad.Timestamp(), bad.SeverityNumber(), len(bad.Body().Str()))
	}
	for _, i := range []int{0, 2} {
		if l := records.At(i); l.Attributes().Len() != 0 || l.Body().Str() != "fine" {
			t.Errorf("neighbour %d was changed", i)
		}
	}
	want := map[string]int64{semconv.ReasonTimestampRange: 1, semconv.ReasonMalformed: 1, semconv.ReasonAttributeTooLarge: 1, semconv.ReasonInvalidUTF8: 1}
	if got := r.counted(t, semconv.MetricRepaired, "logs"); !maps.Equal(got, want) {
		t.Errorf("repaired: got %v, want %v", got, want)
	}
}

// A log record may leave out both times; that is no mistake.
func TestLogWithoutTimes(t *testing.T) {
	r := newRig(t, nil)
	ld := plog.NewLogs()
	l := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	if _, err := r.logs(t.Context(), ld); err != nil {
		t.Fatal(err)
	}
	if l.Timestamp() != stamp(testNow) || l.ObservedTimestamp() != stamp(testNow) || l.Attributes().Len() != 0 {
		t.Errorf("got %v, %v, %v", l.Timestamp(), l.ObservedTimestamp(), l.Attributes().AsRaw())
	}
}

func TestBadMetrics(t *testing.T) {
	r := newRig(t, nil)
	md := pmetric.NewMetrics()
	list := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	gauge := list.AppendEmpty().SetEmptyGauge().DataPoints()
	for _, at := range []pcommon.Timestamp{stamp(testNow), 5, 0} {
		gauge.AppendEmpty().SetTimestamp(at)
	}
	gauge.At(0).SetStartTimestamp(stamp(testNow) + 1)
	histogram := list.AppendEmpty().SetEmptyHistogram().DataPoints()
	for _, buckets := range [][]uint64{{1, 2}, {1, 2, 3}} {
		p := histogram.AppendEmpty()
		p.SetTimestamp(stamp(testNow))
		p.ExplicitBounds().FromRaw([]float64{1})
		p.BucketCounts().FromRaw(buckets)
	}
	if _, err := r.metrics(t.Context(), md); err != nil {
		t.Fatal(err)
	}
	if gauge.Len() != 2 || gauge.At(0).StartTimestamp() != 0 || gauge.At(1).Timestamp() != stamp(testNow) || histogram.Len() != 1 {
		t.Errorf("got %d gauge points, %d histogram points", gauge.Len(), histogram.Len())
	}
	if got, want := r.counted(t, semconv.MetricRefused, "metrics"), map[string]int64{semconv.ReasonTimestampRange: 1, semconv.ReasonMalformed: 1}; !maps.Equal(got, want) {
		t.Errorf("refused: got %v, want %v", got, want)
	}
	if got, want := r.counted(t, semconv.MetricRepaired, "metrics"), map[string]int64{semconv.ReasonTimestampRange: 1, semconv.ReasonEndBeforeStart: 1}; !maps.Equal(got, want) {
		t.Errorf("repaired: got %v, want %v", got, want)
	}
}

func FuzzText(f *testing.F) {
	f.Add("plain", 3)
	f.Add("世界\xff\xfe\xfd", 5)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 4 + (limit&0xffff)%100
		var rs reasons
		got := text(s, limit, attributeTooLarge, &rs)
		if len(got) > limit || !utf8.ValidString(got) {
			t.Fatalf("text(%q, %d): got %q", s, limit, got)
		}
		if (rs == 0) != (got == s) {
			t.Fatalf("text(%q, %d): got %q with reasons %q", s, limit, got, rs)
		}
	})
}

// TestRuntimeRecordsPass has every record of the invoke runtime come through as it is; of profiles only one that is too large loses its data.
func TestRuntimeRecordsPass(t *testing.T) {
	r := newRig(t, nil)
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	profile := make([]byte, 1<<20)
	for i := range profile {
		profile[i] = byte(i * 7)
	}
	for _, event := range []string{semconv.EventInvocation, semconv.EventInstance, semconv.EventSpanStart, semconv.EventProfile, semconv.EventProfile} {
		l := records.AppendEmpty()
		l.SetEventName(event)
		l.SetTimestamp(stamp(testNow))
		l.SetObservedTimestamp(stamp(testNow))
		for _, key := range []string{"faas.invocation_id", "faas.trigger", "faas.instance", "faas.version", "error.type", "exception.message", semconv.InvocationOutcome,
			semconv.InvocationQualifier, semconv.InstanceState, semconv.InstanceReason, semconv.SpanParent} {
			l.Attributes().PutStr(key, "x")
		}
		for _, key := range []string{semconv.InvocationDuration, semconv.InvocationTotal, semconv.InvocationStatus, semconv.InstanceInit, semconv.InstanceExit} {
			l.Attributes().PutInt(key, 7)
		}
		l.Attributes().PutBool("faas.coldstart", true)
		if event == semconv.EventProfile {
			l.Body().SetEmptyBytes().FromRaw(profile)
		}
	}
	records.At(4).Body().SetEmptyBytes().FromRaw(make([]byte, maxProfileBytes+1))
	want := plog.NewLogs()
	ld.CopyTo(want)
	large := want.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(4)
	pcommon.NewValueEmpty().CopyTo(large.Body())
	large.Attributes().PutStr(semconv.Repaired, semconv.ReasonAttributeTooLarge)
	if _, err := r.logs(t.Context(), ld); err != nil {
		t.Fatal(err)
	}
	for i, l := range records.All() {
		w := want.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(i)
		if l.EventName() != w.EventName() || !l.Body().Equal(w.Body()) || !l.Attributes().Equal(w.Attributes()) {
			t.Errorf("record %d: got %v, want %v", i, l.Attributes().AsRaw(), w.Attributes().AsRaw())
		}
	}
}
