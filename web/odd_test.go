package web

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"weft/store"
	"weft/store/storetest"
)

// oddTrace is a trace that no tracer should send, and what has to be said of it.
type oddTrace struct {
	operation string // of its root
	spans     []store.Span
	breaks    traceBreaks // the numbers
	clocks    string      // offset of each moved span
	path      string      // name and milliseconds of each segment
	tree      string      // names, indented, with flags
}

// oddSpan is a span of trace n that starts so many milliseconds after 1970 and lasts so many.
func oddSpan(n byte, id, parent uint64, name string, kind store.Kind, startMS, durationMS int64, links ...store.Link) store.Span {
	res := &store.Resource{Attributes: store.Attributes{{Key: "service.name", Value: store.StringValue("odd")}}}
	res.Hash = res.ContentHash()
	return store.Span{TraceID: store.TraceID{0: 0x0d, 15: n}, SpanID: store.SpanIDFromUint64(id), ParentSpanID: store.SpanIDFromUint64(parent), Service: "odd", Name: name,
		Kind: kind, StartNS: startMS * 1e6, DurationNS: durationMS * 1e6, Resource: res, Scope: &store.Scope{Name: "odd"}, Links: links}
}

func oddTraces() []oddTrace {
	const internal, server, client = store.KindInternal, store.KindServer, store.KindClient
	const hour = 3_600_000
	to := func(n byte, id uint64) store.Link {
		return store.Link{TraceID: store.TraceID{0: 0x0d, 15: n}, SpanID: store.SpanIDFromUint64(id)}
	}
	far := func(sp store.Span) store.Span {
		sp.Service = "far"
		return sp
	}
	twice := oddSpan(6, 2, 1, "step", internal, 10, 20)
	return []oddTrace{
		{operation: "links in a ring", spans: []store.Span{
			oddSpan(1, 1, 0, "links in a ring", server, 0, 100, to(1, 2), to(1, 1), to(2, 1)),
			oddSpan(1, 2, 1, "after", internal, 10, 50, to(1, 1), to(1, 1)), // links to its parent: it follows
			oddSpan(1, 3, 1, "step", internal, 70, 20, to(1, 2)),
		}, breaks: traceBreaks{Roots: 1}, path: "links in a ring 70, step 20, links in a ring 10", tree: "links in a ring\n after\n step\n"},
		{operation: "links to nowhere", spans: []store.Span{
			oddSpan(2, 1, 0, "links to nowhere", server, 0, 100, to(77, 5), store.Link{}, to(1, 1)),
		}, breaks: traceBreaks{Roots: 1}, path: "links to nowhere 100", tree: "links to nowhere\n"},
		{operation: "its own parent", spans: []store.Span{
			oddSpan(3, 1, 1, "its own parent", server, 0, 100),
			oddSpan(3, 2, 1, "step", internal, 20, 30),
		}, breaks: traceBreaks{Rings: 1}, path: "its own parent 20, step 30, its own parent 50", tree: "its own parent flags=2\n step\n"},
		{operation: "parents in a ring", spans: []store.Span{
			oddSpan(4, 1, 3, "parents in a ring", server, 0, 100),
			oddSpan(4, 2, 1, "second", internal, 10, 80),
			oddSpan(4, 3, 2, "third", internal, 20, 50),
			oddSpan(4, 4, 3, "tail", internal, 30, 10),
		}, breaks: traceBreaks{Rings: 1}, path: "parents in a ring 10, second 10, third 10, tail 10, third 30, second 20, parents in a ring 10",
			tree: "parents in a ring flags=2\n second\n  third\n   tail\n"},
		{operation: "two roots", spans: []store.Span{
			oddSpan(5, 1, 0, "two roots", server, 0, 100),
			oddSpan(5, 2, 0, "the other", server, 50, 500),
			oddSpan(5, 3, 2, "step", internal, 60, 100),
			oddSpan(5, 4, 9, "orphan", internal, 1, 2),
		}, breaks: traceBreaks{Roots: 2, Orphans: 1}, path: "two roots 100", tree: "two roots\norphan flags=1\nthe other\n step\n"},
		{operation: "one id twice", spans: []store.Span{
			oddSpan(6, 1, 0, "one id twice", server, 0, 100),
			twice, twice, // sent again
			oddSpan(6, 3, 2, "below", internal, 12, 5),
			oddSpan(6, 4, 1, "same id", internal, 40, 10), oddSpan(6, 4, 1, "same id", internal, 60, 20), // another span
		}, breaks: traceBreaks{Roots: 1, Duplicates: 1},
			path: "one id twice 10, step 2, below 5, step 13, one id twice 10, same id 10, one id twice 10, same id 20, one id twice 20",
			tree: "one id twice\n step\n  below\n step\n same id\n same id\n"},
		{operation: "a clock hours ahead", spans: []store.Span{
			oddSpan(7, 1, 0, "a clock hours ahead", server, 0, 100),
			oddSpan(7, 2, 1, "call", client, 10, 80),
			far(oddSpan(7, 3, 2, "serve", server, 5*hour, 60)),
			far(oddSpan(7, 4, 3, "step", internal, 5*hour+10, 20)),
		}, breaks: traceBreaks{Roots: 1}, clocks: "-17999980ms",
			path: "a clock hours ahead 10, call 10, serve 10, step 20, serve 30, call 10, a clock hours ahead 10", tree: "a clock hours ahead\n call\n  serve\n   step\n"},
		{operation: "a clock days behind", spans: []store.Span{
			oddSpan(8, 1, 0, "a clock days behind", server, 0, 100),
			oddSpan(8, 2, 1, "call", client, 10, 80),
			far(oddSpan(8, 3, 2, "serve", server, -50*hour, 60)),
		}, breaks: traceBreaks{Roots: 1}, clocks: "180000020ms",
			path: "a clock days behind 10, call 10, serve 60, call 10, a clock days behind 10", tree: "a clock days behind\n call\n  serve flags=4\n"},
	}
}

