package seed

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/bench/truth"
	"weft/semconv"
)

// work is traces of things that a viewer should know when it sees them.
func (m *maker) work() {
	start := m.base - 220*second
	m.queue()
	m.statements(start)
	m.coldStart(start)
	m.chinese(start)
	m.critical(start)
	m.pair(start)
}

// queueWait is how long the message waits.
const queueWait = int64(2 * time.Hour)

func (m *maker) queue() {
	start := m.base - 230*second - queueWait
	m.begin("queue")
	root := m.span("queue-shop", "POST /orders", ptrace.SpanKindServer, nil, start, start+300*millisecond)
	sent := m.message(root, "queue-shop", "send", ptrace.SpanKindProducer, start+200*millisecond, start+250*millisecond)
	at := sent.EndNS + queueWait
	got := m.message(sent, "queue-ship", "process", ptrace.SpanKindConsumer, at, at+400*millisecond)
	got.Links = append(got.Links, truth.Ref{TraceID: sent.TraceID, SpanID: sent.ID})
	m.query(got, "parcels", "SELECT id FROM parcels WHERE sent = $1", at+100*millisecond, at+300*millisecond)
	m.end("queue", "a message that waits for two hours in queue orders").Span = spanID(got)
}

func (m *maker) message(parent *truth.Span, service, operation string, kind ptrace.SpanKind, start, end int64) *truth.Span {
	s := m.span(service, operation+" orders", kind, parent, start, end)
	s.Attributes["messaging.system"], s.Attributes["messaging.destination.name"] = "kafka", "orders"
	s.Attributes["messaging.operation.type"], s.Attributes["messaging.message.id"] = operation, "seed-1"
	return s
}

// repeatedStatements is how often the statement of the trace n+1 is asked.
const repeatedStatements = 200

func (m *maker) statements(start int64) {
	m.begin("n+1")
	root := m.span("n1-shop", "GET /orders", ptrace.SpanKindServer, nil, start, start+(repeatedStatements+30)*millisecond)
	m.query(root, "orders", "SELECT id FROM orders WHERE customer = $1", start+millisecond, start+10*millisecond)
	for i := range int64(repeatedStatements) {
		at := start + (i+15)*millisecond
		m.query(root, "lines", "SELECT name, price FROM lines WHERE order_id = $1", at, at+900*microsecond)
	}
	m.end("n+1", "a list, then 200 times the same statement")
}

// coldStart is what the invoke runtime tells of a request that had to wait for a new instance.
func (m *maker) coldStart(start int64) {
	const name = "cold-resize"
	m.begin("cold start")
	m.resource(name, map[string]any{"faas.name": name, "faas.version": "7", "faas.instance": name + "-1", "cloud.provider": "weft"})
	at := func(ms int64) int64 { return start + ms*millisecond }
	add := func(parent *truth.Span, what string, from, to int64, attributes ...any) *truth.Span {
		s := m.span(name, what, ptrace.SpanKindInternal, parent, at(from), at(to))
		for i := 0; i+1 < len(attributes); i += 2 {
			s.Attributes[attributes[i].(string)] = attributes[i+1]
		}
		return s
	}
	server := m.span(name, name, ptrace.SpanKindServer, nil, at(0), at(900))
	server.Attributes["faas.trigger"], server.Attributes["faas.invocation_id"], server.Attributes["faas.coldstart"] = "http", "seed-cold", true
	cold := add(server, "ColdStart", 0, 700, semconv.ColdStartReason, "first")
	begin := add(cold, "Instance Init "+name, 0, 700, semconv.InitType, "on-demand", semconv.ColdStartReason, "first")
	cold.Links = []truth.Ref{{TraceID: begin.TraceID, SpanID: begin.ID}}
	add(begin, "PrepareCode", 0, 80, semconv.CodeBytes, int64(4<<20), semconv.CodeCached, false)
	initial := add(begin, "RuntimeInitialization", 80, 600, semconv.RuntimeContract, "lambda")
	add(initial, "sandbox", 80, 100)
	add(initial, "process.exec", 100, 120, "process.pid", int64(4242))
	module := add(initial, "import index", 120, 600, semconv.ModuleName, "index", semconv.ModuleKind, "user", semconv.ModuleSelf, 30*millisecond)
	add(module, "import sharp", 130, 430, semconv.ModuleName, "sharp", semconv.ModuleVersion, "0.33.5", semconv.ModuleKind, "dep", semconv.ModuleSelf, 300*millisecond)
	add(module, "import aws-sdk", 440, 590, semconv.ModuleName, "aws-sdk", semconv.ModuleVersion, "3.700.0", semconv.ModuleKind, "dep", semconv.ModuleSelf, 150*millisecond)
	add(begin, "Initializer", 600, 700)
	add(server, "Invocation", 700, 890)
	m.end("cold start", "a request that waits for a function's start").Span = spanID(cold)
}

