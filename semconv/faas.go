package semconv

// Names of the log records that the invoke runtime writes and the store keeps in tables of their own (event name of the
// record). They exist for every invocation and instance, whether or not the trace is sampled.
const (
	// EventInvocation is one run of a function. Timestamp: when the request came. Trace and span id: those of the span Invocation.
	// Resource: the function's. Attributes: Invocation constants.
	EventInvocation = "weft.invocation"
	// EventInstance is one step in the life of an instance. Timestamp: when it happened. Attributes: Instance constants.
	EventInstance = "weft.instance"
	// EventSpanStart says that a span has begun, so that one whose process is killed is not lost. Trace and span id: the span's.
	EventSpanStart = "weft.span.start"
	// EventProfile is a CPU profile of a span. Body: bytes, pprof's gzipped protocol buffer. Trace and span id: the span's.
	EventProfile = "weft.profile"
)

// Attributes of EventInvocation, besides faas.invocation_id, faas.trigger, faas.coldstart, faas.instance, faas.version,
// error.type and exception.message.
const (
	InvocationQualifier     = "weft.invocation.qualifier"      // string: what the caller asked for
	InvocationOutcome       = "weft.invocation.outcome"        // string: Outcome constants
	InvocationDuration      = "weft.invocation.duration"       // int64, ns: the function's part, dispatched to answered
	InvocationTotal         = "weft.invocation.total"          // int64, ns: request came to answer sent
	InvocationQueue         = "weft.invocation.queue"          // int64, ns: waited for a free instance, cold start excluded
	InvocationColdStart     = "weft.invocation.coldstart"      // int64, ns: waited for a new instance
	InvocationRequestBytes  = "weft.invocation.request_bytes"  // int64
	InvocationResponseBytes = "weft.invocation.response_bytes" // int64
	InvocationStatus        = "weft.invocation.status"         // int64: HTTP status of the answer
	InvocationCPU           = "weft.invocation.cpu"            // int64, ns: of the instance meanwhile
	InvocationMaxMemory     = "weft.invocation.max_memory"     // int64, bytes: the instance's greatest resident size so far
	InvocationRetry         = "weft.invocation.retry"          // int64, from 0
)

// Values of InvocationOutcome.
const (
	OutcomeSuccess   = "success"
	OutcomeError     = "error"     // the function failed, or answered with a status of 500 or more
	OutcomeTimeout   = "timeout"   // it was killed because of its timeout
	OutcomeCrash     = "crash"     // its program ended
	OutcomeMemory    = "memory"    // its program was killed because of its memory bound
	OutcomeThrottled = "throttled" // no instance could take it; 429
	OutcomePlatform  = "platform"  // the platform failed it
	OutcomeCanceled  = "canceled"  // the caller went away
)

// Attributes of EventInstance, besides faas.instance and faas.version.
const (
	InstanceState  = "weft.instance.state"  // string: State constants
	InstanceReason = "weft.instance.reason" // string: first, scale_out, provisioned, idle, evicted, timeout, crash, memory, disk, shutdown, version_switch
	InstancePID    = "weft.instance.pid"    // int64
	InstanceInit   = "weft.instance.init"   // int64, ns, on State ready: from the decision to ready
	InstanceExit   = "weft.instance.exit"   // int64: exit code on State stopped
)

// Values of InstanceState.
const (
	StateStarting = "starting"
	StateReady    = "ready"
	StateFailed   = "failed" // never became ready
	StateFrozen   = "frozen"
	StateThawed   = "thawed"
	StateStopped  = "stopped"
)

// Attributes of the runtime's spans.
const (
	ColdStartReason = "weft.coldstart.reason" // string, on ColdStart: first, scale_out, version_switch, crashed, evicted
	InitType        = "weft.init.type"        // string, on Instance Init: on-demand, provisioned
	ModuleName      = "weft.module.name"
	ModuleVersion   = "weft.module.version"
	ModuleKind      = "weft.module.kind" // string: core, dep, user
	ModuleSelf      = "weft.module.self" // int64, ns: without the modules that it loads
	ModuleCompile   = "weft.module.compile"
	ModuleAlloc     = "weft.module.alloc_bytes"
	// KilledBy is set on spans that ended because their program was killed or died: timeout, memory, crash, disk, shutdown.
	KilledBy = "weft.killed"
	// StartUnknown is bool, on a span of a killed program: its start is its parent's, for nothing better is known.
	StartUnknown = "weft.start.unknown"
	// LinkType says on a link of the runtime's what it points at: Link constants.
	LinkType = "weft.link.type"
	// QueueLimit is int64, on the span of a request that waited for an instance.
	QueueLimit = "weft.queue.limit"
)

// Values of LinkType.
const (
	LinkInstance    = "instance"            // the start of the instance that ran it
	LinkConflicting = "conflicting_context" // a span that another of the request's headers named
)

// Attributes of the phases of a start.
const (
	CodeBytes       = "weft.code.bytes"  // int64, of the package
	CodeCached      = "weft.code.cached" // bool: it was unpacked already
	CodeDigest      = "weft.code.digest" // string: sha256 in hex
	RuntimeContract = "weft.contract"    // string: lambda, fc, http, go; of the resource, too
	HealthProbes    = "weft.health_check.probes"
)

// RuntimeScope is the instrumentation scope of the runtime's spans, logs and rows.
const RuntimeScope = "weft/faas"

// Attributes of EventProfile.
const (
	ProfileKind    = "weft.profile.kind"    // string: cpu
	ProfileSamples = "weft.profile.samples" // int64: how many
)

// Attributes of the records that a function's output becomes.
const (
	LogTruncated = "weft.log.truncated" // bool: a line, or the record, was longer than the bound, and cut
	LogLast      = "weft.log.last"      // strings, on the exception of a killed run: the last lines that it printed
	LogDropped   = "weft.log.dropped"   // int64: how many lines were left out
)

// SpanParent is an attribute of EventSpanStart, whose body is the span's name: the parent's span id in hex, left out on a root.
const SpanParent = "weft.span.parent"

// SpanDeadline is an attribute of EventSpanStart, int64, Unix nanoseconds: when the runtime ends the run at the latest.
const SpanDeadline = "weft.span.deadline"

// SpanState is a string on a span that is known by its start alone: one of the State constants that follow.
const SpanState = "weft.span.state"

// Values of SpanState.
const (
	SpanRunning = "running" // it may still end
	SpanKilled  = "killed"  // its run was killed; KilledBy says by what
	SpanLost    = "lost"    // whoever ran it has not told of its end and no longer will
)
