package enrichprocessor

import (
	"context"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// Clean enriches spans that are not in pdata, as long as the processor would change nothing about them but add what it derives.
// Whoever reads them shows it every part; as soon as it says no, they have to go through the processor. It is safe for concurrent use.
type Clean struct {
	cfg      Config
	trusting bool
	now      func() time.Time
	known    statements
	readers  sync.Pool // of *CleanReader
}

// NewClean returns a Clean with the processor's bounds.
func NewClean(cfg Config) *Clean { return &Clean{cfg: cfg, now: time.Now} }

// NewTrusting returns a Clean that says yes to everything, for spans that were found clean before.
func NewTrusting() *Clean { return &Clean{trusting: true, now: time.Now} }

// DefaultConfig is the configuration of a processor whose section in the file is empty.
func DefaultConfig() Config { return *defaultConfig().(*Config) }

// Reader returns what looks at one request. Give takes it back, after which nothing that it returned is touched.
func (c *Clean) Reader() *CleanReader {
	r, ok := c.readers.Get().(*CleanReader)
	if !ok {
		r = &CleanReader{clean: c, trusting: c.trusting}
	}
	r.clock = newClock(c.now(), c.cfg.MaxFuture)
	return r
}

// Give takes a reader back.
func (c *Clean) Give(r *CleanReader) {
	clear(r.of[:]) // they are the request's
	r.sql.src = ""
	if r.keys.Len() > maxKnownKeys {
		r.keys.Clear()
	}
	c.readers.Put(r)
}

// CleanReader looks at one request after the other; one goroutine uses it. Its methods that return a bool say whether the processor
// would leave alone what they are shown.
type CleanReader struct {
	facts
	clean    *Clean
	trusting bool
	clock    clock
	keys     semconv.KeyTable[*keyInfo]
	sql      tokenizer
}

// Name is for a span's, event's or scope's name, a version, a schema URL, a trace state, or a key within a value.
func (r *CleanReader) Name(s string) bool {
	return r.trusting || len(s) <= r.clean.cfg.MaxNameBytes && utf8.ValidString(s)
}

// Text is for a status message or an attribute's text.
func (r *CleanReader) Text(s string) bool {
	return r.trusting || len(s) <= r.clean.cfg.MaxValueBytes && utf8.ValidString(s)
}

// Nested is for a list, map or bytes of so many bytes on the wire. It says no to some that the processor would leave alone: there, an
// element counts for up to eight times what it takes on the wire.
func (r *CleanReader) Nested(wireBytes int) bool {
	return r.trusting || 8*(wireBytes+1) <= r.clean.cfg.MaxValueBytes
}

// NestedDepth is for a list or map that many levels below an attribute.
func (r *CleanReader) NestedDepth(depth int) bool { return depth < maxDepth/2 }

// Time is for a timestamp in Unix nanoseconds.
func (r *CleanReader) Time(ns uint64) bool {
	return r.trusting || r.clock.sane(pcommon.Timestamp(ns))
}

// Events is for a span's number of events.
func (r *CleanReader) Events(n int) bool { return r.trusting || n <= r.clean.cfg.MaxEvents }

// Links is for a span's number of links.
func (r *CleanReader) Links(n int) bool { return r.trusting || n <= r.clean.cfg.MaxLinks }

// Attributes is for the number of attributes of anything.
func (r *CleanReader) Attributes(n int) bool { return r.trusting || n <= r.clean.cfg.MaxAttributes }

// Begin forgets the attributes at hand: those of something else follow.
func (r *CleanReader) Begin() { r.given = 0 }

// Attribute takes in one of the attributes at hand, whose text Text has been shown.
func (r *CleanReader) Attribute(key string, v Value) bool {
	slot, ok := r.attribute(key, v)
	if slot != noSlot {
		r.note(slot, v)
	}
	return ok
}

// Aside is for an attribute of something else than what is at hand.
func (r *CleanReader) Aside(key string, v Value) bool {
	_, ok := r.attribute(key, v)
	return ok
}

func (r *CleanReader) attribute(key string, v Value) (slot, bool) {
	if len(key) > r.clean.cfg.MaxNameBytes && !r.trusting {
		return noSlot, false
	}
	info := *r.keys.Find(key, know)
	if info == plainKey {
		return noSlot, true
	}
	return info.slot, r.trusting || !info.broken && !info.derived && !info.old && !converts(v, info.typ)
}

// converts is whether convert might give v another type.
func converts(v Value, want semconv.AttrType) bool {
	switch {
	case want == semconv.Int && v.Type == pcommon.ValueTypeDouble:
		return true
	case want == semconv.Int && v.Type == pcommon.ValueTypeStr:
		_, err := strconv.ParseInt(v.Str, 10, 64)
		return err == nil
	case want == semconv.Bool:
		return v.Type == pcommon.ValueTypeStr && (v.Str == "true" || v.Str == "false")
	}
	return false
}

// Resource ends a resource's attributes: the spans that follow are its.
func (r *CleanReader) Resource() { r.function = r.has(slotFaasName) }

// Statement is the fingerprint of the database statement among a span's attributes and its hash; empty when there is none.
func (r *CleanReader) Statement() (fingerprint string, hash uint64) {
	text := r.str(slotDBText)
	if text == "" {
		return "", 0
	}
	return r.clean.known.fingerprint(&r.sql, text, dialectOf(r.str(slotDBSystem)))
}

// Derived is what is derived of a span besides its statement.
type Derived struct {
	Category, Peer          string
	Marks                   uint8
	Status                  ptrace.StatusCode // the span's, or what its attributes make of it
	ErrorType, ErrorMessage string
	failure                 failure
}

// Span derives from the attributes at hand, which are the span's.
func (r *CleanReader) Span(kind ptrace.SpanKind, status ptrace.StatusCode, statusMessage string) (d Derived) {
	d.Category = r.category(kind)
	d.Peer = r.peer(kind, d.Category)
	d.Marks = r.marks(kind)
	d.failure, d.Status = r.failure(status, statusMessage)
	return d
}

// Event takes in one of a failed span's events, in order, whose attributes are at hand.
func (r *CleanReader) Event(d *Derived, name string) { d.failure.event(name, &r.facts) }

// Failed ends a failed span.
func (r *CleanReader) Failed(d *Derived) {
	// Clean texts are within the bound; where everything is trusted there is none.
	d.ErrorType, d.ErrorMessage = d.failure.reasons(maxTrustedBytes)
}

const maxTrustedBytes = 16 << 20 // the highest MaxValueBytes

type enrichedKey struct{}

// WithEnriched says to the processor that what comes with the context has been enriched by a Clean: it passes it on as it is.
func WithEnriched(ctx context.Context) context.Context {
	return context.WithValue(ctx, enrichedKey{}, true)
}

func enriched(ctx context.Context) bool { return ctx.Value(enrichedKey{}) != nil }
