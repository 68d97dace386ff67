package truth

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

func small(seed uint64) *Set {
	return New(Options{Seed: seed, Traces: 2000, FromNS: 1_700_000_000_000_000_000, ToNS: 1_700_000_060_000_000_000})
}

func TestSetIsTheSameEveryTime(t *testing.T) {
	a, b, c := small(1), small(1), small(2)
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed makes different sets")
	}
	if reflect.DeepEqual(a.Edges, c.Edges) {
		t.Error("another seed makes the same set")
	}
}

// TestSetHasEverything keeps the set from losing a case unnoticed.
func TestSetHasEverything(t *testing.T) {
	s := small(1)
	all := Edge{}
	kinds := map[EdgeType]int64{}
	loops := int64(0)
	for k, e := range s.Edges.Total(0, math.MaxInt64, true) {
		all.add(e)
		kinds[k.Type] += e.Calls
		if k.Source == k.Target {
			loops += e.Calls
		}
	}
	t.Logf("%d spans, %d edges, %v, %d loops, %d errors, %d cold starts, %d retries, %d dead letters, %d queue ages", s.Spans(), len(s.Edges), kinds, loops,
		all.Errors, all.ColdStarts, all.Retries, all.DeadLetters, len(all.QueueAgesNS))
	for _, kind := range []EdgeType{Call, Database, Cache, External, Publish, Consume, Async, Entry, Link} {
		if kinds[kind] < 50 {
			t.Errorf("%d edges of type %s, want some", kinds[kind], kind)
		}
	}
	if loops == 0 || all.Errors == 0 || all.ColdStarts == 0 || all.Retries == 0 || all.DeadLetters == 0 || !slices.Contains(all.QueueAgesNS, 0) {
		t.Error("one of them is missing, or no queue age is 0")
	}
	if int(all.Calls) != len(all.DurationsNS) {
		t.Errorf("%d durations of %d calls", len(all.DurationsNS), all.Calls)
	}
}

func TestCriticalPathsPartitionTheRoot(t *testing.T) {
	for _, trace := range small(1).Traces {
		root := trace.Spans[0]
		spans := map[uint64]*Span{}
		for _, s := range trace.Spans {
			spans[s.ID] = s
		}
		at := root.StartNS
		for _, segment := range trace.CriticalPath {
			s := spans[segment.SpanID]
			if segment.StartNS != at || segment.EndNS <= at || s.StartNS > segment.StartNS || s.EndNS < segment.EndNS {
				t.Fatalf("trace %x: segment %+v of span %d-%d does not follow on %d", trace.ID, segment, s.StartNS, s.EndNS, at)
			}
			at = segment.EndNS
		}
		if at != root.EndNS {
			t.Fatalf("trace %x: the path ends at %d, the root at %d", trace.ID, at, root.EndNS)
		}
	}
}

// TestEdgesAreWhatTheDefinitionSays counts edges from the spans, by the definition and in no hurry.
func TestEdgesAreWhatTheDefinitionSays(t *testing.T) {
	set := small(3)
	want := byDefinition(set)
	for k, e := range set.Edges {
		slices.Sort(e.DurationsNS)
		slices.Sort(e.QueueAgesNS)
		w := want.at(k)
		slices.Sort(w.DurationsNS)
		slices.Sort(w.QueueAgesNS)
		if fmt.Sprint(*e) != fmt.Sprint(*w) {
			t.Errorf("%+v:\n made %+v\n want %+v", k, *e, *w)
		}
	}
	for k := range want {
		if set.Edges[k] == nil {
			t.Errorf("%+v was not made", k)
		}
	}
}

func (s *Span) text(key string) string {
	v, _ := s.Attributes[key].(string)
	return v
}

// peer and category repeat for these spans what the enrich processor derives.
func (s *Span) peer() string {
	if system := s.text("db.system.name"); system != "" {
		name := s.text("db.namespace")
		if name == "" {
			name = system
		}
		if host := s.text("server.address"); host != "" {
			name += "@" + host
		}
		return name
	}
	switch s.Kind {
	case ptrace.SpanKindProducer, ptrace.SpanKindConsumer:
		return s.text("messaging.destination.name")
	case ptrace.SpanKindClient:
		for _, key := range []string{"service.peer.name", "faas.invoked_name", "server.address"} {
			if v := s.text(key); v != "" {
				return v
			}
		}
	}
	return ""
}

func isCallee(s *Span) bool {
	return s.Kind == ptrace.SpanKindServer || s.Kind == ptrace.SpanKindConsumer
}

func byDefinition(set *Set) Edges {
	stored := map[Ref]*Span{}
	children := map[Ref][]*Span{}
	for _, trace := range set.Traces {
		for _, s := range trace.Spans {
			if other := stored[s.ref()]; other == nil || isCallee(s) {
				stored[s.ref()] = s
			}
			children[Ref{s.TraceID, s.Parent}] = append(children[Ref{s.TraceID, s.Parent}], s)
		}
	}
	out := Edges{}
	for _, trace := range set.Traces {
		for _, s := range trace.Spans {
			out.define(s, stored, children)
		}
	}
	return out
}

