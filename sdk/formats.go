package sdk

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Header names, in lower case; carriers for HTTP canonicalise them.
const (
	traceParent   = "traceparent"
	uberTraceID   = "uber-trace-id"
	jaegerDebugID = "jaeger-debug-id"
	fcSpanContext = "x-fc-tracing-opentracing-span-context"
	b3Single      = "b3"
	b3TraceID     = "x-b3-traceid"
	b3SpanID      = "x-b3-spanid"
	b3Sampled     = "x-b3-sampled"
	b3Flags       = "x-b3-flags"
	amznTraceID   = "x-amzn-trace-id"
)

var w3cCodec = codec{
	fields: propagation.TraceContext{}.Fields(),
	read: func(c propagation.TextMapCarrier) (remote, bool, error) {
		if get(c, traceParent) == "" {
			return remote{}, false, nil
		}
		sc := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), c))
		if !sc.IsValid() {
			return remote{}, false, fmt.Errorf("invalid %s", traceParent)
		}
		return remote{sc, decided(sc.IsSampled())}, true, nil
	},
	write: func(sc trace.SpanContext, c propagation.TextMapCarrier) {
		propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), sc), c)
	},
}

func decided(sampled bool) decision {
	if sampled {
		return sample
	}
	return drop
}

// newRemote makes a remote of ids in hex, as long as or shorter than their full width: old clients leave zeros in front
// away, and 64-bit trace ids are common.
func newRemote(traceHex, spanHex string, d decision) (remote, error) {
	var cfg trace.SpanContextConfig
	if err := parseHex(cfg.TraceID[:], traceHex); err != nil {
		return remote{}, fmt.Errorf("trace id: %w", err)
	}
	if err := parseHex(cfg.SpanID[:], spanHex); err != nil {
		return remote{}, fmt.Errorf("span id: %w", err)
	}
	// An undecided caller counts as sampled for readers without our sampler, which asks again.
	if d != drop {
		cfg.TraceFlags = trace.FlagsSampled
	}
	cfg.Remote = true
	sc := trace.NewSpanContext(cfg)
	if !sc.IsValid() {
		return remote{}, errors.New("all-zero id")
	}
	return remote{sc, d}, nil
}

// parseHex fills dst, right-aligned, from at most 2*len(dst) hex digits.
func parseHex(dst []byte, s string) error {
	if s == "" || len(s) > 2*len(dst) {
		return fmt.Errorf("want 1 to %d hex digits, got %d", 2*len(dst), len(s))
	}
	if len(s)%2 == 1 {
		s = "0" + s
	}
	_, err := hex.Decode(dst[len(dst)-len(s)/2:], []byte(s))
	return err
}

// parseUber reads {trace}:{span}:{parent}:{flags}, all hex; the parent is obsolete and ignored. Bit 0 of the flags is
// sampled, bit 1 debug. Some clients URL-encode the colons.
// https://www.jaegertracing.io/docs/1.76/client-libraries/#propagation-format
func parseUber(s string) (remote, error) {
	if strings.Contains(s, "%") {
		u, err := url.QueryUnescape(s)
		if err != nil {
			return remote{}, err
		}
		s = u
	}
	parts := strings.Split(s, ":")
	if len(parts) != 4 {
		return remote{}, fmt.Errorf("want 4 parts, got %d", len(parts))
	}
	flags, err := strconv.ParseUint(parts[3], 16, 8)
	if err != nil {
		return remote{}, fmt.Errorf("flags: %w", err)
	}
	return newRemote(parts[0], parts[1], decided(flags&3 != 0))
}

func formatUber(sc trace.SpanContext) string {
	flags := ":0:0"
	if sc.IsSampled() {
		flags = ":0:1"
	}
	return sc.TraceID().String() + ":" + sc.SpanID().String() + flags
}

func readUber(c propagation.TextMapCarrier) (remote, bool, error) { return readUberAs(c, uberTraceID) }
func readFC(c propagation.TextMapCarrier) (remote, bool, error)   { return readUberAs(c, fcSpanContext) }

func readUberAs(c propagation.TextMapCarrier, key string) (remote, bool, error) {
	v := get(c, key)
	if v == "" {
		return remote{}, false, nil
	}
	r, err := parseUber(v)
	if err != nil {
		return remote{}, false, fmt.Errorf("invalid %s: %w", key, err)
	}
	return r, true, nil
}

