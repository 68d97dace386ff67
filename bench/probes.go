package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// question is what one call of a query asks about: the same on both sides.
type question struct {
	from, to           time.Time
	traceID, big, none string // hex digits; none is not stored
	service, operation string
	needle             string // a value of app.order.id that one span has
	known              bool   // the trace is one whose size is known
	spans              int    // of it
}

// Windows that searches look into.
const (
	lastHour = "last hour"
	allTime  = "all"
)

// answerRows is the limit of every list.
const answerRows = 20

// probe is one query: what Weft is asked, and the stock schema's SQL for the same question.
type probe struct {
	name    string
	windows []string // of a search; nil when it has none
	// old takes the trace from the earliest data and not from the latest.
	old  bool
	path func(p question) string
	// documented is the statement in the exporter's README, with our values, range and limit. Empty when it has none.
	documented func(p question) string
	// newest is the same question as Weft's for a list: the newest rows, and not any.
	newest func(p question) string
	// least is how many bytes an answer has that found what it must find.
	least int
}

// stockColumns are what the README's statements read.
const stockColumns = `SELECT Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration, StatusCode, StatusMessage,
	toString(SpanAttributes), toString(ResourceAttributes), toString(Events.Name), toString(Links.TraceId)
FROM otel_traces`

func quoted(s string) string { return "'" + s + "'" } // no value here has a quote or a backslash

// stockTrace is the README's way to read a trace, without its LIMIT 100: the whole of it is asked for.
func stockTrace(id string) string {
	return "WITH " + quoted(id) + ` AS trace_id,
	(SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) AS start,
	(SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) AS end
` + stockColumns + " WHERE TraceId = trace_id AND Timestamp >= start AND Timestamp <= end"
}

// search makes a probe of a list. stock is its condition in SQL, weft the parameters.
func search(name string, weft func(p question, q url.Values), stock func(p question) string) probe {
	where := func(p question) string {
		out := fmt.Sprintf(" WHERE Timestamp >= fromUnixTimestamp64Nano(%d) AND Timestamp < fromUnixTimestamp64Nano(%d)", p.from.UnixNano(), p.to.UnixNano())
		if stock != nil {
			out += " AND " + stock(p)
		}
		return out
	}
	return probe{
		name: name, windows: []string{lastHour, allTime}, least: 100,
		path: func(p question) string {
			q := url.Values{"limit": {fmt.Sprint(answerRows)}, "from": {fmt.Sprint(p.from.UnixNano())}, "to": {fmt.Sprint(p.to.UnixNano())}}
			if weft != nil {
				weft(p, q)
			}
			return "/api/v1/traces?" + q.Encode()
		},
		documented: func(p question) string { return stockColumns + where(p) + fmt.Sprintf(" LIMIT %d", answerRows) },
		newest: func(p question) string {
			return stockColumns + where(p) + fmt.Sprintf(" ORDER BY Timestamp DESC LIMIT %d", answerRows)
		},
	}
}

func byID(id string) string { return "/api/v1/traces/" + id }

func window(p question) string {
	return url.Values{"from": {fmt.Sprint(p.from.UnixNano())}, "to": {fmt.Sprint(p.to.UnixNano())}}.Encode()
}

// lastHours is what dependencies and topology look at.
const lastHours = 3 * time.Hour

