package web

import (
	"cmp"
	"context"
	"slices"
	"time"

	"weft/semconv"
	"weft/store"
)

// trace is a trace with the spans of functions that have begun and are not stored: those under way, and those whose runtime was killed before
// it could tell of them. SpanState says so on each.
func (s *Server) trace(ctx context.Context, id store.TraceID) (*store.Trace, error) {
	var starts []store.SpanStart
	var startsErr error
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		starts, startsErr = s.store.SpanStarts(ctx, id)
	}()
	t, err := s.store.Trace(ctx, id)
	<-asked
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if startsErr != nil {
		return nil, startsErr
	}
	if t == nil {
		t = &store.Trace{ID: id}
	}
	stored := make(map[store.SpanID]bool, len(starts))
	for i := range t.Spans {
		stored[t.Spans[i].SpanID] = true
	}
	open := make([]store.SpanStart, 0, len(starts))
	for _, start := range starts {
		if !stored[start.SpanID] { // a start that was told of twice is one
			stored[start.SpanID] = true
			open = append(open, start)
		}
	}
	if len(open) == 0 {
		return t, err
	}
	ended, err := s.store.TraceInvocations(ctx, open)
	if err != nil {
		return nil, err
	}
	out := &store.Trace{ID: id, Spans: slices.Concat(t.Spans, unfinished(open, ended, t.Spans, s.now()))}
	slices.SortStableFunc(out.Spans, func(a, b store.Span) int { return cmp.Compare(a.StartNS, b.StartNS) })
	return out, nil
}

const (
	// tellWithin is how long after its deadline a run is told of, if anybody is left to tell.
	tellWithin = time.Minute
	// longestRun is the deadline of a run that names none.
	longestRun = 24 * time.Hour
)

// unfinished makes spans of starts: as long as their invocation took if its row is there, until now if they may still run, else until the last
// thing that is known of the trace.
func unfinished(starts []store.SpanStart, ended []store.Invocation, known []store.Span, now time.Time) []store.Span {
	var lastNS int64
	for i := range known {
		lastNS = max(lastNS, known[i].EndNS())
	}
	for i := range starts {
		lastNS = max(lastNS, starts[i].TimeNS)
	}
	spans := make([]store.Span, len(starts))
	for i := range starts {
		start := &starts[i]
		sp := &spans[i]
		*sp = store.Span{
			TraceID: start.TraceID, SpanID: start.SpanID, ParentSpanID: start.ParentSpanID, Name: start.Name, Kind: store.KindInternal,
			StartNS: start.TimeNS, Service: start.Function, Category: "faas", Resource: start.Resource, Scope: start.Scope,
			Attributes: slices.Clone(start.Attributes),
		}
		if v, ok := start.Resource.Attributes.Get("service.name"); ok {
			_, sp.Service = valueText(v)
		}
		state, endNS := semconv.SpanLost, lastNS
		deadline := time.Unix(0, start.TimeNS).Add(longestRun)
		if v, ok := start.Attributes.Get(semconv.SpanDeadline); ok && v.Type() == store.TypeInt {
			deadline = time.Unix(0, v.Int())
		}
		if row := invocationOf(start, ended); row != nil {
			endNS = row.TimeNS + row.TotalNS
			if by := killedBy(row.Outcome); by != "" {
				state = semconv.SpanKilled
				sp.Attributes = append(sp.Attributes, store.Attribute{Key: semconv.KilledBy, Value: store.StringValue(by)})
			}
			if row.ErrorType != "" {
				sp.StatusCode, sp.ErrorType, sp.ErrorMessage, sp.StatusMessage = store.StatusError, row.ErrorType, row.ErrorMessage, row.ErrorMessage
			}
		} else if now.Before(deadline.Add(tellWithin)) {
			state, endNS = semconv.SpanRunning, now.UnixNano()
		}
		sp.DurationNS = max(0, endNS-start.TimeNS)
		sp.Attributes = append(sp.Attributes, store.Attribute{Key: semconv.SpanState, Value: store.StringValue(state)})
	}
	return spans
}

// invocationOf is the row of the run that start belongs to, nil when there is none.
func invocationOf(start *store.SpanStart, ended []store.Invocation) *store.Invocation {
	v, ok := start.Attributes.Get("faas.invocation_id")
	if !ok {
		return nil
	}
	_, id := valueText(v)
	i := slices.IndexFunc(ended, func(row store.Invocation) bool { return row.RequestID == id })
	if i < 0 {
		return nil
	}
	return &ended[i]
}

// killedBy is semconv.KilledBy of a run with an outcome, empty when its program was not killed.
func killedBy(outcome string) string {
	switch outcome {
	case semconv.OutcomeTimeout, semconv.OutcomeMemory, semconv.OutcomeCrash:
		return outcome
	case semconv.OutcomePlatform:
		return "shutdown"
	}
	return ""
}

// spanState is SpanState of sp, empty for a span that is stored.
func spanState(sp *store.Span) string { return textOf(sp, semconv.SpanState) }

// spanDetail is a span with its logs; of one that is known by its start alone what there is.
func (s *Server) spanDetail(ctx context.Context, id store.TraceID, span store.SpanID) (*store.SpanDetail, error) {
	d, err := s.store.SpanDetail(ctx, id, span)
	if err == nil || !isNotFound(err) {
		return d, err
	}
	t, traceErr := s.trace(ctx, id)
	if traceErr != nil {
		if isNotFound(traceErr) {
			return nil, err
		}
		return nil, traceErr
	}
	i := slices.IndexFunc(t.Spans, func(sp store.Span) bool { return sp.SpanID == span })
	if i < 0 {
		return nil, err
	}
	d = &store.SpanDetail{Span: t.Spans[i]}
	logs, err := s.store.TraceLogs(ctx, id)
	for _, l := range logs {
		if l.SpanID == span {
			d.Logs = append(d.Logs, l)
		}
	}
	return d, err
}
