package analysis

// Trace is what a trace's spans are, without what they say: no attributes, no events.
type Trace struct {
	// Strings holds every text of the spans, each once.
	Strings []string
	Spans   []Span
}

// Span is one span. Texts are indices into Trace.Strings.
type Span struct {
	ID     uint64
	Parent uint64 // 0 for a root
	// StartNS is Unix time in nanoseconds by the clock of the span's own host; DurationNS is never negative.
	StartNS, DurationNS int64
	// Statement groups database statements that differ only in literals; 0 when there is none.
	Statement uint64

	Service, Name, Category, Peer, ErrorType uint32

	Kind   Kind
	Failed bool // the status is error
	// Unset is a status that nobody set: such a span says neither that it failed nor that it went well.
	Unset bool
	// Follows is a span that only follows from its parent, which did not wait for it (OpenTracing's FOLLOWS_FROM).
	Follows   bool
	ColdStart bool // the function says that this invocation found no warm instance
}

// Kind is the OTLP span kind, with OTLP's numbers.
type Kind uint8

// Span kinds. Source: opentelemetry-proto trace/v1 Span.SpanKind.
const (
	KindUnspecified Kind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

// categoryDB is the category of spans that are calls of a database.
const categoryDB = "db"

// text is the string with an index, "" for one that does not exist.
func (t *Trace) text(i uint32) string {
	if int(i) < len(t.Strings) {
		return t.Strings[i]
	}
	return ""
}

// waitedFor tells whether a parent waits for this child: not for what consumes a message, nor for what merely follows.
func (s *Span) waitedFor() bool { return s.Kind != KindConsumer && !s.Follows }

// maxNS bounds instants and durations to about 73 years around 1970, so that sums and differences cannot overflow. The store holds
// nothing outside it by far but what a broken clock sent.
const maxNS = int64(1) << 61

// start and duration are bounded to maxNS.
func (s *Span) start() int64    { return min(max(s.StartNS, -maxNS), maxNS) }
func (s *Span) duration() int64 { return min(max(s.DurationNS, 0), maxNS) }
