package seed

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/bench/truth"
)

const (
	chainDepth = 20_000
	chainNames = 50 // distinct ones in the chain
	fanOut     = 50_000
)

// shapes are traces that what recurses, or is quadratic, does not survive.
func (m *maker) shapes() {
	start := m.base - 200*second
	m.begin("chain")
	var parent *truth.Span
	for i := range int64(chainDepth) {
		parent = m.span("chain", fmt.Sprintf("call %d", i%chainNames), ptrace.SpanKindInternal, parent, start+i*10*microsecond, start+(2*chainDepth-i)*10*microsecond)
	}
	parent.Name = lastStep
	m.end("chain", "20,000 spans, each in the one before").Last = lastStep

	m.begin("fan-out")
	root := m.span("fan-out", "GET /all", ptrace.SpanKindServer, nil, start, start+(fanOut+1)*100*microsecond)
	for i := range int64(fanOut) {
		at := start + i*100*microsecond
		m.span("fan-out", "GET /one", ptrace.SpanKindClient, root, at, at+90*microsecond)
	}
	m.end("fan-out", "50,000 equal children").Last = "GET /one"

	m.large(start)
}

// A value of an attribute is kept up to 64 KiB, so that only many of them are a lot.
const (
	longValue  = 1 << 20
	manyValues = 16
	keptValue  = 60 << 10
)

func (m *maker) large(start int64) {
	m.begin("large")
	root := m.span("large", "POST /upload", ptrace.SpanKindServer, nil, start, start+second)
	one := m.span("large", "one attribute of 1 MB", ptrace.SpanKindInternal, root, start+millisecond, start+400*millisecond)
	one.Attributes["app.body"] = strings.Repeat("0123456789abcdef", longValue/16)
	many := m.span("large", "1 MB of attributes", ptrace.SpanKindInternal, root, start+500*millisecond, start+900*millisecond)
	for i := range manyValues {
		many.Attributes[fmt.Sprintf("app.part.%02d", i)] = strings.Repeat(fmt.Sprintf(`{"line":%d,"text":"a part of the body"},`, i), keptValue/42)
	}
	m.end("large", "a span with 1 MB of attributes").Span = spanID(many)
}
