package web

import (
	"net/http"

	"weft/semconv"
	"weft/store"
)

// functionEvent is what records of the invoke runtime have in common.
type functionEvent struct {
	TimeNS     instantNS   `json:"timeNs"`
	TraceID    string      `json:"traceId,omitempty"`
	SpanID     string      `json:"spanId,omitempty"`
	Version    string      `json:"version"`
	Instance   string      `json:"instance"`
	Attributes []attribute `json:"attributes"`
}

func newFunctionEvent(e *store.FunctionEvent) functionEvent {
	out := functionEvent{TimeNS: instantNS(e.TimeNS), Version: e.Version, Instance: e.Instance, Attributes: newAttributes(e.Attributes)}
	if !e.TraceID.IsZero() {
		out.TraceID = e.TraceID.String()
	}
	if !e.SpanID.IsZero() {
		out.SpanID = e.SpanID.String()
	}
	return out
}

type invocation struct {
	functionEvent
	RequestID     string `json:"requestId"`
	Qualifier     string `json:"qualifier"`
	Trigger       string `json:"trigger"`
	Outcome       string `json:"outcome"`
	Cold          bool   `json:"cold"`
	ErrorType     string `json:"errorType,omitempty"`
	ErrorMessage  string `json:"errorMessage,omitempty"`
	DurationNS    int64  `json:"durationNs"`
	TotalNS       int64  `json:"totalNs"`
	QueueNS       int64  `json:"queueNs"`
	ColdStartNS   int64  `json:"coldStartNs"`
	RequestBytes  int64  `json:"requestBytes"`
	ResponseBytes int64  `json:"responseBytes"`
	Status        int64  `json:"status"`
	CPUNS         int64  `json:"cpuNs"`
	MaxMemory     int64  `json:"maxMemoryBytes"`
	Retry         int64  `json:"retry"`
}

func newInvocations(list []store.Invocation) []invocation {
	out := make([]invocation, len(list))
	for i := range list {
		v := &list[i]
		out[i] = invocation{
			functionEvent: newFunctionEvent(&v.FunctionEvent), RequestID: v.RequestID, Qualifier: v.Qualifier, Trigger: v.Trigger, Outcome: v.Outcome,
			Cold: v.Cold, ErrorType: v.ErrorType, ErrorMessage: v.ErrorMessage, DurationNS: v.DurationNS, TotalNS: v.TotalNS, QueueNS: v.QueueNS,
			ColdStartNS: v.ColdStartNS, RequestBytes: v.RequestBytes, ResponseBytes: v.ResponseBytes, Status: v.Status, CPUNS: v.CPUNS,
			MaxMemory: v.MaxMemory, Retry: v.Retry,
		}
	}
	return out
}

type invocationPage struct {
	Invocations []invocation `json:"invocations"`
	NextCursor  string       `json:"nextCursor,omitempty"`
}

func (s *Server) listInvocations(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q := store.InvocationQuery{
		Function: p.function(), Range: p.timeRange(s.now()), Outcomes: p.list("outcome"), Versions: p.list("version"),
		Limit: p.number("limit", 1, 1000, 50), Cursor: p.text("cursor", maxText),
	}
	if cold := p.oneOf("cold", []string{"false", "true"}); cold != "" {
		is := cold == "true"
		q.Cold = &is
	}
	if err := p.err(); err != nil {
		return err
	}
	page, err := s.store.Invocations(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, invocationPage{Invocations: newInvocations(page.Invocations), NextCursor: page.NextCursor})
}

type coldStartPhase struct {
	Name   string  `json:"name"`
	Depth  int     `json:"depth"`
	Starts int     `json:"starts"`
	MeanNS float64 `json:"meanNs"`
	P50NS  float64 `json:"p50Ns"`
	P95NS  float64 `json:"p95Ns"`
	MaxNS  float64 `json:"maxNs"`
}

type coldStartModule struct {
	Name       string  `json:"name"`
	Version    string  `json:"version,omitempty"`
	Kind       string  `json:"kind,omitempty"`
	Starts     int     `json:"starts"`
	SelfNS     float64 `json:"selfNs"`
	TotalNS    float64 `json:"totalNs"`
	MaxSelfNS  float64 `json:"maxSelfNs"`
	AllocBytes float64 `json:"allocBytes,omitempty"`
}

