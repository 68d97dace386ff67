package sdk

import (
	"encoding/binary"
	"io"

	"github.com/opentracing/opentracing-go"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// The Binary carrier has the layout of jaeger-client: trace id (16 bytes), span id, parent id (8 each), flags (1), then a
// count and length-prefixed pairs of baggage; all big-endian, lengths int32. W3C tracestate has no place in it and travels
// as a baggage item that is taken out again on arrival.
const (
	binaryHeader      = 16 + 8 + 8 + 1 + 4
	binaryTraceState  = "tracestate"
	maxBinaryItems    = 180  // as jaeger-client
	maxBinaryItemSize = 4096 // key and value together, as jaeger-client
)

func writeBinary(w io.Writer, c *spanContext) error {
	tid, sid := c.sc.TraceID(), c.sc.SpanID()
	b := make([]byte, 0, binaryHeader)
	b = append(b, tid[:]...)
	b = append(b, sid[:]...)
	b = append(b, make([]byte, 8)...)
	b = append(b, byte(c.sc.TraceFlags()&trace.FlagsSampled))

	var items [][2]string
	add := func(k, v string) {
		if len(k)+len(v) <= maxBinaryItemSize && len(items) < maxBinaryItems {
			items = append(items, [2]string{k, v})
		}
	}
	if ts := c.sc.TraceState().String(); ts != "" {
		add(binaryTraceState, ts)
	}
	for _, m := range sortedMembers(c.bag) {
		if m.Key() != binaryTraceState {
			add(m.Key(), m.Value())
		}
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(items)))
	for _, kv := range items {
		for _, s := range kv {
			b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
			b = append(b, s...)
		}
	}
	_, err := w.Write(b)
	return err
}

func readBinary(r io.Reader) (*spanContext, error) {
	var head [binaryHeader]byte
	switch _, err := io.ReadFull(r, head[:]); err {
	case nil:
	case io.EOF:
		return nil, opentracing.ErrSpanContextNotFound
	default:
		return nil, opentracing.ErrSpanContextCorrupted
	}
	cfg := trace.SpanContextConfig{
		TraceID: trace.TraceID(head[:16]),
		SpanID:  trace.SpanID(head[16:24]),
		Remote:  true,
	}
	if head[32]&3 != 0 { // sampled or debug
		cfg.TraceFlags = trace.FlagsSampled
	}
	n := binary.BigEndian.Uint32(head[33:])
	if n > maxBinaryItems {
		return nil, opentracing.ErrSpanContextCorrupted
	}
	var bag baggage.Baggage
	for range n {
		key, err := readBinaryString(r)
		if err != nil {
			return nil, err
		}
		value, err := readBinaryString(r)
		if err != nil {
			return nil, err
		}
		if key == binaryTraceState {
			cfg.TraceState, _ = trace.ParseTraceState(value) // unreadable vendor data must not cost the trace
			continue
		}
		if m, err := baggage.NewMemberRaw(key, value); err == nil {
			bag, _ = bag.SetMember(m) // cannot fail on a member that NewMemberRaw made
		}
	}
	sc := trace.NewSpanContext(cfg)
	if !sc.IsValid() && bag.Len() == 0 {
		return nil, opentracing.ErrSpanContextCorrupted
	}
	return remoteContext(sc, bag), nil
}

func readBinaryString(r io.Reader) (string, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return "", opentracing.ErrSpanContextCorrupted
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxBinaryItemSize {
		return "", opentracing.ErrSpanContextCorrupted
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return "", opentracing.ErrSpanContextCorrupted
	}
	return string(b), nil
}
