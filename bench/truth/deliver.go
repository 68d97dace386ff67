package truth

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Delivery is how a set reaches the collectors.
type Delivery struct {
	Seed uint64
	// RequestSpans is how many spans a request holds; default 500.
	RequestSpans int
	// ShuffleSpans exchanges spans at random with others at most so many before or after them. 0 leaves traces whole and in order.
	ShuffleSpans int
	// LateShare of the spans come after all others, DuplicateShare of them come a second time.
	LateShare, DuplicateShare float64
	// Collectors share the traces by trace id; default 1.
	Collectors int
}

// Request is one OTLP request for one of the collectors.
type Request struct {
	Collector int // from 0
	Late      bool
	Traces    ptrace.Traces
}

// Deliver makes the requests: those in time first, then the late ones.
func (s *Set) Deliver(d Delivery) []Request {
	if d.RequestSpans == 0 {
		d.RequestSpans = 500
	}
	if d.Collectors == 0 {
		d.Collectors = 1
	}
	random := rand.New(rand.NewPCG(d.Seed, 2))
	var onTime, late []*Span
	for _, t := range s.Traces {
		for _, span := range t.Spans {
			to := &onTime
			if random.Float64() < d.LateShare {
				to = &late
			}
			*to = append(*to, span)
			if random.Float64() < d.DuplicateShare {
				// The second copy of one that is in time may be late: a retry that was thought lost.
				if random.Float64() < d.LateShare {
					to = &late
				}
				*to = append(*to, span)
			}
		}
	}
	out := s.requests(onTime, d, random)
	lateOnes := s.requests(late, d, random)
	for i := range lateOnes {
		lateOnes[i].Late = true
	}
	return append(out, lateOnes...)
}

func (s *Set) requests(spans []*Span, d Delivery, random *rand.Rand) []Request {
	if d.ShuffleSpans > 0 {
		// Overlapping windows: whole blocks alone would leave gaps that nothing crosses.
		for _, offset := range []int{0, d.ShuffleSpans / 2} {
			for block := range slices.Chunk(spans[min(offset, len(spans)):], d.ShuffleSpans) {
				random.Shuffle(len(block), func(i, j int) { block[i], block[j] = block[j], block[i] })
			}
		}
	}
	open := make([][]*Span, d.Collectors)
	var out []Request
	flush := func(collector int) {
		if len(open[collector]) > 0 {
			out = append(out, Request{Collector: collector, Traces: s.otlp(open[collector])})
			open[collector] = nil
		}
	}
	for _, span := range spans {
		to := int(binary.BigEndian.Uint64(span.TraceID[8:]) % uint64(d.Collectors))
		if open[to] = append(open[to], span); len(open[to]) >= d.RequestSpans {
			flush(to)
		}
	}
	for to := range open {
		flush(to)
	}
	return out
}

// otlp groups spans by resource, as a client's batch is.
func (s *Set) otlp(spans []*Span) ptrace.Traces {
	td := ptrace.NewTraces()
	byService := map[string]ptrace.SpanSlice{}
	for _, span := range spans {
		to, ok := byService[span.Service]
		if !ok {
			rs := td.ResourceSpans().AppendEmpty()
			putAll(rs.Resource().Attributes(), s.Resources[span.Service])
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName("weft.bench/truth")
			to = ss.Spans()
			byService[span.Service] = to
		}
		span.put(to.AppendEmpty())
	}
	return td
}

func (s *Span) put(to ptrace.Span) {
	to.SetTraceID(s.TraceID)
	to.SetSpanID(SpanID(s.ID))
	to.SetParentSpanID(SpanID(s.Parent))
	to.SetName(s.Name)
	to.SetKind(s.Kind)
	to.SetStartTimestamp(pcommon.Timestamp(s.StartNS))
	to.SetEndTimestamp(pcommon.Timestamp(s.EndNS))
	if s.Failed {
		to.Status().SetCode(ptrace.StatusCodeError)
		to.Status().SetMessage("made to fail")
	}
	putAll(to.Attributes(), s.Attributes)
	for _, l := range s.Links {
		link := to.Links().AppendEmpty()
		link.SetTraceID(l.TraceID)
		link.SetSpanID(SpanID(l.SpanID))
	}
}

func putAll(to pcommon.Map, attributes map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		switch v := attributes[key].(type) {
		case string:
			to.PutStr(key, v)
		case int64:
			to.PutInt(key, v)
		case bool:
			to.PutBool(key, v)
		default:
			panic("truth: an attribute is a string, an int64 or a bool")
		}
	}
}
