package store

import "weft/semconv"

// FunctionEvent is what the invoke runtime's records have in common.
type FunctionEvent struct {
	// TimeNS is Unix time in nanoseconds.
	TimeNS  int64
	TraceID TraceID // zero when it belongs to no trace
	SpanID  SpanID
	// Function is the resource's faas.name, or its service.name.
	Function, Version, Instance string
	// Attributes are those that have no field, and those whose value is not of the field's type.
	Attributes Attributes
}

// Invocation is one run of a function. What was not said is zero.
type Invocation struct {
	FunctionEvent
	RequestID, Qualifier, Trigger string
	Outcome                       string // a semconv Outcome constant, unless another program wrote it
	Cold                          bool
	ErrorType, ErrorMessage       string
	// DurationNS is the function's part, TotalNS all of it, QueueNS what it waited for a free instance, ColdStartNS for a new one.
	DurationNS, TotalNS, QueueNS, ColdStartNS int64
	RequestBytes, ResponseBytes               int64
	Status                                    int64 // of HTTP
	CPUNS                                     int64
	MaxMemory                                 int64 // bytes
	Retry                                     int64
}

// InstanceStep is one step in the life of an instance.
type InstanceStep struct {
	FunctionEvent
	State, Reason           string // semconv State constants; reasons as semconv lists them
	ErrorType, ErrorMessage string
	PID                     int64
	InitNS                  int64 // on StateReady
	ExitCode                int64 // on StateStopped
}

// Profile is a CPU profile of a span.
type Profile struct {
	FunctionEvent
	// Data is pprof's gzipped protocol buffer.
	Data []byte
}

// SpanStart says that a span has begun.
type SpanStart struct {
	FunctionEvent
	ParentSpanID SpanID
	Name         string
	// Resource and Scope are what told of it; a reader fills them in, never with nil.
	Resource *Resource
	Scope    *Scope
}

// taker moves an attribute's value into a field; false when it is of another type.
type taker func(v Value) bool

func takeString(to *string) taker {
	return func(v Value) bool {
		if v.typ != TypeString {
			return false
		}
		*to = v.str
		return true
	}
}

func takeInt(to *int64) taker {
	return func(v Value) bool {
		if v.typ != TypeInt {
			return false
		}
		*to = v.Int()
		return true
	}
}

func takeBool(to *bool) taker {
	return func(v Value) bool {
		if v.typ != TypeBool {
			return false
		}
		*to = v.Bool()
		return true
	}
}

// fields are the attributes that fields of e stand for.
func (e *FunctionEvent) fields() map[string]taker {
	return map[string]taker{"faas.version": takeString(&e.Version), "faas.instance": takeString(&e.Instance)}
}

func (i *Invocation) fields() map[string]taker {
	f := i.FunctionEvent.fields()
	for key, take := range map[string]taker{
		"faas.invocation_id": takeString(&i.RequestID), "faas.trigger": takeString(&i.Trigger), "faas.coldstart": takeBool(&i.Cold),
		"error.type": takeString(&i.ErrorType), "exception.message": takeString(&i.ErrorMessage),
		semconv.InvocationQualifier: takeString(&i.Qualifier), semconv.InvocationOutcome: takeString(&i.Outcome),
		semconv.InvocationDuration: takeInt(&i.DurationNS), semconv.InvocationTotal: takeInt(&i.TotalNS),
		semconv.InvocationQueue: takeInt(&i.QueueNS), semconv.InvocationColdStart: takeInt(&i.ColdStartNS),
		semconv.InvocationRequestBytes: takeInt(&i.RequestBytes), semconv.InvocationResponseBytes: takeInt(&i.ResponseBytes),
		semconv.InvocationStatus: takeInt(&i.Status), semconv.InvocationCPU: takeInt(&i.CPUNS),
		semconv.InvocationMaxMemory: takeInt(&i.MaxMemory), semconv.InvocationRetry: takeInt(&i.Retry),
	} {
		f[key] = take
	}
	return f
}

func (i *InstanceStep) fields() map[string]taker {
	f := i.FunctionEvent.fields()
	for key, take := range map[string]taker{
		"error.type": takeString(&i.ErrorType), "exception.message": takeString(&i.ErrorMessage),
		semconv.InstanceState: takeString(&i.State), semconv.InstanceReason: takeString(&i.Reason),
		semconv.InstancePID: takeInt(&i.PID), semconv.InstanceInit: takeInt(&i.InitNS), semconv.InstanceExit: takeInt(&i.ExitCode),
	} {
		f[key] = take
	}
	return f
}

func (s *SpanStart) fields() map[string]taker {
	f := s.FunctionEvent.fields()
	f[semconv.SpanParent] = func(v Value) bool {
		id, err := ParseSpanID(v.str)
		if v.typ != TypeString || err != nil {
			return false
		}
		s.ParentSpanID = id
		return true
	}
	return f
}

// read fills e from a log record, and through fields what embeds it, all of which must be zero but for the memory of attributes.
func (e *FunctionEvent) read(l *Log, fields map[string]taker) {
	*e = FunctionEvent{TimeNS: l.TimeNS, TraceID: l.TraceID, SpanID: l.SpanID, Function: l.Service, Attributes: e.Attributes[:0]}
	if l.Resource != nil {
		for _, a := range l.Resource.Attributes {
			if a.Value.typ != TypeString {
				continue
			}
			switch a.Key {
			case "faas.name":
				e.Function = a.Value.str
			case "faas.version":
				e.Version = a.Value.str
			case "faas.instance":
				e.Instance = a.Value.str
			}
		}
	}
	for _, a := range l.Attributes {
		if take := fields[a.Key]; take == nil || !take(a.Value) {
			e.Attributes = append(e.Attributes, a)
		}
	}
}
