package contract

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// Instance is the runtime's side of one running program: a server of the program's contract, or a client of the program's
// own server. It is made before the program is started, because the program's environment names its address.
//
// Poll, post and probe of the program never make the runtime wait for anything but the program.
type Instance interface {
	// Environment returns the variables that the program must have: NAME=value.
	Environment() []string

	// Ready waits until the program can take its first invocation: it polls, or is healthy. It returns nil, or an *Error
	// that the program itself reported, or ctx's error when that ended first. The initializer has not run yet then.
	Ready(ctx context.Context) error

	// Initialize runs the lifecycle hooks that the contract has. A contract without the hook returns nil at once. At most
	// one runs at a time, and none beside an invocation.
	Initialize(ctx context.Context, hook *Invocation) error
	PreFreeze(ctx context.Context, hook *Invocation) error
	PreStop(ctx context.Context, hook *Invocation) error

	// Invoke has the program handle inv and writes the answer to w as it comes: status and headers for an HTTP trigger,
	// Content-Type and body for an event. When the function fails before it has written anything, nothing is written to w and
	// Outcome.Error says why; when it fails later, Outcome.Error is set and what was written stays.
	// It returns when the answer is complete, when the program has failed, or when ctx ends (Outcome.Error is
	// then nil and the error is ctx's); it never returns an error otherwise. Up to the function's concurrency of them run at once.
	Invoke(ctx context.Context, inv *Invocation, w http.ResponseWriter) (Outcome, error)

	// Phases are the moments of the start that only the contract sees, for the spans of the cold start.
	Phases() Phases

	// Exited tells the contract that the program is gone: whatever is under way ends with an error made by cause.
	Exited(cause *Error)

	// Close releases the listener. The program is gone by then.
	Close() error
}

// Kind of an invocation.
type Kind uint8

// Kinds.
const (
	Event Kind = iota // bytes in, bytes out
	Web               // an HTTP trigger's request
)

// Invocation is one run of a function.
type Invocation struct {
	// ID is the request id: a UUID in lower case.
	ID string
	// Name is the function's.
	Name string
	Kind Kind
	// Event is the payload of an Event.
	Event []byte
	// Request is the request of a Web invocation. Its URL is what follows the trigger's prefix; its headers are the caller's, context
	// headers included.
	Request *http.Request
	// Prefix is the path of the trigger that was taken off the URL, such as /http/shop.
	Prefix string
	// Deadline is when the invocation times out.
	Deadline time.Time
	// Timeout is the function's.
	Timeout time.Duration
	// Span is the span that the function's own spans belong under. It is handed over in every format.
	Span trace.SpanContext
	// Baggage is the caller's.
	Baggage baggage.Baggage
	// Qualifier is the version or alias that the caller asked for.
	Qualifier string
	// ClientContext is Lambda's: base64 in the caller's header, JSON here.
	ClientContext string
	// CognitoIdentity is Lambda's: JSON, empty without one.
	CognitoIdentity string
	// Retry counts from 0.
	Retry int
}

// Outcome is how an invocation ended.
type Outcome struct {
	// Error is the function's failure, nil when there is none.
	Error *Error
	// Dispatched is when the program was handed the invocation, FirstByte and LastByte when its answer began and was
	// complete. Zero when it did not come to that.
	Dispatched, FirstByte, LastByte time.Time
	// ResponseBytes is the size of the answer's body.
	ResponseBytes int64
	// Status is the status of a Web answer.
	Status int
	// Free is closed when the program can take the next invocation in this one's place: with Lambda's contract when it polls again,
	// with others at once (nil). What passes until then is the span Overhead.
	Free <-chan struct{}
	// Log is the end of what the function has printed in this invocation; nil unless the contract knows it.
	Log []byte
}

// Phases are moments of a start; zero when they did not happen.
type Phases struct {
	// FirstContact is the program's first request to the contract's server, or the first connection its own server took.
	FirstContact time.Time
	// Probes are the health checks, the last of which succeeded.
	Probes []Probe
}

// Probe is one health check.
type Probe struct {
	Start, End time.Time
	// Err is empty when it succeeded.
	Err string
}

// Error is why a function, or its instance, failed.
type Error struct {
	// Type is the vendor's name: Runtime.ExitError, Function.ResponseSizeTooLarge, Sandbox.Timedout, or the function's own
	// error type, such as TypeError.
	Type    string
	Message string
	// Payload is what the caller gets as the answer's body: the vendor's JSON. Nil: errorMessage and errorType are made into one.
	Payload []byte
	// Stack is the innermost frame first.
	Stack []Frame
	// Handled says that the function has caught it and answered with an error document.
	Handled bool
}

func (e *Error) Error() string { return e.Type + ": " + e.Message }

// Frame is one line of a stack.
type Frame struct {
	Function, File string
	Line           int
}

// FromPanic leaves out how Go gets from a panic to whoever reports it. Other stacks it returns as they are.
func FromPanic(stack []Frame) []Frame {
	if k := slices.IndexFunc(stack, func(f Frame) bool { return f.Function == "gopanic" && f.File == "runtime/panic.go" }); k >= 0 {
		stack = stack[k:]
		for len(stack) > 1 && strings.HasPrefix(stack[0].File, "runtime/") {
			stack = stack[1:]
		}
	}
	return stack
}

// Error types of the platform. Source: Lambda's runtime interface emulator, fatalerror.
const (
	ErrExit         = "Runtime.ExitError"
	ErrEntrypoint   = "Runtime.InvalidEntrypoint"
	ErrTimeout      = "Sandbox.Timedout"
	ErrTooLarge     = "Function.ResponseSizeTooLarge"
	ErrOutOfMemory  = "Runtime.OutOfMemory"
	ErrDiskFull     = "Runtime.DiskFull"
	ErrInitTimeout  = "Sandbox.InitTimeout"
	ErrTruncated    = "Runtime.TruncatedResponse"
	ErrUnknown      = "Runtime.Unknown"
	ErrFunction     = "Function.Unknown"
	ErrSandbox      = "Sandbox.Failure"
	ErrShuttingDown = "Sandbox.Shutdown"

	// ErrRequestTooLarge is ours: the vendors' front refuses such a request before a function has a part in it.
	ErrRequestTooLarge = "Function.RequestSizeTooLarge"
)

// Limits of payloads, in bytes. Sources: reference of Lambda and of Function Compute.
const (
	MaxLambdaRequest  = 6 << 20
	MaxLambdaResponse = 6<<20 + 100
	MaxStreamResponse = 200 << 20
	MaxFCRequest      = 32 << 20
	MaxFCResponse     = 32 << 20
)