type functionColdStarts struct {
	FromNS      instantNS         `json:"fromNs"`
	ToNS        instantNS         `json:"toNs"`
	Invocations uint64            `json:"invocations"`
	ColdStarts  uint64            `json:"coldStarts"`
	Share       float64           `json:"share"`
	Wait        latencies         `json:"wait"`
	Inits       functionInits     `json:"inits"`
	Sampled     int               `json:"sampled"`
	Phases      []coldStartPhase  `json:"phases"`
	Modules     []coldStartModule `json:"modules"`
	Worst       []invocation      `json:"worst"`
}

func (s *Server) getColdStarts(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	q := store.ColdStartQuery{
		Function: p.function(), Range: p.closed(p.timeRange(now), now), Versions: p.list("version"),
		Traces: p.number("traces", 1, 200, 50), Worst: p.number("worst", 0, 100, 10),
	}
	if err := p.err(); err != nil {
		return err
	}
	totals, span, err := s.store.FunctionTotals(r.Context(), q.Range, q.Function, 0)
	if err != nil {
		return err
	}
	q.Range = span
	inits, err := s.store.FunctionInits(r.Context(), span, q.Function)
	if err != nil {
		return err
	}
	found, err := s.store.ColdStarts(r.Context(), q)
	if err != nil {
		return err
	}
	var sum runsSum
	for _, t := range ofVersions(totals, q.Versions) {
		sum.add(&t)
	}
	out := functionColdStarts{
		FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), Invocations: sum.all.Calls, ColdStarts: sum.all.ColdStarts,
		Share: share(int64(sum.all.ColdStarts), int64(sum.all.Calls)), Wait: newLatencies(sum.all.ColdWait), Sampled: found.Sampled,
		Phases: make([]coldStartPhase, len(found.Phases)), Modules: make([]coldStartModule, len(found.Modules)), Worst: newInvocations(found.Worst),
	}
	for i, ph := range found.Phases {
		out.Phases[i] = coldStartPhase(ph)
	}
	for i, m := range found.Modules {
		out.Modules[i] = coldStartModule(m)
	}
	for _, i := range inits {
		out.Inits = newInits(i)
	}
	return writeJSON(w, out)
}

// instanceStates are the values of the parameter state.
var instanceStates = []string{semconv.StateStarting, semconv.StateReady, semconv.StateFailed, semconv.StateFrozen, semconv.StateThawed, semconv.StateStopped}

type instance struct {
	ID           string    `json:"id"`
	Version      string    `json:"version"`
	State        string    `json:"state"`
	Reason       string    `json:"reason"`
	ErrorType    string    `json:"errorType,omitempty"`
	ErrorMessage string    `json:"errorMessage,omitempty"`
	ExitCode     int64     `json:"exitCode"`
	PID          int64     `json:"pid"`
	FirstNS      instantNS `json:"firstNs"`
	LastNS       instantNS `json:"lastNs"`
	InitNS       int64     `json:"initNs"`
	Freezes      uint64    `json:"freezes"`
}

type instancePage struct {
	Total     uint64     `json:"total"`
	Instances []instance `json:"instances"`
}

func (s *Server) listInstances(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	q := store.InstanceQuery{
		Function: p.function(), Range: p.closed(p.timeRange(now), now), State: p.oneOf("state", instanceStates),
		Limit: p.number("limit", 1, 1000, 100), Offset: p.number("offset", 0, maxOffset, 0),
	}
	if err := p.err(); err != nil {
		return err
	}
	list, total, err := s.store.Instances(r.Context(), q)
	if err != nil {
		return err
	}
	out := instancePage{Total: total, Instances: make([]instance, len(list))}
	for i, v := range list {
		out.Instances[i] = instance{v.ID, v.Version, v.State, v.Reason, v.ErrorType, v.ErrorMessage, v.ExitCode, v.PID,
			instantNS(v.FirstNS), instantNS(v.LastNS), v.InitNS, v.Freezes}
	}
	return writeJSON(w, out)
}
