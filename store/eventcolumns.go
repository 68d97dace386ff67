package store

import "github.com/ClickHouse/ch-go/proto"

// eventColumns are the columns that the tables of the invoke runtime's records have in common.
type eventColumns struct {
	time                        timeColumn
	traceID                     proto.ColFixedStr16
	spanID                      proto.ColUInt64
	function, version, instance *lcColumn
	resourceHash, scopeHash     proto.ColUInt64
	attrs                       *attrColumns
}

func newEventColumns() eventColumns {
	return eventColumns{function: newLC(), version: newLC(), instance: newLC(), attrs: newAttrColumns()}
}

// with are all columns of a table that has some of its own besides.
func (c *eventColumns) with(own ...namedColumn) []namedColumn {
	named := append([]namedColumn{
		{"time", &c.time}, {"trace_id", &c.traceID}, {"span_id", &c.spanID},
		{"function", c.function}, {"version", c.version}, {"instance", c.instance},
	}, own...)
	return append(append(named, namedColumn{"resource_hash", &c.resourceHash}, namedColumn{"scope_hash", &c.scopeHash}), c.attrs.columns()...)
}

func (c *eventColumns) append(e *FunctionEvent, resource, scope uint64) {
	c.time.ColInt64 = append(c.time.ColInt64, e.TimeNS)
	c.traceID = append(c.traceID, e.TraceID)
	c.spanID = append(c.spanID, e.SpanID.Uint64())
	c.function.Append(e.Function)
	c.version.Append(e.Version)
	c.instance.Append(e.Instance)
	c.resourceHash = append(c.resourceHash, resource)
	c.scopeHash = append(c.scopeHash, scope)
	c.attrs.addAll(e.Attributes)
}

func (c *eventColumns) row(i int) FunctionEvent {
	return FunctionEvent{
		TimeNS: c.time.ColInt64[i], TraceID: c.traceID[i], SpanID: SpanIDFromUint64(c.spanID[i]),
		Function: c.function.Row(i), Version: c.version.Row(i), Instance: c.instance.Row(i), Attributes: c.attrs.row(i, nil),
	}
}

// invocationColumns are the columns of invocations.
type invocationColumns struct {
	eventColumns
	requestID, errorMessage                textColumn
	qualifier, trigger, outcome, errorType *lcColumn
	cold                                   proto.ColBool
	durationNS, totalNS, queueNS, coldNS   proto.ColInt64
	requestBytes, responseBytes            proto.ColInt64
	status, cpuNS, maxMemory, retry        proto.ColInt64
	named                                  []namedColumn
}

func newInvocationColumns() *invocationColumns {
	c := &invocationColumns{eventColumns: newEventColumns(), qualifier: newLC(), trigger: newLC(), outcome: newLC(), errorType: newLC()}
	c.named = c.with(
		namedColumn{"request_id", &c.requestID}, namedColumn{"qualifier", c.qualifier}, namedColumn{"trigger", c.trigger},
		namedColumn{"outcome", c.outcome}, namedColumn{"cold", &c.cold}, namedColumn{"error_type", c.errorType},
		namedColumn{"error_message", &c.errorMessage}, namedColumn{"duration_ns", &c.durationNS}, namedColumn{"total_ns", &c.totalNS},
		namedColumn{"queue_ns", &c.queueNS}, namedColumn{"cold_start_ns", &c.coldNS}, namedColumn{"request_bytes", &c.requestBytes},
		namedColumn{"response_bytes", &c.responseBytes}, namedColumn{"status", &c.status}, namedColumn{"cpu_ns", &c.cpuNS},
		namedColumn{"max_memory", &c.maxMemory}, namedColumn{"retry", &c.retry},
	)
	return c
}