func (m *maker) chinese(start int64) {
	m.begin("chinese")
	root := m.span("订单服务", "创建订单", ptrace.SpanKindServer, nil, start, start+300*millisecond)
	stock := m.span("库存服务", "检查库存并锁定商品", ptrace.SpanKindServer, root, start+20*millisecond, start+120*millisecond)
	m.query(stock, "库存表", "SELECT 数量 FROM 库存表 WHERE 商品编号 = $1", start+30*millisecond, start+100*millisecond)
	pay := m.span("支付网关", "扣款", ptrace.SpanKindServer, root, start+130*millisecond, start+280*millisecond)
	pay.Failed = true
	m.end("chinese", "services and operations with Chinese names").Span = spanID(stock)
}

// critical is a trace whose critical path is known because its time is cut into pieces before the spans are made of them.
func (m *maker) critical(start int64) {
	m.begin("critical path")
	at := func(ms int64) int64 { return start + ms*millisecond }
	root := m.span("path-web", "GET /report", ptrace.SpanKindServer, nil, at(0), at(100))
	client, server := m.call(root, "path-user", "/user", at(10), at(50))
	// Two that run beside each other: the one that ends later is waited for.
	long := m.span("path-web", "render page", ptrace.SpanKindInternal, root, at(55), at(90))
	m.span("path-web", "count visit", ptrace.SpanKindInternal, root, at(56), at(70))
	fact := m.end("critical path", "a trace whose critical path is known")
	for _, piece := range []struct {
		span     *truth.Span
		from, to int64
	}{{root, 0, 10}, {client, 10, 12}, {server, 12, 48}, {client, 48, 50}, {root, 50, 55}, {long, 55, 90}, {root, 90, 100}} {
		fact.CriticalPath = append(fact.CriticalPath, Segment{
			SpanID: spanID(piece.span), Name: piece.span.Name, OffsetNS: piece.from * millisecond, DurationNS: (piece.to - piece.from) * millisecond,
		})
	}
}

// pair is two traces of one kind that differ in one statement.
func (m *maker) pair(start int64) {
	for _, one := range []struct {
		name   string
		slowMS int64
	}{{"healthy", 5}, {"slow", 505}} {
		m.begin(one.name)
		at := start
		root := m.span("pair-shop", "GET /basket", ptrace.SpanKindServer, nil, start, start+(one.slowMS+100)*millisecond)
		for i, ms := range []int64{20, one.slowMS, 30} {
			m.query(root, fmt.Sprintf("part_%d", i), fmt.Sprintf("SELECT price FROM part_%d WHERE basket = $1", i), at+5*millisecond, at+(5+ms)*millisecond)
			at += (10 + ms) * millisecond
		}
		m.end(one.name, fmt.Sprintf("like its pair, but that a statement takes %d ms", one.slowMS)).Span = spanID(m.trace.Spans[2])
	}
}
