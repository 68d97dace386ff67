package storeexporter

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"weft/semconv"
	"weft/store"
	"weft/store/storetest"
)

func ptraceTime(t time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(t) }

// addRuntimeRecords appends one record of each kind that has a table, like rec otherwise.
func addRuntimeRecords(rec plog.LogRecord, to plog.LogRecordSlice) {
	at, trace, span := rec.Timestamp(), rec.TraceID(), rec.SpanID()
	add := func(event string, fill func(plog.LogRecord)) {
		r := to.AppendEmpty()
		r.SetEventName(event)
		r.SetTimestamp(at)
		r.SetTraceID(trace)
		r.SetSpanID(span)
		fill(r)
	}
	add(semconv.EventInvocation, func(r plog.LogRecord) {
		r.Attributes().PutInt(semconv.InvocationDuration, 5e6)
		r.Attributes().PutStr(semconv.InvocationTotal, "not a number")
	})
	add(semconv.EventInstance, func(r plog.LogRecord) { r.Attributes().PutStr(semconv.InstanceState, semconv.StateReady) })
	add(semconv.EventProfile, func(r plog.LogRecord) { r.Body().SetEmptyBytes().FromRaw([]byte("pprof")) })
	add(semconv.EventSpanStart, func(r plog.LogRecord) { r.Body().SetStr("import flask") })
}

// All three signals into a real store and back.
func TestRealStore(t *testing.T) {
	ctx := context.Background()
	st, err := store.Open(ctx, store.Config{DSN: storetest.DSN(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	f, cfg, set := NewFactory(st, nil), testConfig(t), exportertest.NewNopSettings(Type)
	tr, err := f.CreateTraces(ctx, set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	lg, err := f.CreateLogs(ctx, set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	mt, err := f.CreateMetrics(ctx, set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	td := fullTraces()
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.At(0).SetStartTimestamp(ptraceTime(now))
	spans.At(0).SetEndTimestamp(ptraceTime(now.Add(time.Second)))
	spans.At(0).CopyTo(spans.At(1))
	spans.At(1).SetSpanID(pcommon.SpanID{9})
	ld := plog.NewLogs()
	rec := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	rec.SetTimestamp(ptraceTime(now))
	rec.SetTraceID(spans.At(0).TraceID())
	rec.SetSpanID(spans.At(0).SpanID())
	rec.Body().SetStr("boom")
	addRuntimeRecords(rec, ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords())
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("queue.depth")
	p := m.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetIntValue(7)
	p.SetTimestamp(ptraceTime(now))

	for _, step := range []func() error{
		func() error { return tr.Start(ctx, componenttest.NewNopHost()) },
		func() error { return lg.Start(ctx, componenttest.NewNopHost()) },
		func() error { return mt.Start(ctx, componenttest.NewNopHost()) },
		func() error { return tr.ConsumeTraces(ctx, td) },
		func() error { return lg.ConsumeLogs(ctx, ld) },
		func() error { return mt.ConsumeMetrics(ctx, md) },
		func() error { return tr.Shutdown(ctx) },
		func() error { return lg.Shutdown(ctx) },
		func() error { return mt.Shutdown(ctx) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	id := store.TraceID(spans.At(0).TraceID())
	got, err := st.Trace(ctx, id)
	if err != nil || len(got.Spans) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	s := got.Spans[0]
	if s.Name != "SELECT" || s.Service != "checkout" || s.DurationNS != time.Second.Nanoseconds() || len(s.Events) != 1 || len(s.Links) != 1 {
		t.Errorf("span: %+v", s)
	}
	if v, _ := s.Attributes.Get("list"); v.Str() != `{"arrayValue":{"values":[{"intValue":"1"}]}}` {
		t.Errorf("list: %q", v.Str())
	}
	if v, ok := s.Resource.Attributes.Get("host.cpus"); !ok || v.Int() != 2 {
		t.Errorf("resource: %+v", s.Resource)
	}
	invocations, err := st.Invocations(ctx, store.InvocationQuery{Function: semconv.UnknownService, Limit: 10})
	if err != nil || len(invocations.Invocations) != 1 || invocations.Invocations[0].DurationNS != 5e6 || invocations.Invocations[0].TraceID != id {
		t.Errorf("invocations: %+v, %v", invocations, err)
	}
	instances, total, err := st.Instances(ctx, store.InstanceQuery{Function: semconv.UnknownService, Limit: 10})
	if err != nil || total != 1 || instances[0].State != semconv.StateReady {
		t.Errorf("instances: %+v, %v", instances, err)
	}
	profile, err := st.Profile(ctx, id, store.SpanID(spans.At(0).SpanID()))
	if err != nil || string(profile.Data) != "pprof" {
		t.Errorf("profile: %+v, %v", profile, err)
	}
	starts, err := st.SpanStarts(ctx, id)
	if err != nil || len(starts) != 1 || starts[0].Name != "import flask" {
		t.Errorf("span starts: %+v, %v", starts, err)
	}
	stats, err := st.Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range stats {
		if want := map[string]uint64{"traces": 2, "logs": 1, "metrics": 1}[x.Signal]; x.Rows != want {
			t.Errorf("%s: want %d rows, got %d", x.Signal, want, x.Rows)
		}
	}
}
