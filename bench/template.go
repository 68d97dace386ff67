package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/protobuf/encoding/protowire"
)

// template is a request as bytes with the places of everything that must differ from one sending to the next. Renewing
// it costs a twentieth of encoding it.
type template struct {
	wire     []byte
	spans    int
	traceIDs []int // offsets of 16 bytes
	spanIDs  []int // offsets of 8 bytes
	times    []int // offsets of little-endian nanoseconds, which count from 0 here
	digits   []int // offsets of hexDigits characters
}

func newTemplate(td ptrace.Traces) (*template, error) {
	wire, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		return nil, err
	}
	t := &template{wire: wire}
	// ExportTraceServiceRequest.resource_spans 1, ResourceSpans.scope_spans 2, ScopeSpans.spans 2.
	err = fields(wire, 0, func(n protowire.Number, at int, body []byte) error {
		if n != 1 {
			return nil
		}
		return fields(body, at, func(n protowire.Number, at int, body []byte) error {
			if n != 2 {
				return nil
			}
			return fields(body, at, func(n protowire.Number, at int, body []byte) error {
				if n != 2 {
					return nil
				}
				t.spans++
				return t.span(body, at)
			})
		})
	})
	if err != nil {
		return nil, err
	}
	if t.spans != td.SpanCount() || len(t.traceIDs) < t.spans {
		return nil, fmt.Errorf("found %d spans in a request of %d", t.spans, td.SpanCount())
	}
	return t, nil
}

// span notes the places inside a Span message: trace_id 1, span_id 2, parent_span_id 4, start 7, end 8, attributes 9,
// events 11 (time 1), links 13 (trace_id 1, span_id 2).
func (t *template) span(body []byte, at int) error {
	return fields(body, at, func(n protowire.Number, at int, body []byte) error {
		switch n {
		case 1:
			t.traceIDs = append(t.traceIDs, at)
		case 2, 4:
			if len(body) == 8 {
				t.spanIDs = append(t.spanIDs, at)
			}
		case 7, 8:
			t.times = append(t.times, at)
		case 9:
			return t.attribute(body, at)
		case 11:
			return fields(body, at, func(n protowire.Number, at int, _ []byte) error {
				if n == 1 {
					t.times = append(t.times, at)
				}
				return nil
			})
		case 13:
			return fields(body, at, func(n protowire.Number, at int, _ []byte) error {
				switch n {
				case 1:
					t.traceIDs = append(t.traceIDs, at)
				case 2:
					t.spanIDs = append(t.spanIDs, at)
				}
				return nil
			})
		}
		return nil
	})
}

// attribute looks for the marker in a KeyValue's (value 2) string (string_value 1).
func (t *template) attribute(body []byte, at int) error {
	return fields(body, at, func(n protowire.Number, at int, body []byte) error {
		if n != 2 {
			return nil
		}
		return fields(body, at, func(n protowire.Number, at int, body []byte) error {
			if n != 1 {
				return nil
			}
			for i := 0; i+len(hexMarker)+hexDigits <= len(body); i++ {
				if string(body[i:i+len(hexMarker)]) == hexMarker {
					// The marker itself is overwritten too: values keep their length and lose nothing.
					copy(body[i:], "0000")
					t.digits = append(t.digits, at+i+len(hexMarker))
				}
			}
			return nil
		})
	})
}

// fields calls visit for every field of a message, with the place of its value in the whole request.
func fields(message []byte, at int, visit func(n protowire.Number, at int, body []byte) error) error {
	for i := 0; i < len(message); {
		n, kind, size := protowire.ConsumeTag(message[i:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		i += size
		size = protowire.ConsumeFieldValue(n, kind, message[i:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		from := i
		if kind == protowire.BytesType {
			_, prefix := protowire.ConsumeVarint(message[i:])
			from += prefix
		}
		if err := visit(n, at+from, message[from:i+size]); err != nil {
			return err
		}
		i += size
	}
	return nil
}

// renew gives every id a new value, the same new value for the same old one, and moves times to now. wire is as long as
// the template's.
func (t *template) renew(wire []byte, random *rand.Rand, nowNS int64) {
	copy(wire, t.wire)
	var mask [16]byte
	binary.LittleEndian.PutUint64(mask[:8], random.Uint64())
	binary.LittleEndian.PutUint64(mask[8:], random.Uint64())
	xor := func(at, n int) {
		for i := range n {
			wire[at+i] ^= mask[i]
		}
	}
	for _, at := range t.traceIDs {
		xor(at, 16)
	}
	for _, at := range t.spanIDs {
		xor(at, 8)
	}
	for _, at := range t.times {
		relative := binary.LittleEndian.Uint64(wire[at:])
		binary.LittleEndian.PutUint64(wire[at:], uint64(nowNS)+relative)
	}
	var raw [hexDigits / 2]byte
	for _, at := range t.digits {
		binary.LittleEndian.PutUint64(raw[:], random.Uint64())
		hex.Encode(wire[at:at+hexDigits], raw[:])
	}
}