// TestOddTracesOverEngine stores traces that no tracer should send, and reads each of them in every way there is.
func TestOddTracesOverEngine(t *testing.T) {
	st := storetest.Open(t)
	odd, at := oddTraces(), time.Now().Add(-2*time.Hour).UnixNano()
	for _, o := range odd {
		for i := range o.spans {
			o.spans[i].StartNS += at
		}
	}
	for half := range 2 {
		b := store.NewSpanBatch()
		for _, o := range odd {
			for i := range o.spans {
				if i%2 == half {
					b.Append(&o.spans[i])
				}
			}
		}
		if err := st.InsertSpans(t.Context(), b, fmt.Sprint("odd ", half)); err != nil {
			t.Fatal(err)
		}
	}
	srv := testServer(t, st, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	})
	spec := newSpecChecker(t)
	for i, o := range odd {
		t.Run(o.operation, func(t *testing.T) {
			at := func(path string) string {
				t.Helper()
				return spec.check(t, request(t, "GET", srv.URL+"/api/v1"+path, ""), 200).body
			}
			id, trace := o.spans[0].TraceID.String(), "/traces/"+o.spans[0].TraceID.String()
			o.checkAnalysis(t, decode[traceAnalysis](t, at(trace+"/analysis")))
			var lines strings.Builder
			compact := decode[compactTrace](t, at(trace+"?format=compact"))
			for _, line := range strings.SplitAfter(tree(compact), "\n") {
				before, _, _ := strings.Cut(line, " subtree=")
				if lines.WriteString(before); line != "" {
					lines.WriteByte('\n')
				}
			}
			if lines.String() != o.tree {
				t.Errorf("tree: got\n%swant\n%s", lines.String(), o.tree)
			}
			gotID, _, rows, err := decodeSkeleton([]byte(at(trace + "/skeleton")))
			if err != nil || gotID != id || len(rows) != len(o.spans) {
				t.Fatalf("skeleton: %d rows, %v", len(rows), err)
			}
			links, ids := 0, make(map[store.SpanID]bool)
			for _, r := range rows {
				links += len(r.links)
			}
			for _, sp := range o.spans {
				links -= len(sp.Links)
				ids[sp.SpanID] = true
				d := decode[spanDetail](t, at(trace+"/spans/"+sp.SpanID.String()))
				at(trace + "/analysis?span=" + sp.SpanID.String())
				if len(d.Links) != len(sp.Links) {
					t.Errorf("span %v: got %d links, want %d", sp.SpanID, len(d.Links), len(sp.Links))
				}
			}
			if links != 0 {
				t.Errorf("skeleton: %d links too many", links)
			}
			for _, other := range []oddTrace{o, odd[(i+1)%len(odd)]} {
				c := decode[comparison](t, at("/compare?a="+id+"&b="+other.spans[0].TraceID.String()))
				var sum int64
				for _, e := range c.Entries.Items {
					sum += e.ExcessCriticalNS
				}
				if want := other.spans[0].DurationNS - o.spans[0].DurationNS; c.ExcessNS != want || sum != want {
					t.Errorf("compared with %s: got %d, in parts %d, want %d", other.operation, c.ExcessNS, sum, want)
				}
			}
			p := decode[endpointPath](t, at("/critical-path?service=odd&operation="+url.QueryEscape(o.operation)))
			var sum int64
			for _, part := range p.Parts {
				sum += part.TotalNS
			}
			if p.Traces != 1 || p.TotalNS != o.spans[0].DurationNS || sum != p.TotalNS {
				t.Errorf("critical path: got %d traces, %d ns, in parts %d", p.Traces, p.TotalNS, sum)
			}
			if found := decode[twinAnswer](t, at(trace+"/twin")); found.Operation != o.operation || found.Twin != nil {
				t.Errorf("twin: got %+v", found)
			}
			query := "service=odd&operation=" + url.QueryEscape(o.operation)
			if page := decode[tracePage](t, at("/traces?"+query)); len(page.Traces) != 1 || page.Traces[0].Spans != uint64(len(o.spans)) {
				t.Errorf("search: got %+v", page)
			}
			if g := decode[topology](t, at("/topology?from=now-1d&"+query)); g.Traces != 1 || g.Spans != len(ids) { // what has one id is one call
				t.Errorf("topology: got %d traces of %d spans", g.Traces, g.Spans)
			}
			at("/topology/paths?from=now-1d&" + query)
			for _, path := range []string{"/api/traces/" + id, "/api/v3/traces/" + id, "/api/v2/trace/" + id} {
				if got := get(t, srv.URL+path); got.status != 200 || !strings.Contains(got.body, o.operation) {
					t.Errorf("%s: got %d %s", path, got.status, got.body)
				}
			}
		})
	}
	// Who links to whom, in a ring and from another trace.
	d := decode[spanDetail](t, spec.check(t, request(t, "GET", srv.URL+"/api/v1/traces/"+odd[0].spans[0].TraceID.String()+"/spans/1", ""), 200).body)
	var from []string
	for _, l := range d.LinkedFrom {
		from = append(from, l.Name)
	}
	if got := fmt.Sprint(from); got != "[links in a ring links to nowhere after after]" {
		t.Errorf("linked from %s", got)
	}
}

func (o oddTrace) checkAnalysis(t *testing.T, a traceAnalysis) {
	t.Helper()
	var path, clocks []string
	for _, s := range a.Path.Segments.Items {
		path = append(path, fmt.Sprint(s.Name, " ", s.DurationNS/1e6))
	}
	for _, c := range a.Breaks.Clocks.Items {
		clocks = append(clocks, fmt.Sprint(c.OffsetNS/1e6, "ms"))
	}
	if got := strings.Join(path, ", "); got != o.path || a.Root.Name != o.operation || a.Path.DurationNS != o.spans[0].DurationNS {
		t.Errorf("path of %s: got %s, want %s", a.Root.Name, got, o.path)
	}
	if got := strings.Join(clocks, ", "); got != o.clocks {
		t.Errorf("clocks: got %s, want %s", got, o.clocks)
	}
	got := traceBreaks{Orphans: a.Breaks.Orphans, Roots: a.Breaks.Roots, Rings: a.Breaks.Rings, Duplicates: a.Breaks.Duplicates}
	if fmt.Sprint(got) != fmt.Sprint(o.breaks) {
		t.Errorf("breaks: got %+v, want %+v", got, o.breaks)
	}
}