// probes are all queries, in the order of the table.
var probes = []probe{
	{name: "trace, recent", least: 300, path: func(p question) string { return byID(p.traceID) }, documented: func(p question) string { return stockTrace(p.traceID) }},
	{name: "trace, old", old: true, least: 300, path: func(p question) string { return byID(p.traceID) }, documented: func(p question) string { return stockTrace(p.traceID) }},
	{name: "trace, unknown id", path: func(p question) string { return byID(p.none) }, documented: func(p question) string { return stockTrace(p.none) }},
	search("service", func(p question, q url.Values) { q.Set("service", p.service) },
		func(p question) string { return "ServiceName = " + quoted(p.service) }),
	search("service and operation", func(p question, q url.Values) { q.Set("service", p.service); q.Set("operation", p.operation) },
		func(p question) string {
			return "ServiceName = " + quoted(p.service) + " AND SpanName = " + quoted(p.operation)
		}),
	search("needle attribute", func(p question, q url.Values) { q.Set("service", p.service); q.Set("attr", "app.order.id="+p.needle) },
		func(p question) string {
			return "ServiceName = " + quoted(p.service) + " AND SpanAttributes['app.order.id'] = " + quoted(p.needle)
		}),
	search("needle attribute, any service", func(p question, q url.Values) { q.Set("attr", "app.order.id="+p.needle) },
		func(p question) string { return "SpanAttributes['app.order.id'] = " + quoted(p.needle) }),
	search("common attribute", func(p question, q url.Values) { q.Set("service", p.service); q.Set("attr", "http.request.method=GET") },
		func(p question) string {
			return "ServiceName = " + quoted(p.service) + " AND SpanAttributes['http.request.method'] = 'GET'"
		}),
	search("common attribute, any service", func(_ question, q url.Values) { q.Set("attr", "http.request.method=GET") },
		func(question) string { return "SpanAttributes['http.request.method'] = 'GET'" }),
	search("error", func(p question, q url.Values) { q.Set("service", p.service); q.Set("status", "error") },
		func(p question) string { return "ServiceName = " + quoted(p.service) + " AND StatusCode = 'Error'" }),
	search("error, any service", func(_ question, q url.Values) { q.Set("status", "error") },
		func(question) string { return "StatusCode = 'Error'" }),
	search("least duration", func(p question, q url.Values) { q.Set("service", p.service); q.Set("minDuration", "500ms") },
		func(p question) string { return "ServiceName = " + quoted(p.service) + " AND Duration >= 500000000" }),
	search("least duration, any service", func(_ question, q url.Values) { q.Set("minDuration", "500ms") },
		func(question) string { return "Duration >= 500000000" }),
	search("anything", nil, nil),
	{name: "trace of 20 000 spans", least: 1_000_000, path: func(p question) string { return byID(p.big) }, documented: func(p question) string { return stockTrace(p.big) }},
	{name: "… as skeleton", least: 100_000, path: func(p question) string { return byID(p.big) + "/skeleton" }, documented: func(p question) string { return stockTrace(p.big) }},
	{name: "services", least: 100, path: func(question) string { return "/api/v1/services" },
		documented: func(question) string { return "SELECT DISTINCT ServiceName FROM otel_traces" }},
	{name: "operations of a service", least: 100, path: func(p question) string { return "/api/v1/operations?service=" + url.QueryEscape(p.service) },
		documented: func(p question) string {
			return "SELECT DISTINCT SpanName FROM otel_traces WHERE ServiceName = " + quoted(p.service)
		}},
	{name: "dependencies, last 3 hours", least: 100, path: func(p question) string {
		return fmt.Sprintf("/api/dependencies?endTs=%d&lookback=%d", p.to.UnixMilli(), lastHours.Milliseconds())
	}},
	{name: "topology, last 3 hours", least: 100, path: func(p question) string {
		p.from = p.to.Add(-lastHours)
		return "/api/v1/topology?" + window(p)
	}},
}

// picks chooses what the calls of a query ask about: traces by span, so that large ones come up more often, as links do.
func (q *querying) picks(pr probe, in string, copies, n int) ([]question, error) {
	random := rand.New(rand.NewPCG(q.state.Seed, uint64(n)))
	start := time.Unix(0, q.state.StartNS)
	requests := q.base.requests()
	edge := max(requests/30, 1) // the first or the last two minutes of the hour
	var out []question
	for range n {
		i := requests - 1 - random.IntN(edge)
		copyOf := 0
		if pr.old {
			i, copyOf = random.IntN(edge), copies
		} else if in == allTime {
			// A needle that lies anywhere; other searches look at the newest whatever is picked.
			i, copyOf = random.IntN(requests), 0
		}
		p := question{from: start, to: start.Add(baseSpread)}
		if in == allTime {
			p.from = start.Add(-time.Duration(copies) * baseSpread)
		}
		if err := p.choose(q.base.request(i, nil), random, copyOf); err != nil {
			return nil, err
		}
		big, err := firstTrace(q.big.request(0, nil))
		if err != nil {
			return nil, err
		}
		p.big = hex.EncodeToString(big[:])
		p.none = fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())
		out = append(out, p)
	}
	return out, nil
}

// choose fills in what a request's spans give: a span that has the needle, and its trace, service and name.
func (p *question) choose(wire []byte, random *rand.Rand, copyOf int) error {
	td, err := decode(wire)
	if err != nil {
		return err
	}
	type found struct {
		service string
		span    ptrace.Span
	}
	var all []found
	sizes := map[pcommon.TraceID]int{}
	for _, rs := range td.ResourceSpans().All() {
		service, _ := rs.Resource().Attributes().Get("service.name")
		for _, s := range rs.ScopeSpans().At(0).Spans().All() {
			sizes[s.TraceID()]++
			if _, ok := s.Attributes().Get("app.order.id"); ok {
				all = append(all, found{service.Str(), s})
			}
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("a request has no span with app.order.id")
	}
	one := all[random.IntN(len(all))]
	id := one.span.TraceID()
	needle, _ := one.span.Attributes().Get("app.order.id")
	p.traceID, p.spans, p.known = hex.EncodeToString(copied(id[:], copyOf)), sizes[id], true
	p.service, p.operation, p.needle = one.service, one.span.Name(), needle.Str()
	return nil
}

func decode(wire []byte) (ptrace.Traces, error) {
	req := ptraceotlp.NewExportRequest()
	err := req.UnmarshalProto(wire)
	return req.Traces(), err
}

func firstTrace(wire []byte) (id pcommon.TraceID, err error) {
	td, err := decode(wire)
	if err != nil {
		return id, err
	}
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).TraceID(), nil
}
