package analysis

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// name is the name of a span, "-" for none.
func name(t *Trace, span int) string {
	if span < 0 {
		return "-"
	}
	return t.text(t.Spans[span].Name)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestTotals(t *testing.T) {
	trace := build(
		"GET 1 0 0 100 server service=web category=server",
		"call 2 1 10 50 client service=web category=client peer=cart",
		"cart 3 2 15 40 server service=cart category=server",
		"render 4 1 50 30 service=web category=internal", // overlaps with call
		"GET 5 4 55 10 client service=web category=client error",
		"publish 6 1 90 5 producer service=web",
		"consume 7 6 92 500 consumer service=mail", // nobody waits for it
	)
	r := Analyze(trace)
	equal(t, "root, duration, end", []any{name(trace, r.Root), r.CriticalNS, r.EndNS}, []any{"GET", int64(100), int64(592)})
	// render 50-80 ends last before publish; call ended at 60, while render ran, so the time before render is GET's own.
	equal(t, "path", pathText(trace, r.Path.Items), "GET 0-50, render 50-55, GET 55-65, render 65-80, GET 80-90, publish 90-95, GET 95-100")
	equal(t, "services", r.ByService.Items, []Total{{Name: "web", Spans: 5, SelfNS: 25 + 10 + 20 + 10 + 5, CriticalNS: 100}, {Name: "mail", Spans: 1, SelfNS: 500}, {Name: "cart", Spans: 1, SelfNS: 40}})
	equal(t, "errors, services, depth", []int{r.ErrorSpans, r.Services, r.MaxDepth}, []int{1, 3, 2})
	first := r.Operations.Items[0]
	equal(t, "first operation", first, Operation{Service: "web", Name: "GET", Category: "server", Kind: KindServer, Spans: 1, TotalNS: 100, SelfNS: 25, LongestNS: 100, CriticalNS: 65, Longest: 0})
	equal(t, "operations", r.Operations.Total, 7)

	late := AnalyzeFrom(trace, 6)
	equal(t, "from the consumer", []any{name(trace, late.Root), late.CriticalNS, pathText(trace, late.Path.Items), late.ErrorSpans}, []any{"consume", int64(500), "consume 92-592", 1})
}

func TestDatabase(t *testing.T) {
	trace := build(
		"GET 1 0 0 100 server",
		"SELECT 2 1 10 20 client category=db peer=orders statement=7",
		"SELECT 3 1 20 20 client category=db peer=orders statement=7 error", // half of it beside the first
		"transaction 4 1 50 40 client category=db peer=users",
		"INSERT 5 4 55 10 client category=db peer=users statement=9",
		"COMMIT 6 4 70 15 client category=db peer=users",
		"INSERT 5 4 55 10 client category=db peer=users statement=9", // sent again
	)
	db := Analyze(trace).Database
	equal(t, "all", db.DatabaseCost, DatabaseCost{Calls: 4, Errors: 1, TotalNS: 65, WallNS: 30 + 10 + 15, CriticalNS: 45, LongestNS: 20, Longest: 1})
	var statements []string
	for _, s := range db.ByStatement.Items {
		statements = append(statements, fmt.Sprintf("%d %s %s calls=%d total=%d wall=%d critical=%d", s.Hash, s.Name, s.Peer, s.Calls, s.TotalNS, s.WallNS, s.CriticalNS))
	}
	equal(t, "statements", statements, []string{"7 SELECT orders calls=2 total=40 wall=30 critical=20", "0 COMMIT users calls=1 total=15 wall=15 critical=15",
		"9 INSERT users calls=1 total=10 wall=10 critical=10"})
	equal(t, "peers", []any{db.ByPeer.Total, db.ByPeer.Items[0].Peer, db.ByPeer.Items[0].Calls, db.ByPeer.Items[1].TotalNS}, []any{2, "orders", 2, int64(25)})
	equal(t, "no database", Analyze(build("GET 1 0 0 10")).Database.DatabaseCost, DatabaseCost{Longest: -1})
}

func TestRepeatedCalls(t *testing.T) {
	lines := []string{"GET 1 0 0 1000 server", "other 2 1 900 10 client", "other 3 1 920 10 client"}
	for i := range 6 { // one after the other, 20 each, the fourth 50
		d := 20
		if i == 3 {
			d = 50
		}
		lines = append(lines, fmt.Sprintf("SELECT %d 1 %d %d client category=db peer=orders statement=7", 10+i, 100+60*i, d))
	}
	for i := range 5 { // at once, beside the longest of the others
		lines = append(lines, fmt.Sprintf("fetch %d 1 %d 40 client peer=cdn", 20+i, 281+i))
	}
	lines = append(lines, "SELECT 30 1 600 20 client category=db peer=orders statement=8") // another statement
	lines = append(lines, "ColdStart 40 1 700 100", "RuntimeInitialization 41 40 700 90")
	for i := range 5 { // what a start loads is no call
		lines = append(lines, fmt.Sprintf("init_other_packages %d 41 %d 10", 50+i, 700+10*i))
	}
	trace := build(lines...)
	all := Analyze(trace).Repeated
	if all.Total != 2 {
		t.Fatalf("got %+v", all)
	}
	got := all.Items[0]
	equal(t, "SELECT", got, Repeated{Parent: 0, First: got.First, Service: "svc", Name: "SELECT", Category: "db", Peer: "orders", Kind: KindClient, Statement: 7,
		Calls: 6, TotalNS: 150, WallNS: 150, LongestNS: 50, CriticalNS: 150, SavingNS: 100, Sequential: true})
	equal(t, "its first", trace.Spans[got.First].ID, uint64(10))
	fetch := all.Items[1]
	equal(t, "fetch", []any{fetch.Name, fetch.Calls, fetch.Sequential, fetch.WallNS, fetch.TotalNS, fetch.SavingNS}, []any{"fetch", 5, false, int64(44), int64(200), int64(0)})
}

func TestColdStarts(t *testing.T) {
	trace := build(
		"GET 1 0 0 1000 server service=front",
		"call 2 1 50 800 client service=front peer=pay",
		"pay 3 2 60 780 server service=pay cold",
		"ColdStart 4 3 60 300 service=pay",
		"PrepareCode 5 4 60 100 service=pay",
		"RuntimeInitialization 6 4 160 150 service=pay",
		"import_big 7 6 200 100 service=pay",
		"Invocation 8 3 360 470 service=pay",
		"call 9 8 400 300 client service=pay peer=tax",
		"tax 10 9 410 280 server service=tax cold",      // cold, and nothing says how long
		"Instance_Init_spare 11 0 0 5000 service=spare", // of an instance that no request waited for
	)
	r := Analyze(trace)
	equal(t, "count and path", []any{r.Cold.Count, r.Cold.CriticalNS}, []any{3, int64(300)})
	var got []string
	for _, c := range r.Cold.Starts.Items {
		s := fmt.Sprintf("%s %s of %s hops=%d took=%d critical=%d", c.Service, name(trace, c.Span), name(trace, c.Invocation), c.Hops, c.DurationNS, c.CriticalNS)
		for _, p := range c.Phases.Items {
			s += fmt.Sprintf(" %s=%d/%d", p.Name, p.CriticalNS, p.DurationNS)
		}
		got = append(got, s)
	}
	equal(t, "cold starts", got, []string{
		"pay ColdStart of pay hops=1 took=300 critical=300 PrepareCode=100/100 RuntimeInitialization=150/150",
		"spare Instance Init spare of - hops=0 took=5000 critical=0",
		"tax tax of tax hops=2 took=0 critical=0",
	})
	cold := slices.IndexFunc(r.Reasons, func(x Reason) bool { return x.Kind == ReasonColdStart })
	if cold < 0 || r.Reasons[cold].CriticalNS != 300 || r.Reasons[cold].Share != 0.3 || r.Reasons[cold].Hops != 1 || r.Reasons[cold].Service != "pay" {
		t.Errorf("reasons: got %+v", r.Reasons)
	}
}

func TestErrorOrigins(t *testing.T) {
	trace := build(
		"GET 1 0 0 100 server error type=500",
		"work 2 1 0 50 unset", // says nothing: the error below goes through
		"call 3 2 0 40 client error",
		"pay 4 3 5 30 server error type=Timeout",
		"try 5 1 50 20 client ok",
		"tax 6 5 55 10 server service=tax error type=Refused",
		"load 7 6 56 2 error type=Disk",
		"log 8 1 80 5 error type=Full",
		"lost 9 77 0 5 error", // its parent is missing
	)
	r := Analyze(trace)
	var got []string
	for _, o := range r.Origins.Items {
		s := fmt.Sprintf("%s %s depth=%d root=%v swallowed=%s:", name(trace, o.Span), o.ErrorType, o.Depth, o.ReachedRoot, name(trace, o.SwallowedBy))
		for _, c := range o.Chain.Items {
			s += " " + name(trace, c)
		}
		got = append(got, s)
	}
	equal(t, "origins", got, []string{
		"pay Timeout depth=3 root=true swallowed=-: pay call GET",
		"log Full depth=1 root=true swallowed=-: log GET",
		"load Disk depth=3 root=false swallowed=try: load tax",
		"lost  depth=0 root=false swallowed=-: lost",
	})
	from := AnalyzeFrom(trace, 3).Origins.Items[0]
	equal(t, "from the server", []any{name(trace, from.Span), from.ReachedRoot, from.Chain.Total, from.SwallowedBy}, []any{"pay", true, 1, -1})
	var kinds []ReasonKind
	for _, reason := range r.Reasons {
		kinds = append(kinds, reason.Kind)
	}
	equal(t, "failed", r.Failed, true)
	equal(t, "first reasons", kinds[:2], []ReasonKind{ReasonError, ReasonError})
	equal(t, "last reasons", kinds[len(kinds)-3:], []ReasonKind{ReasonErrorSwallowed, ReasonErrorSwallowed, ReasonMissingSpans})

	deep := chain(20_000)
	for i := range deep.Spans {
		deep.Spans[i].Failed = true
	}
	o := Analyze(deep).Origins
	equal(t, "a chain of failures", []any{o.Total, o.Items[0].Chain.Total, len(o.Items[0].Chain.Items), o.Items[0].ReachedRoot}, []any{1, 20_000, maxChain, true})
}

func TestBreaks(t *testing.T) {
	trace := build(
		"GET 1 0 0 100 server",
		"second 2 0 10 5 server",
		"lost 3 77 20 5", "lost 4 77 15 5 server service=b", "lost 5 78 30 5",
		"self 6 6 40 5", "x 7 8 41 5", "y 8 7 42 5",
		"twice 9 1 50 5", "twice 9 1 50 5", "twice 9 1 51 5", // the last is another span with the same id
	)
	b := Analyze(trace).Breaks
	equal(t, "counts", []int{b.Orphans, b.Roots, b.Rings, b.Duplicates}, []int{3, 2, 2, 1})
	equal(t, "missing parents", b.MissingParents, List[MissingParent]{Total: 2, Items: []MissingParent{
		{Parent: 77, Children: 2, First: 3, Service: "b", Name: "lost"}, {Parent: 78, Children: 1, First: 4, Service: "svc", Name: "lost"}}})
}

func TestShape(t *testing.T) {
	base := build("GET 1 0 0 100 server", "load 2 1 10 20", "SELECT 3 2 12 5 client", "auth 4 1 50 5 client")
	same := func(what string, want bool, lines ...string) {
		t.Helper()
		if got := Shape(build(lines...)) == Shape(base); got != want {
			t.Errorf("%s: same shape %v, want %v", what, got, want)
		}
	}
	same("other ids, times and order", true, "auth 40 10 0 5 client", "GET 10 0 0 900 server error", "SELECT 30 20 7 1 client", "load 20 10 5 20")
	same("more of the same", true, "GET 1 0 0 100 server", "load 2 1 10 20", "SELECT 3 2 12 5 client", "SELECT 6 2 18 5 client", "load 7 1 40 5", "auth 4 1 50 5 client")
	same("a cold start", true, "GET 1 0 0 100 server", "ColdStart 8 1 0 9", "PrepareCode 9 8 0 9", "load 2 1 10 20", "SELECT 3 2 12 5 client", "auth 4 1 50 5 client")
	same("something more", false, "GET 1 0 0 100 server", "load 2 1 10 20", "SELECT 3 2 12 5 client", "auth 4 1 50 5 client", "cache 5 1 60 5 client")
	same("something less", false, "GET 1 0 0 100 server", "load 2 1 10 20", "SELECT 3 2 12 5 client")
	same("at another place", false, "GET 1 0 0 100 server", "load 2 1 10 20", "SELECT 3 1 12 5 client", "auth 4 1 50 5 client")
	same("another service", false, "GET 1 0 0 100 server service=b", "load 2 1 10 20", "SELECT 3 2 12 5 client", "auth 4 1 50 5 client")
}

func TestReasons(t *testing.T) {
	lines := []string{
		"GET 1 0 0 1000 server service=web",
		"queue_pool 2 1 0 100 service=web",
		"charge 3 1 700 250 client service=web peer=bank",
	}
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("SELECT %d 1 %d 40 client service=web category=db peer=orders statement=7", 10+i, 100+50*i))
	}
	trace := build(lines...)
	r := Analyze(trace)
	var got []string
	for _, x := range r.Reasons {
		got = append(got, fmt.Sprintf("%s %s %s critical=%d saving=%d share=%.2f calls=%d", x.Kind, name(trace, x.Span), x.Peer, x.CriticalNS, x.SavingNS, x.Share, x.Calls))
	}
	equal(t, "reasons", got, []string{
		"database SELECT orders critical=400 saving=0 share=0.40 calls=10",
		"repeated_calls SELECT orders critical=400 saving=360 share=0.36 calls=10",
		"own_time GET  critical=250 saving=0 share=0.25 calls=1",
		"remote_call charge bank critical=250 saving=0 share=0.25 calls=1",
		"queue_wait queue pool  critical=100 saving=0 share=0.10 calls=1",
	})
}