func (c *invocationColumns) append(v *Invocation, resource, scope uint64) {
	c.eventColumns.append(&v.FunctionEvent, resource, scope)
	c.requestID.Append(v.RequestID)
	c.qualifier.Append(v.Qualifier)
	c.trigger.Append(v.Trigger)
	c.outcome.Append(v.Outcome)
	c.cold = append(c.cold, v.Cold)
	c.errorType.Append(v.ErrorType)
	c.errorMessage.Append(v.ErrorMessage)
	c.durationNS = append(c.durationNS, v.DurationNS)
	c.totalNS = append(c.totalNS, v.TotalNS)
	c.queueNS = append(c.queueNS, v.QueueNS)
	c.coldNS = append(c.coldNS, v.ColdStartNS)
	c.requestBytes = append(c.requestBytes, v.RequestBytes)
	c.responseBytes = append(c.responseBytes, v.ResponseBytes)
	c.status = append(c.status, v.Status)
	c.cpuNS = append(c.cpuNS, v.CPUNS)
	c.maxMemory = append(c.maxMemory, v.MaxMemory)
	c.retry = append(c.retry, v.Retry)
}

func (c *invocationColumns) row(i int) Invocation {
	return Invocation{
		FunctionEvent: c.eventColumns.row(i), RequestID: c.requestID.Row(i), Qualifier: c.qualifier.Row(i), Trigger: c.trigger.Row(i),
		Outcome: c.outcome.Row(i), Cold: c.cold[i], ErrorType: c.errorType.Row(i), ErrorMessage: c.errorMessage.Row(i),
		DurationNS: c.durationNS[i], TotalNS: c.totalNS[i], QueueNS: c.queueNS[i], ColdStartNS: c.coldNS[i],
		RequestBytes: c.requestBytes[i], ResponseBytes: c.responseBytes[i], Status: c.status[i], CPUNS: c.cpuNS[i],
		MaxMemory: c.maxMemory[i], Retry: c.retry[i],
	}
}

// instanceColumns are the columns of instances.
type instanceColumns struct {
	eventColumns
	state, reason, errorType *lcColumn
	errorMessage             textColumn
	pid, initNS, exitCode    proto.ColInt64
	named                    []namedColumn
}

func newInstanceColumns() *instanceColumns {
	c := &instanceColumns{eventColumns: newEventColumns(), state: newLC(), reason: newLC(), errorType: newLC()}
	c.named = c.with(
		namedColumn{"state", c.state}, namedColumn{"reason", c.reason}, namedColumn{"error_type", c.errorType},
		namedColumn{"error_message", &c.errorMessage}, namedColumn{"pid", &c.pid}, namedColumn{"init_ns", &c.initNS},
		namedColumn{"exit_code", &c.exitCode},
	)
	return c
}

func (c *instanceColumns) append(v *InstanceStep, resource, scope uint64) {
	c.eventColumns.append(&v.FunctionEvent, resource, scope)
	c.state.Append(v.State)
	c.reason.Append(v.Reason)
	c.errorType.Append(v.ErrorType)
	c.errorMessage.Append(v.ErrorMessage)
	c.pid = append(c.pid, v.PID)
	c.initNS = append(c.initNS, v.InitNS)
	c.exitCode = append(c.exitCode, v.ExitCode)
}

// profileColumns are the columns of profiles.
type profileColumns struct {
	eventColumns
	data  textColumn
	named []namedColumn
}

func newProfileColumns() *profileColumns {
	c := &profileColumns{eventColumns: newEventColumns()}
	c.named = c.with(namedColumn{"data", &c.data})
	return c
}

// spanStartColumns are the columns of span_starts.
type spanStartColumns struct {
	eventColumns
	parent proto.ColUInt64
	name   *lcColumn
	named  []namedColumn
}

func newSpanStartColumns() *spanStartColumns {
	c := &spanStartColumns{eventColumns: newEventColumns(), name: newLC()}
	c.named = c.with(namedColumn{"parent_span_id", &c.parent}, namedColumn{"name", c.name})
	return c
}

func (c *spanStartColumns) row(i int) SpanStart {
	return SpanStart{FunctionEvent: c.eventColumns.row(i), ParentSpanID: SpanIDFromUint64(c.parent[i]), Name: c.name.Row(i)}
}
