package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

func textAttr(key, v string) store.Attribute {
	return store.Attribute{Key: key, Value: store.StringValue(v)}
}
func intAttr(key string, v int64) store.Attribute {
	return store.Attribute{Key: key, Value: store.IntValue(v)}
}
func boolAttr(key string, v bool) store.Attribute {
	return store.Attribute{Key: key, Value: store.BoolValue(v)}
}

// functionResource is the resource of the runtime's records.
func functionResource(name, version, instance string) *store.Resource {
	res := &store.Resource{Attributes: store.Attributes{textAttr("faas.instance", instance), textAttr("faas.name", name), textAttr("faas.version", version), textAttr("service.name", name)}}
	res.Hash = res.ContentHash()
	return res
}

func insertLogs(t testing.TB, s *store.Store, token string, logs ...store.Log) {
	t.Helper()
	b := store.NewLogBatch()
	for i := range logs {
		b.Append(&logs[i])
	}
	if b.Rows() != len(logs) || b.Bytes() <= 0 {
		t.Errorf("%d rows, %d bytes of %d records", b.Rows(), b.Bytes(), len(logs))
	}
	if err := s.InsertLogs(t.Context(), b, token); err != nil {
		t.Fatal(err)
	}
}

func TestEventsHaveTheirTables(t *testing.T) {
	s := open(t)
	res := functionResource("resize", "3", "i-7")
	at := shopTime.UnixNano()
	event := func(name string, attrs ...store.Attribute) store.Log {
		return store.Log{TimeNS: at, ObservedNS: at, TraceID: store.TraceID{1}, SpanID: store.SpanID{2}, EventName: name, Resource: res, Scope: &store.Scope{Name: semconv.RuntimeScope},
			Service: "resize", Attributes: attrs}
	}
	invocation := event(semconv.EventInvocation, textAttr("faas.invocation_id", "r-1"), textAttr("faas.trigger", "http"), boolAttr("faas.coldstart", true), textAttr("error.type", "TypeError"),
		textAttr("exception.message", "no"), textAttr(semconv.InvocationQualifier, "prod"), textAttr(semconv.InvocationOutcome, semconv.OutcomeError), intAttr(semconv.InvocationDuration, 5e6),
		intAttr(semconv.InvocationTotal, 9e6), intAttr(semconv.InvocationQueue, 1e6), intAttr(semconv.InvocationColdStart, 3e6), intAttr(semconv.InvocationRequestBytes, 10),
		intAttr(semconv.InvocationResponseBytes, 20), intAttr(semconv.InvocationStatus, 502), intAttr(semconv.InvocationCPU, 4e6), intAttr(semconv.InvocationMaxMemory, 1<<40),
		intAttr(semconv.InvocationRetry, 2), textAttr("own", "kept"))
	// Nothing here has the type it should have; and a version of its own.
	odd := event(semconv.EventInvocation, intAttr("faas.invocation_id", 1), textAttr("faas.coldstart", "yes"), textAttr(semconv.InvocationDuration, "5ms"),
		store.Attribute{Key: semconv.InvocationStatus, Value: store.DoubleValue(math.NaN())}, intAttr(semconv.InvocationTotal, math.MinInt64), textAttr("faas.version", "4"),
		textAttr(semconv.InvocationOutcome, "exploded"), store.Attribute{Key: semconv.InvocationQueue, Value: store.JSONValue(`{"arrayValue":{}}`)})
	odd.TimeNS++
	start := event(semconv.EventSpanStart, textAttr(semconv.SpanParent, "00000000000000ff"), textAttr("k", "v"))
	start.Body = store.StringValue("import flask")
	badStart := event(semconv.EventSpanStart, textAttr(semconv.SpanParent, "no id"))
	badStart.SpanID, badStart.TimeNS = store.SpanID{3}, at+1
	profile := event(semconv.EventProfile, textAttr("weft.profile.reason", "slow"))
	profile.Data = bytes.Repeat([]byte{0x1f, 0x8b, 0, '\n', '\t', 0xff}, 1000)
	noProfile := event(semconv.EventProfile)
	noProfile.Body = store.StringValue("not bytes")
	plain := event("my.own.event")
	insertLogs(t, s, "t", invocation, odd, start, badStart, profile, noProfile, plain,
		event(semconv.EventInstance, textAttr(semconv.InstanceState, semconv.StateStopped), textAttr(semconv.InstanceReason, "crash"), intAttr(semconv.InstancePID, 77), intAttr(semconv.InstanceExit, -1),
			intAttr(semconv.InstanceInit, 8), textAttr("error.type", "Runtime.ExitError"), textAttr("exception.message", "gone")))

	page, err := s.Invocations(t.Context(), store.InvocationQuery{Function: "resize", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	ev := store.FunctionEvent{TimeNS: at, TraceID: store.TraceID{1}, SpanID: store.SpanID{2}, Function: "resize", Version: "3", Instance: "i-7", Attributes: store.Attributes{textAttr("own", "kept")}}
	want := store.Invocation{FunctionEvent: ev, RequestID: "r-1", Qualifier: "prod", Trigger: "http", Outcome: "error", Cold: true, ErrorType: "TypeError", ErrorMessage: "no",
		DurationNS: 5e6, TotalNS: 9e6, QueueNS: 1e6, ColdStartNS: 3e6, RequestBytes: 10, ResponseBytes: 20, Status: 502, CPUNS: 4e6, MaxMemory: 1 << 40, Retry: 2}
	if len(page.Invocations) != 2 || !reflect.DeepEqual(page.Invocations[1], want) {
		t.Fatalf("got  %+v\nwant %+v", page.Invocations, want)
	}
	if o := page.Invocations[0]; o.Version != "4" || o.TotalNS != math.MinInt64 || o.RequestID != "" || o.Cold || o.DurationNS != 0 || len(o.Attributes) != 5 || o.Outcome != "exploded" {
		t.Errorf("odd one: %+v", o)
	}
	starts, err := s.SpanStarts(t.Context(), store.TraceID{1})
	if err != nil || len(starts) != 2 || starts[0].Name != "import flask" || starts[0].ParentSpanID.Uint64() != 0xff || !reflect.DeepEqual(starts[0].Attributes, store.Attributes{textAttr("k", "v")}) ||
		!starts[1].ParentSpanID.IsZero() || len(starts[1].Attributes) != 1 {
		t.Errorf("starts: %+v, %v", starts, err)
	}
	for _, start := range starts {
		if start.Resource.Hash == 0 || !reflect.DeepEqual(start.Resource.Attributes, res.Attributes) || start.Scope.Name != semconv.RuntimeScope {
			t.Errorf("a start of resource %+v, scope %+v", start.Resource, start.Scope)
		}
	}
	ended, err := s.TraceInvocations(t.Context(), starts)
	if err != nil || len(ended) != 2 || !reflect.DeepEqual(ended[0], want) {
		t.Errorf("invocations of the trace: %+v, %v", ended, err)
	}
	got, err := s.Profile(t.Context(), store.TraceID{1}, store.SpanID{2})
	if err != nil || !bytes.Equal(got.Data, profile.Data) || got.Function != "resize" || !reflect.DeepEqual(got.Attributes, store.Attributes{textAttr("weft.profile.reason", "slow")}) {
		t.Errorf("profile: %+v, %v", got, err)
	}
	infos, err := s.TraceProfiles(t.Context(), store.TraceID{1})
	if err != nil || len(infos) != 1 || infos[0].Bytes != 6000 || infos[0].SpanID != (store.SpanID{2}) {
		t.Errorf("profiles: %+v, %v", infos, err)
	}
	ofFunction, err := s.FunctionProfiles(t.Context(), store.TimeRange{}, "resize", 10)
	if err != nil || !reflect.DeepEqual(ofFunction, infos) {
		t.Errorf("profiles of the function: %+v, %v", ofFunction, err)
	}
	if other, err := s.FunctionProfiles(t.Context(), store.TimeRange{}, "other", 10); err != nil || len(other) != 0 {
		t.Errorf("profiles of another function: %+v, %v", other, err)
	}
	_, err = s.Profile(t.Context(), store.TraceID{1}, store.SpanID{9})
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.NotFound {
		t.Errorf("no profile: %v", err)
	}
	instances, total, err := s.Instances(t.Context(), store.InstanceQuery{Function: "resize", Limit: 5})
	if err != nil || total != 1 || instances[0] != (store.Instance{ID: "i-7", Version: "3", State: "stopped", Reason: "crash", ErrorType: "Runtime.ExitError", ErrorMessage: "gone",
		ExitCode: -1, PID: 77, FirstNS: at, LastNS: at, InitNS: 8}) {
		t.Errorf("instances: %+v, %d, %v", instances, total, err)
	}
	logs, err := s.TraceLogs(t.Context(), store.TraceID{1})
	if err != nil || len(logs) != 2 || logs[0].EventName == logs[1].EventName {
		t.Errorf("the profile without data and the client's own event are logs: %+v, %v", logs, err)
	}
}

// invocationLog is a record of one run.
func invocationLog(function, version, outcome string, at time.Time, durationNS, coldNS int64, n int) store.Log {
	attrs := store.Attributes{textAttr(semconv.InvocationOutcome, outcome), intAttr(semconv.InvocationDuration, durationNS), textAttr("faas.invocation_id", fmt.Sprint("r-", n))}
	if coldNS > 0 {
		attrs = append(attrs, boolAttr("faas.coldstart", true), intAttr(semconv.InvocationColdStart, coldNS))
	}
	return store.Log{TimeNS: at.UnixNano(), TraceID: store.TraceID{0: 9, 14: byte(n >> 8), 15: byte(n)}, SpanID: store.SpanIDFromUint64(uint64(n + 1)), EventName: semconv.EventInvocation,
		Resource: functionResource(function, version, "i"), Service: function, Attributes: attrs}
}

func TestFunctionTotals(t *testing.T) {
	s := open(t)
	minute := shopTime.Truncate(time.Minute)
	var logs []store.Log
	outcomes := []string{semconv.OutcomeSuccess, semconv.OutcomeSuccess, semconv.OutcomeTimeout, semconv.OutcomeThrottled, "nonsense"}
	for i := range 500 {
		duration, cold := int64(i%100+1)*1e6, int64(0)
		if outcomes[i%5] == semconv.OutcomeThrottled {
			duration = 0
		}
		if i%50 == 0 {
			cold = 2e8
		}
		logs = append(logs, invocationLog("a", fmt.Sprint(1+i%2), outcomes[i%5], minute.Add(time.Duration(i)*time.Second), duration, cold, i))
	}
	logs = append(logs, invocationLog("b", "1", semconv.OutcomeSuccess, minute, 5e6, 0, 1000))
	insertLogs(t, s, "x", logs...)
	insertLogs(t, s, "x", logs...) // once
	r := store.TimeRange{From: minute, To: minute.Add(10 * time.Minute)}
	totals, got, err := s.FunctionTotals(t.Context(), r, "", 0)
	if err != nil || got != r {
		t.Fatal(got, err)
	}
	var a, failed store.FunctionTotals
	var of []string
	for i := range totals {
		of = append(of, totals[i].Function+" "+totals[i].Version+" "+totals[i].Outcome)
		if totals[i].Function == "a" {
			a.Add(&totals[i])
			if totals[i].Failed() {
				failed.Add(&totals[i])
			}
		}
	}
	if !slices.IsSorted(of) || len(of) != 9 {
		t.Errorf("groups: %v", of)
	}
	if a.Calls != 500 || a.ColdStarts != 10 || failed.Calls != 200 || a.Latency.Count() != 400 || a.ColdWait.Count() != 10 || a.LastNS != logs[499].TimeNS {
		t.Errorf("a: %d calls, %d cold, %d failed, %d durations, last %d", a.Calls, a.ColdStarts, failed.Calls, a.Latency.Count(), a.LastNS)
	}
	if p := a.Latency.Quantile(0.5); math.Abs(p-50e6) > 3e6 {
		t.Errorf("median %v", p)
	}
	steps, _, err := s.FunctionTotals(t.Context(), r, "a", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	perStep := make(map[int64]uint64)
	for _, p := range steps {
		perStep[(p.StartNS-minute.UnixNano())/60e9] += p.Calls
	}
	if len(perStep) != 9 || perStep[0] != 60 || perStep[8] != 20 {
		t.Errorf("by minute: %v", perStep)
	}
	if _, _, err := s.FunctionTotals(t.Context(), r, "a", time.Second); err == nil {
		t.Error("a step of a second was taken")
	}
}

func TestInvocationPages(t *testing.T) {
	s := open(t)
	var logs []store.Log
	for i := range 100 {
		outcome, cold := semconv.OutcomeSuccess, int64(0)
		if i%4 == 0 {
			outcome = semconv.OutcomeError
		}
		if i%10 == 0 {
			cold = int64(i+1) * 1e6
		}
		logs = append(logs, invocationLog("a", fmt.Sprint(i%3), outcome, shopTime.Add(time.Duration(i/7)*time.Second), 1e6, cold, i))
	}
	same := invocationLog("a", "9", semconv.OutcomeSuccess, shopTime, 1, 0, 500)
	logs = append(logs, same, same, same, same, same)
	insertLogs(t, s, "", logs...)
	count := func(q store.InvocationQuery, want int) {
		t.Helper()
		q.Function = "a"
		for _, limit := range []int{2, 1000} {
			q.Limit, q.Cursor = limit, ""
			n, last := 0, int64(math.MaxInt64)
			for {
				page, err := s.Invocations(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range page.Invocations {
					if n++; i.TimeNS > last {
						t.Fatal("out of order")
					}
					last = i.TimeNS
				}
				if q.Cursor = page.NextCursor; q.Cursor == "" {
					break
				}
			}
			if n != want {
				t.Errorf("%+v: %d, want %d", q, n, want)
			}
		}
	}
	yes, no := true, false
	count(store.InvocationQuery{}, 105)
	count(store.InvocationQuery{Outcomes: []string{"error"}}, 25)
	count(store.InvocationQuery{Outcomes: []string{"error", "success"}, Versions: []string{"1", "2"}}, 66)
	count(store.InvocationQuery{Cold: &yes}, 10)
	count(store.InvocationQuery{Cold: &no}, 95)
	count(store.InvocationQuery{Range: store.TimeRange{From: shopTime.Add(time.Second), To: shopTime.Add(2 * time.Second)}}, 7)
	for _, q := range []store.InvocationQuery{{Limit: 0, Function: "a"}, {Limit: 5}, {Limit: 5, Function: "a", Cursor: "x"}} {
		_, err := s.Invocations(t.Context(), q)
		if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestInstances(t *testing.T) {
	s := open(t)
	var logs []store.Log
	step := func(instance, state, reason string, after time.Duration, attrs ...store.Attribute) {
		logs = append(logs, store.Log{TimeNS: shopTime.Add(after).UnixNano(), EventName: semconv.EventInstance, Resource: functionResource("a", "2", instance), Service: "a",
			Attributes: append(store.Attributes{textAttr(semconv.InstanceState, state), textAttr(semconv.InstanceReason, reason)}, attrs...)})
	}
	for i := range 20 {
		at := time.Duration(i) * time.Minute
		id := fmt.Sprintf("i-%02d", i)
		step(id, semconv.StateStarting, "scale_out", at, intAttr(semconv.InstancePID, int64(100+i)))
		if i == 7 {
			step(id, semconv.StateFailed, "crash", at+time.Second, textAttr("error.type", "Runtime.ExitError"))
			continue
		}
		step(id, semconv.StateReady, "scale_out", at+time.Second, intAttr(semconv.InstanceInit, int64(i+1)*1e8))
		if i%2 == 0 {
			step(id, semconv.StateFrozen, "idle", at+2*time.Second)
			step(id, semconv.StateThawed, "idle", at+3*time.Second)
			step(id, semconv.StateStopped, "idle", at+4*time.Second)
		}
	}
	insertLogs(t, s, "", logs...)
	all, total, err := s.Instances(t.Context(), store.InstanceQuery{Function: "a", Limit: 3, Offset: 5})
	if err != nil || total != 20 || len(all) != 3 || all[0].ID != "i-14" || all[0].State != "stopped" || all[0].Freezes != 1 || all[0].InitNS != 15e8 || all[0].PID != 114 ||
		all[0].LastNS-all[0].FirstNS != 4e9 || all[1].State != "ready" {
		t.Errorf("%d of %d: %+v, %v", len(all), total, all, err)
	}
	ready, total, err := s.Instances(t.Context(), store.InstanceQuery{Function: "a", State: "failed", Limit: 10})
	if err != nil || total != 1 || ready[0].ID != "i-07" || ready[0].ErrorType != "Runtime.ExitError" {
		t.Errorf("failed: %+v, %v", ready, err)
	}
	inits, err := s.FunctionInits(t.Context(), store.TimeRange{}, "")
	if err != nil || len(inits) != 1 || inits[0].Ready != 19 || inits[0].Failed != 1 || math.Abs(inits[0].P50NS-11e8) > 1e8 {
		t.Errorf("inits: %+v, %v", inits, err)
	}
	if _, _, err := s.Instances(t.Context(), store.InstanceQuery{Function: "a"}); err == nil {
		t.Error("no limit was taken")
	}
}

func TestFunctionResources(t *testing.T) {
	s := open(t)
	resource := func(contract string, limit int64) *store.Resource {
		res := functionResource("a", "1", contract)
		res.Attributes = append(res.Attributes, textAttr(semconv.RuntimeContract, contract), intAttr("faas.max_memory", limit))
		slices.SortFunc(res.Attributes, func(a, b store.Attribute) int { return strings.Compare(a.Key, b.Key) })
		res.Hash = res.ContentHash()
		return res
	}
	var logs []store.Log
	for i, res := range []*store.Resource{resource("fc", 128<<20), resource("lambda", 256<<20)} {
		for n := range 3 {
			logs = append(logs, store.Log{TimeNS: shopTime.Add(time.Duration(10*i+n) * time.Second).UnixNano(), EventName: semconv.EventInvocation, Resource: res, Scope: &store.Scope{},
				TraceID: store.TraceID{1, byte(i)}, SpanID: store.SpanIDFromUint64(uint64(n + 1)), Attributes: store.Attributes{intAttr(semconv.InvocationCPU, 1e6),
					intAttr(semconv.InvocationDuration, 2e9), intAttr(semconv.InvocationMaxMemory, int64(50+n+10*i)<<20), textAttr(semconv.InvocationOutcome, "success")}})
		}
	}
	insertLogs(t, s, "", logs...)
	got, err := s.FunctionResources(t.Context(), store.TimeRange{}, "")
	want := store.FunctionResources{Function: "a", Contract: "lambda", MemoryLimit: 256 << 20, MaxMemory: 62 << 20, CPUNS: 6e6, ByteNS: 6e9 * (128<<20 + 256<<20)}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	early, err := s.FunctionResources(t.Context(), store.TimeRange{To: shopTime.Add(5 * time.Second)}, "a")
	if err != nil || len(early) != 1 || early[0].Contract != "fc" || early[0].MaxMemory != 52<<20 {
		t.Errorf("of the first three: %+v, %v", early, err)
	}
}

// TestColdStarts has two cold starts whose parts are known, and a warm one.
func TestColdStarts(t *testing.T) {
	s := open(t)
	var spans []store.Span
	ms := int64(time.Millisecond)
	for n := range int64(2) {
		id := store.TraceID{0: 9, 15: byte(n)}
		res := functionResource("a", "1", "i")
		at := shopTime.Add(time.Duration(n) * time.Minute).UnixNano()
		add := func(span, parent uint64, name string, from, ms_ int64, attrs ...store.Attribute) {
			spans = append(spans, store.Span{TraceID: id, SpanID: store.SpanIDFromUint64(span), ParentSpanID: store.SpanIDFromUint64(parent), Name: name, StartNS: at + from*ms, DurationNS: ms_ * ms,
				Service: "a", Resource: res, Scope: &store.Scope{}, Attributes: attrs})
		}
		module := func(name, kind string, self int64) []store.Attribute {
			return []store.Attribute{textAttr(semconv.ModuleName, name), textAttr(semconv.ModuleKind, kind), textAttr(semconv.ModuleVersion, "1.2"), intAttr(semconv.ModuleSelf, self*ms), intAttr(semconv.ModuleAlloc, 1000)}
		}
		add(1, 0, "a", 0, 200)
		add(2, 1, "ColdStart", 0, 100+n*50)
		add(3, 2, "Instance Init a", 0, 100+n*50)
		add(4, 3, "PrepareCode", 0, 10)
		add(5, 3, "RuntimeInitialization", 10, 90+n*50)
		add(6, 5, "process.exec", 10, 20)
		add(7, 5, "import flask", 30, 60+n*50, module("flask", "dep", 20+n*50)...)
		add(8, 7, "import json", 40, 40, module("json", "core", 40)...)
		add(9, 1, "Invocation", 150, 50)
		add(12, 3, "unexplained", 99, 1)
		add(13, 5, "unexplained", 97, 2)
		if n == 1 {
			add(10, 5, "health_check", 140, 3)
			add(11, 5, "health_check", 144, 5)
		}
	}
	insert(t, s, "", spans...)
	insertLogs(t, s, "", invocationLog("a", "1", "success", shopTime, 1e6, 100*ms, 0), invocationLog("a", "1", "success", shopTime.Add(time.Minute), 1e6, 150*ms, 1),
		invocationLog("a", "1", "success", shopTime, 1e6, 0, 2), invocationLog("a", "2", "success", shopTime, 1e6, 500*ms, 3))
	got, err := s.ColdStarts(t.Context(), store.ColdStartQuery{Function: "a", Versions: []string{"1"}, Traces: 10, Worst: 5})
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, p := range got.Phases {
		parts = append(parts, fmt.Sprintf("%d %s in %d: mean %v max %v", p.Depth, p.Name, p.Starts, p.MeanNS/1e6, p.MaxNS/1e6))
	}
	wantParts := []string{"0 Instance Init in 2: mean 125 max 150", "1 PrepareCode in 2: mean 10 max 10", "1 RuntimeInitialization in 2: mean 115 max 140", "2 process.exec in 2: mean 20 max 20",
		"2 unexplained in 2: mean 2 max 2", "1 unexplained in 2: mean 1 max 1", "2 health_check in 1: mean 8 max 8"}
	if got.Sampled != 2 || !slices.Equal(parts, wantParts) {
		t.Errorf("%d starts:\n%q\nwant\n%q", got.Sampled, parts, wantParts)
	}
	wantModules := []store.ColdStartModule{
		{Name: "flask", Version: "1.2", Kind: "dep", Starts: 2, SelfNS: 45e6, TotalNS: 85e6, MaxSelfNS: 70e6, AllocBytes: 1000},
		{Name: "json", Version: "1.2", Kind: "core", Starts: 2, SelfNS: 40e6, TotalNS: 40e6, MaxSelfNS: 40e6, AllocBytes: 1000},
	}
	if !slices.Equal(got.Modules, wantModules) {
		t.Errorf("modules %+v\nwant %+v", got.Modules, wantModules)
	}
	if len(got.Worst) != 2 || got.Worst[0].ColdStartNS != 150*ms || got.Worst[0].TraceID != (store.TraceID{0: 9, 15: 1}) {
		t.Errorf("worst: %+v", got.Worst)
	}
	none, err := s.ColdStarts(t.Context(), store.ColdStartQuery{Function: "nobody", Traces: 10})
	if err != nil || none.Sampled != 0 || none.Modules != nil {
		t.Errorf("nobody: %+v, %v", none, err)
	}
}