func writeUber(sc trace.SpanContext, c propagation.TextMapCarrier) {
	c.Set(uberTraceID, formatUber(sc))
}
func writeFC(sc trace.SpanContext, c propagation.TextMapCarrier) {
	c.Set(fcSpanContext, formatUber(sc))
}

// readB3 reads the single header and, without it, the several. https://github.com/openzipkin/b3-propagation
func readB3(c propagation.TextMapCarrier) (remote, bool, error) {
	if v := get(c, b3Single); v != "" {
		r, err := parseB3(v)
		if err != nil {
			return remote{}, false, fmt.Errorf("invalid %s: %w", b3Single, err)
		}
		return r, true, nil
	}
	d, err := parseB3Decision(get(c, b3Sampled))
	if err != nil {
		return remote{}, false, fmt.Errorf("invalid %s: %w", b3Sampled, err)
	}
	if get(c, b3Flags) == "1" { // debug implies an accept decision
		d = sample
	}
	tid, sid := get(c, b3TraceID), get(c, b3SpanID)
	if tid == "" && sid == "" {
		return remote{decision: d}, d != undecided, nil
	}
	r, err := newRemote(tid, sid, d)
	if err != nil {
		return remote{}, false, fmt.Errorf("invalid x-b3 headers: %w", err)
	}
	return r, true, nil
}

// parseB3 reads {decision} or {trace}-{span}[-{decision}[-{parent}]].
func parseB3(s string) (remote, error) {
	parts := strings.Split(s, "-")
	if len(parts) == 1 {
		d, err := parseB3Decision(s)
		return remote{decision: d}, err
	}
	if len(parts) > 4 {
		return remote{}, fmt.Errorf("want at most 4 parts, got %d", len(parts))
	}
	d := undecided
	if len(parts) > 2 {
		var err error
		if d, err = parseB3Decision(parts[2]); err != nil {
			return remote{}, err
		}
	}
	return newRemote(parts[0], parts[1], d)
}

func parseB3Decision(s string) (decision, error) {
	switch s {
	case "":
		return undecided, nil
	case "1", "d", "true": // true and false are of older clients
		return sample, nil
	case "0", "false":
		return drop, nil
	}
	return undecided, fmt.Errorf("sampling state %.8q", s)
}

func writeB3Single(sc trace.SpanContext, c propagation.TextMapCarrier) {
	c.Set(b3Single, sc.TraceID().String()+"-"+sc.SpanID().String()+"-"+bit(sc.IsSampled()))
}

func writeB3Multi(sc trace.SpanContext, c propagation.TextMapCarrier) {
	c.Set(b3TraceID, sc.TraceID().String())
	c.Set(b3SpanID, sc.SpanID().String())
	c.Set(b3Sampled, bit(sc.IsSampled()))
}

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

func readXRay(c propagation.TextMapCarrier) (remote, bool, error) {
	v := get(c, amznTraceID)
	if v == "" {
		return remote{}, false, nil
	}
	r, err := parseXRay(v)
	if err != nil {
		return remote{}, false, fmt.Errorf("invalid %s: %w", amznTraceID, err)
	}
	return r, r.sc.IsValid() || r.decision != undecided, nil
}

// parseXRay reads Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled={0|1|?} in any order; other fields are ignored. A load
// balancer writes a Root alone: without a parent only its decision can be followed.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func parseXRay(s string) (remote, error) {
	var root, parent string
	d := undecided
	for field := range strings.SplitSeq(s, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch k {
		case "Root":
			root = v
		case "Parent":
			parent = v
		case "Sampled":
			switch v {
			case "1":
				d = sample
			case "0":
				d = drop
			}
		}
	}
	if parent == "" {
		return remote{decision: d}, nil
	}
	parts := strings.Split(root, "-")
	if len(parts) != 3 || parts[0] != "1" || len(parts[1]) != 8 || len(parts[2]) != 24 {
		return remote{}, fmt.Errorf("root %.40q: want 1-8 hex-24 hex", root)
	}
	return newRemote(parts[1]+parts[2], parent, d)
}

func writeXRay(sc trace.SpanContext, c propagation.TextMapCarrier) {
	id := sc.TraceID().String()
	c.Set(amznTraceID, "Root=1-"+id[:8]+"-"+id[8:]+";Parent="+sc.SpanID().String()+";Sampled="+bit(sc.IsSampled()))
}
