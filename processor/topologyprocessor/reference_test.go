package topologyprocessor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weft/semconv"
)

// reference counts the edges of spans as docs/topology.md defines them, all at once and without any cleverness.
func reference(spans []RawSpan) map[string]int64 {
	type id struct {
		trace [16]byte
		span  [8]byte
		kind  uint8
	}
	byID := map[id]RawSpan{}
	for _, s := range spans {
		k := id{s.Trace, s.ID, s.Kind}
		if _, ok := byID[k]; !ok {
			byID[k] = s
		}
	}
	find := func(trace [16]byte, span [8]byte) (found RawSpan, ok bool) {
		for kind := range uint8(6) {
			if s, is := byID[id{trace, span, kind}]; is && (!ok || callee(kind)) {
				found, ok = s, true
			}
		}
		return found, ok
	}
	counts := map[string]int64{}
	for _, s := range byID {
		p, hasParent := find(s.Trace, s.Parent)
		hasParent = hasParent && !s.Parent.IsEmpty()
		edge := func(kind int, source, target, via string, failed bool, marks uint8, ageNS int64) {
			k := fmt.Sprintf("%d %d %s>%s via %s", semconv.EdgeBucket(s.StartNS), kind, source, target, via)
			add := func(what string, n int64) {
				if n != 0 {
					counts[k+" "+what] += n
				}
			}
			add("calls", 1)
			if failed {
				add("errors", 1)
			}
			for mark, what := range map[uint8]string{semconv.MarkColdStart: "cold", semconv.MarkRetry: "retries", semconv.MarkDeadLetter: "dead"} {
				if marks&mark != 0 {
					add(what, 1)
				}
			}
			add("duration", s.EndNS-s.StartNS)
			add(fmt.Sprintf("latency %d", semconv.LatencyBucket(s.EndNS-s.StartNS)), 1)
			if ageNS >= 0 {
				add(fmt.Sprintf("age %d", semconv.LatencyBucket(ageNS)), 1)
			}
		}
		failed, cold, retry := s.flags&flagFailed != 0, s.flags&semconv.MarkColdStart, s.flags&semconv.MarkRetry
		async := func(from RawSpan) {
			age := int64(-1)
			if from.Kind == kindProducer {
				age = max(0, s.StartNS-from.EndNS)
			}
			via := s.peer
			if via == "" {
				via = from.peer
			}
			edge(semconv.EdgeAsync, from.Service, s.Service, via, failed, cold|retry, age)
		}
		switch {
		case hasParent && (s.Kind == kindConsumer || p.Kind == kindProducer):
			async(p)
		case hasParent && (p.Service != s.Service || p.Kind == kindClient && s.Kind == kindServer):
			edge(semconv.EdgeCall, p.Service, s.Service, "", failed || p.Kind == kindClient && p.flags&flagFailed != 0, cold|p.flags&semconv.MarkRetry, -1)
		}
		linked := map[RawLink]bool{}
		for _, l := range s.Links {
			if linked[l] || l == (RawLink{s.Trace, s.Parent}) {
				continue
			}
			linked[l] = true
			t, ok := find(l.Trace, l.ID)
			switch {
			case !ok:
			case s.Kind == kindConsumer || t.Kind == kindProducer:
				async(t)
			case t.Service != s.Service:
				edge(semconv.EdgeLink, t.Service, s.Service, "", failed, 0, -1)
			}
		}
		switch {
		case s.peer == "":
		case s.category == categoryDatabase && !callee(s.Kind):
			edge(semconv.EdgeDatabase, s.Service, s.peer, s.system, failed, retry, -1)
		case s.category == categoryCache && !callee(s.Kind):
			edge(semconv.EdgeCache, s.Service, s.peer, s.system, failed, retry, -1)
		case s.Kind == kindProducer:
			edge(semconv.EdgePublish, s.Service, s.peer, s.system, failed, s.flags&semconv.MarkDeadLetter, -1)
		case s.Kind == kindConsumer:
			edge(semconv.EdgeConsume, s.peer, s.Service, s.system, failed, cold|retry, -1)
		case s.Kind == kindClient && s.category == categoryCall:
			answered := false
			for _, c := range byID {
				answered = answered || c.Trace == s.Trace &&
					(c.Parent == s.ID && (c.Service != s.Service || callee(c.Kind)) || c.ID == s.ID && callee(c.Kind))
			}
			if !answered {
				edge(semconv.EdgeExternal, s.Service, s.peer, "", failed, retry, -1)
			}
		}
		if s.Parent.IsEmpty() && s.Kind == kindServer {
			edge(semconv.EdgeEntry, "", s.Service, "", failed, cold, -1)
		}
	}
	return counts
}

// counted adds up what the graph gave out, in reference's terms.
func counted(edges []Edge) map[string]int64 {
	counts := map[string]int64{}
	for _, e := range edges {
		k := fmt.Sprintf("%d %d %s>%s via %s ", e.BucketUnix, e.Type, e.Source, e.Target, e.Via)
		for what, n := range map[string]int64{
			"calls": e.Calls, "errors": e.Errors, "cold": e.ColdStarts, "retries": e.Retries, "dead": e.DeadLetters, "duration": e.DurationNS,
		} {
			counts[k+what] += n
		}
		for b, n := range e.Latency {
			counts[fmt.Sprintf("%slatency %d", k, b)] += n
		}
		for b, n := range e.QueueAge {
			counts[fmt.Sprintf("%sage %d", k, b)] += n
		}
	}
	maps.DeleteFunc(counts, func(_ string, n int64) bool { return n == 0 })
	return counts
}

// difference lists what is not the same, empty when all is.
func difference(got, want map[string]int64) string {
	var lines []string
	for k, n := range got {
		if want[k] != n {
			lines = append(lines, fmt.Sprintf("%s: got %d, want %d", k, n, want[k]))
		}
	}
	for k, n := range want {
		if _, ok := got[k]; !ok {
			lines = append(lines, fmt.Sprintf("%s: got 0, want %d", k, n))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines[:min(len(lines), 20)], "\n")
}
