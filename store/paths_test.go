package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"weft/store"
)

// pathTrace is web -> cart -> (db, mail over a queue, pay outside), with a call back from cart to web.
func pathTrace(n int, failed bool) []store.Span {
	id := store.TraceID{0: 0x9a, 15: byte(n)}
	span := func(i, parent uint64, service, name string, kind store.Kind, category, peer string) store.Span {
		return store.Span{TraceID: id, SpanID: store.SpanIDFromUint64(i), ParentSpanID: store.SpanIDFromUint64(parent), Service: service, Name: name, Kind: kind,
			Category: category, PeerName: peer, StartNS: shopTime.Add(time.Duration(n)*time.Second).UnixNano() + int64(i)*1e6, DurationNS: 1e6}
	}
	spans := []store.Span{
		span(1, 0, "web", "GET /", store.KindServer, "server", ""),
		span(2, 1, "web", "call cart", store.KindClient, "client", "cart"),
		span(3, 2, "cart", "get", store.KindServer, "server", ""),
		span(4, 3, "cart", "SELECT", store.KindClient, "db", "shop@db"),
		span(5, 3, "cart", "SELECT", store.KindClient, "db", "shop@db"),
		span(6, 3, "cart", "send", store.KindProducer, "messaging", "mails"),
		span(7, 6, "mail", "handle", store.KindConsumer, "messaging", "mails"),
		span(8, 3, "cart", "charge", store.KindClient, "client", "pay.example"),
		span(9, 3, "cart", "ask web", store.KindClient, "client", "web"),
		span(10, 9, "web", "GET /me", store.KindServer, "server", ""),
		span(11, 12, "loop", "a", store.KindServer, "server", ""), // a cycle
		span(12, 11, "web", "b", store.KindServer, "server", ""),
	}
	if failed {
		spans[7].StatusCode, spans[2].StatusCode = store.StatusError, store.StatusError
	}
	return spans
}

func TestCallPaths(t *testing.T) {
	s := open(t)
	for n := range 3 {
		insert(t, s, "", pathTrace(n, n == 1)...)
	}
	paths := func(q store.PathQuery) (string, *store.CallPaths) {
		t.Helper()
		p, err := s.CallPaths(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		depth := make([]int, len(p.Hops))
		for i, h := range p.Hops {
			if h.Parent >= 0 {
				depth[i] = depth[h.Parent] + 1
			}
			fmt.Fprintf(&text, "%s%d %s: %s calls=%d errors=%d traces=%d\n", strings.Repeat(" ", depth[i]), h.Type, h.Service, h.Operation, h.Calls, h.Errors, h.Traces)
		}
		return text.String(), p
	}
	is := func(q store.PathQuery, want string) {
		t.Helper()
		if got, _ := paths(q); got != want {
			t.Errorf("%+v: got\n%swant\n%s", q, got, want)
		}
	}
	is(store.PathQuery{Service: "web", Operation: "GET /", Traces: 1000}, `0 web: GET / calls=3 errors=0 traces=3
 1 cart: get calls=3 errors=1 traces=3
  2 shop@db: SELECT calls=6 errors=0 traces=3
  7 mail: handle calls=3 errors=0 traces=3
  4 pay.example: charge calls=3 errors=1 traces=3
  1 web: GET /me calls=3 errors=0 traces=3
`)
	is(store.PathQuery{Service: "mail", Operation: "handle", Traces: 2, Callers: true}, `0 mail: handle calls=2 errors=0 traces=2
 7 cart: get calls=2 errors=1 traces=2
  1 web: GET / calls=2 errors=0 traces=2
`)
	is(store.PathQuery{Service: "loop", Traces: 1000}, `0 loop:  calls=3 errors=0 traces=3
 1 web: b calls=3 errors=0 traces=3
`)
	is(store.PathQuery{Service: "loop", Traces: 1000, Callers: true}, `0 loop:  calls=3 errors=0 traces=3
 1 web: b calls=3 errors=0 traces=3
`)
	is(store.PathQuery{Service: "nobody", Traces: 1}, "0 nobody:  calls=0 errors=0 traces=0\n")
	if _, p := paths(store.PathQuery{Service: "web", Operation: "GET /", Traces: 2}); p.Traces != 2 || p.Spans != 24 || p.Complete || p.Truncated {
		t.Errorf("sample of two: %+v", p)
	}
	if _, p := paths(store.PathQuery{Service: "web", Operation: "GET /", Traces: 3}); p.Traces != 3 || p.Spans != 36 || !p.Complete {
		t.Errorf("sample of all: %+v", p)
	}
	bad := func(q store.PathQuery, want string) {
		t.Helper()
		_, err := s.CallPaths(t.Context(), q)
		if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid || e.Error() != "read call paths: invalid: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	bad(store.PathQuery{Traces: 1}, "service: want one, got none")
	bad(store.PathQuery{Service: "web"}, "traces: want 1 to 1000, got 0")
	bad(store.PathQuery{Service: "web", Traces: 1001}, "traces: want 1 to 1000, got 1001")
}

func TestTopologyMatrix(t *testing.T) {
	s := open(t)
	at := func(seconds, calls, failed int64, target string) store.Edge {
		return store.Edge{BucketUnix: shopTime.Unix() + seconds, Type: store.EdgeCall, Source: "web", Target: target, Calls: calls, Errors: failed}
	}
	if err := s.InsertEdges(t.Context(), []store.Edge{at(0, 5, 1, "cart"), at(10, 2, 0, "cart"), at(50, 1, 1, "cart"), at(310, 4, 0, "cart"), at(310, 9, 2, "pay"), at(900, 1, 0, "late")}, ""); err != nil {
		t.Fatal(err)
	}
	is := func(from, to time.Duration, step time.Duration, want string) {
		t.Helper()
		m, err := s.TopologyMatrix(t.Context(), store.TimeRange{From: shopTime.Add(from), To: shopTime.Add(to)}, step)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(m.FromUnix-shopTime.Unix(), m.StepSeconds, m.Steps, m.Truncated)
		for _, e := range m.Edges {
			got += fmt.Sprint(" ", e.Target, e.Calls, e.Errors)
		}
		if got != want {
			t.Errorf("%v to %v by %v: got %s, want %s", from, to, step, got, want)
		}
	}
	is(0, time.Minute, 10*time.Second, "0 10 6 false cart[5 2 0 0 0 1] [1 0 0 0 0 1]")
	is(15*time.Second, 59*time.Second, 20*time.Second, "0 20 3 false cart[7 0 1] [1 0 1]")
	is(time.Second, 10*time.Minute, 5*time.Minute, "0 300 2 false cart[8 4] [2 0] pay[0 9] [0 2]")
	is(-time.Hour, -time.Minute, time.Minute, "-3600 60 59 false")
	bad := func(r store.TimeRange, step time.Duration, want string) {
		t.Helper()
		_, err := s.TopologyMatrix(t.Context(), r, step)
		if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid || e.Error() != "read topology matrix: invalid: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	hour := store.TimeRange{From: shopTime, To: shopTime.Add(time.Hour)}
	bad(hour, 0, "step: want a multiple of 10s, got 0s")
	bad(hour, 15*time.Second, "step: want a multiple of 10s, got 15s")
	bad(store.TimeRange{From: shopTime}, time.Minute, "want a time range with a start and an end")
	bad(store.TimeRange{From: shopTime, To: shopTime.Add(24 * time.Hour)}, 10*time.Second, "want at most 500 steps, got 8640: ask for a longer step or a shorter time range")
}