func (e Edges) define(s *Span, stored map[Ref]*Span, children map[Ref][]*Span) {
	cold := s.Attributes["faas.coldstart"] == true
	retried := func(x *Span) bool {
		return x.Attributes["http.request.resend_count"] != nil || x.Attributes[semconv.Attempt] != nil
	}
	count := func(kind EdgeType, source, target, via string, failed, cold, retry, dead bool) *Edge {
		edge := e.at(Key{s.StartNS / 1e9 / 10 * 10, kind, source, target, via})
		edge.Calls++
		edge.DurationsNS = append(edge.DurationsNS, s.EndNS-s.StartNS)
		for _, c := range []struct {
			is   bool
			into *int64
		}{{failed, &edge.Errors}, {cold, &edge.ColdStarts}, {retry, &edge.Retries}, {dead, &edge.DeadLetters}} {
			if c.is {
				*c.into++
			}
		}
		return edge
	}
	producer, consumer, client, server := ptrace.SpanKindProducer, ptrace.SpanKindConsumer, ptrace.SpanKindClient, ptrace.SpanKindServer
	p := stored[Ref{s.TraceID, s.Parent}]
	if s.Parent == 0 {
		p = nil
	}
	if p != nil && s.Kind != consumer && p.Kind != producer && (p.Service != s.Service || p.Kind == client && s.Kind == server) {
		count(Call, p.Service, s.Service, "", s.Failed || p.Kind == client && p.Failed, cold, retried(p), false)
	}
	system := s.text("db.system.name")
	switch {
	case system == "redis":
		count(Cache, s.Service, s.peer(), system, s.Failed, false, retried(s), false)
	case system != "":
		count(Database, s.Service, s.peer(), system, s.Failed, false, retried(s), false)
	case s.Kind == producer:
		count(Publish, s.Service, s.peer(), s.text("messaging.system"), s.Failed, false, false, s.text(semconv.DestinationCondition) != "")
	case s.Kind == consumer && s.peer() != "":
		count(Consume, s.peer(), s.Service, s.text("messaging.system"), s.Failed, cold, retried(s), false)
	case s.Kind == client && s.peer() != "":
		called := slices.ContainsFunc(children[s.ref()], func(c *Span) bool { return c.Service != s.Service || isCallee(c) })
		if !called && stored[s.ref()] == s {
			count(External, s.Service, s.peer(), "", s.Failed, false, retried(s), false)
		}
	case s.Kind == server && s.Parent == 0:
		count(Entry, "", s.Service, "", s.Failed, cold, false, false)
	}
	async := func(partner *Span) {
		via := s.peer()
		if via == "" {
			via = partner.peer()
		}
		edge := count(Async, partner.Service, s.Service, via, s.Failed, cold, retried(s), false)
		if partner.Kind == producer {
			edge.QueueAgesNS = append(edge.QueueAgesNS, max(0, s.StartNS-partner.EndNS))
		}
	}
	if p != nil && (s.Kind == consumer || p.Kind == producer) {
		async(p)
	}
	seen := map[Ref]bool{}
	for _, l := range s.Links {
		target := stored[l]
		if seen[l] || target == nil || target == p {
			continue
		}
		seen[l] = true
		switch {
		case s.Kind == consumer || target.Kind == producer:
			async(target)
		case target.Service != s.Service:
			count(Link, target.Service, s.Service, "", s.Failed, false, false, false)
		}
	}
}

func TestDeliver(t *testing.T) {
	set := small(3)
	requests := set.Deliver(Delivery{Seed: 1, RequestSpans: 500, ShuffleSpans: 5000, LateShare: 0.05, DuplicateShare: 0.01, Collectors: 2})
	type id struct {
		ref  Ref
		kind ptrace.SpanKind
	}
	times := map[id]int{}
	collectors := map[[16]byte]int{}
	requestsOf := map[[16]byte]map[int]bool{}
	late, all := 0, 0
	for i, r := range requests {
		if i > 0 && requests[i-1].Late && !r.Late {
			t.Fatal("something in time comes after something late")
		}
		for _, rs := range r.Traces.ResourceSpans().All() {
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				all++
				trace := [16]byte(s.TraceID())
				var spanID uint64
				for _, b := range s.SpanID() {
					spanID = spanID<<8 | uint64(b)
				}
				times[id{Ref{trace, spanID}, s.Kind()}]++
				if r.Late {
					late++
				}
				if c, ok := collectors[trace]; ok && c != r.Collector {
					t.Fatalf("trace %x goes to two collectors", trace)
				}
				collectors[trace] = r.Collector
				if requestsOf[trace] == nil {
					requestsOf[trace] = map[int]bool{}
				}
				requestsOf[trace][i] = true
			}
		}
	}
	if len(times) != set.Spans() {
		t.Errorf("%d distinct spans were delivered, want %d", len(times), set.Spans())
	}
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %.4f, want %.4f ± %.4f", what, got, want, tolerance)
		}
	}
	near("share late", float64(late)/float64(all), 0.05, 0.01)
	near("share duplicated", float64(all-len(times))/float64(len(times)), 0.01, 0.003)
	spread := 0
	for _, in := range requestsOf {
		spread += len(in)
	}
	if mean := float64(spread) / float64(len(requestsOf)); mean < 3 {
		t.Errorf("a trace is in %.1f requests on average, want at least 3", mean)
	}
}

func TestQuantile(t *testing.T) {
	values := []int64{50, 10, 40, 20, 30}
	for q, want := range map[float64]int64{0: 10, 0.2: 10, 0.5: 30, 0.9: 50, 0.99: 50, 1: 50} {
		if got := Quantile(values, q); got != want {
			t.Errorf("Quantile(%v): got %d, want %d", q, got, want)
		}
	}
	if got := Quantile(nil, 0.5); got != 0 {
		t.Errorf("Quantile of nothing: got %d", got)
	}
}
