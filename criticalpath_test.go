package weft_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/analysis"
	"weft/bench/truth"
)

// TestCriticalPathsAreTrue compares the critical path of every trace with the one that the trace was made of. It stands here because
// no folder may import both.
func TestCriticalPathsAreTrue(t *testing.T) {
	for seed := range uint64(10) {
		set := truth.New(truth.Options{Seed: seed, Traces: 1500, FromNS: 1_700_000_000_000_000_000, ToNS: 1_700_000_060_000_000_000})
		order := rand.New(rand.NewPCG(seed, 2))
		for _, want := range set.Traces {
			order.Shuffle(len(want.Spans)-1, func(i, j int) { want.Spans[i+1], want.Spans[j+1] = want.Spans[j+1], want.Spans[i+1] })
			if got, same := criticalPath(want); !same {
				t.Fatalf("seed %d, trace %x: got %+v, want %+v", seed, want.ID, got, want.CriticalPath)
			}
			service := misplace(want)
			if got, same := criticalPath(want); !same {
				t.Fatalf("seed %d, trace %x with another clock in %s: got %+v, want %+v", seed, want.ID, service, got, want.CriticalPath)
			}
		}
	}
}

// misplace sets the clock of a service an hour wrong, if there is one whose every call is seen by the caller too: nothing else tells that
// a clock is wrong.
func misplace(made *truth.Trace) (service string) {
	clients := make(map[uint64]bool)
	for _, s := range made.Spans {
		clients[s.ID] = clients[s.ID] || s.Kind == ptrace.SpanKindClient
	}
	known := make(map[string]bool)
	for _, s := range made.Spans {
		seen := s.Kind == ptrace.SpanKindServer && clients[s.Parent] || s.Kind == ptrace.SpanKindInternal || s.Kind == ptrace.SpanKindClient || s.Kind == ptrace.SpanKindProducer
		if before, ok := known[s.Service]; !ok || before {
			known[s.Service] = seen && s.Service != made.Spans[0].Service
		}
	}
	for _, s := range made.Spans {
		if service == "" && known[s.Service] {
			service = s.Service
		}
		if s.Service == service {
			s.StartNS, s.EndNS = s.StartNS-int64(time.Hour), s.EndNS-int64(time.Hour)
		}
	}
	return service
}

// criticalPath is what analysis finds, and whether it is what was made. The ids on a made path are of one span each.
func criticalPath(made *truth.Trace) (found []truth.Segment, same bool) {
	trace := &analysis.Trace{}
	texts := make(map[string]uint32)
	text := func(s string) uint32 {
		i, ok := texts[s]
		if !ok {
			i = uint32(len(trace.Strings))
			texts[s], trace.Strings = i, append(trace.Strings, s)
		}
		return i
	}
	for _, s := range made.Spans {
		span := analysis.Span{ID: s.ID, Parent: s.Parent, StartNS: s.StartNS, DurationNS: s.EndNS - s.StartNS, Service: text(s.Service), Name: text(s.Name),
			Kind: analysis.Kind(s.Kind), Failed: s.Failed}
		for _, l := range s.Links {
			span.Follows = span.Follows || l == truth.Ref{TraceID: s.TraceID, SpanID: s.Parent}
		}
		trace.Spans = append(trace.Spans, span)
	}
	same = true
	for i, s := range analysis.CriticalPath(trace) {
		found = append(found, truth.Segment{SpanID: trace.Spans[s.Span].ID, StartNS: s.StartNS, EndNS: s.EndNS})
		same = same && i < len(made.CriticalPath) && found[i] == made.CriticalPath[i]
	}
	return found, same && len(found) == len(made.CriticalPath)
}
