package store_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
	"weft/store/storetest"
)

// storedEdges are the sums of what a table of edges holds, without edges that came to nothing.
func storedEdges(t testing.TB, s *store.Store, table string) map[edgeKey]store.Edge {
	t.Helper()
	rows, err := s.SQL().Query(t.Context(), `SELECT bucket, type, source, target, via, sum(calls), sum(errors), sum(cold_starts), sum(retries), sum(dead_letters),
		sum(duration_ns), sumMap(latency), sumMap(queue_age) FROM `+table+` GROUP BY bucket, type, source, target, via`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := make(map[edgeKey]store.Edge)
	for rows.Next() {
		var bucket time.Time
		var typ uint8
		var e store.Edge
		var latency, age map[uint16]int64
		if err := rows.Scan(&bucket, &typ, &e.Source, &e.Target, &e.Via, &e.Calls, &e.Errors, &e.ColdStarts, &e.Retries, &e.DeadLetters, &e.DurationNS, &latency, &age); err != nil {
			t.Fatal(err)
		}
		e.BucketUnix, e.Type, e.Latency, e.QueueAge = bucket.Unix(), store.EdgeType(typ), withoutZeros(latency), withoutZeros(age)
		if e.Calls == 0 && e.Errors == 0 && e.ColdStarts == 0 && e.Retries == 0 && e.DeadLetters == 0 && e.DurationNS == 0 && e.Latency == nil && e.QueueAge == nil {
			continue
		}
		got[keyOf(e)] = e
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

type edgeKey struct {
	bucketUnix          int64
	typ                 store.EdgeType
	source, target, via string
}

func keyOf(e store.Edge) edgeKey { return edgeKey{e.BucketUnix, e.Type, e.Source, e.Target, e.Via} }

func withoutZeros(h map[uint16]int64) store.Histogram {
	maps.DeleteFunc(h, func(_ uint16, n int64) bool { return n == 0 })
	if len(h) == 0 {
		return nil
	}
	return h
}

func TestInsertEdges(t *testing.T) {
	s := open(t)
	if at, err := s.LastEdgeInsert(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("last insert of nothing: %v, %v", at, err)
	}
	bucket := shopTime.Unix()
	edge := store.Edge{BucketUnix: bucket + 290, Type: store.EdgeAsync, Source: "a", Target: "b", Via: "orders", Calls: 3, Errors: 2, ColdStarts: 1, Retries: 1, DeadLetters: 1,
		DurationNS: 5000, Latency: store.Histogram{700: 2, 65000: 1}, QueueAge: store.Histogram{0: 3}}
	plain := store.Edge{BucketUnix: bucket + 300, Type: store.EdgeEntry, Target: "a", Calls: 1}
	old := store.Edge{BucketUnix: -1_999_999_990, Type: store.EdgeCall, Source: "a", Target: "a", Calls: 1}
	for range 2 {
		if err := s.InsertEdges(t.Context(), []store.Edge{edge, plain, old}, "one"); err != nil {
			t.Fatal(err)
		}
	}
	want := map[edgeKey]store.Edge{keyOf(edge): edge, keyOf(plain): plain, keyOf(old): old}
	if got := storedEdges(t, s, "edges"); !reflect.DeepEqual(got, want) {
		t.Errorf("the same token twice: got  %+v\nwant %+v", got, want)
	}
	// A part of it is taken back.
	back := store.Edge{BucketUnix: edge.BucketUnix, Type: store.EdgeAsync, Source: "a", Target: "b", Via: "orders", Calls: -1, Errors: -1,
		Latency: store.Histogram{65000: -1, 700: 0}, QueueAge: store.Histogram{0: -3}}
	if err := s.InsertEdges(t.Context(), []store.Edge{back}, "two"); err != nil {
		t.Fatal(err)
	}
	edge.Calls, edge.Errors, edge.Latency, edge.QueueAge = 2, 1, store.Histogram{700: 2}, nil
	for table, width := range map[string]int64{"edges": 10, "edges_5m": 300, "edges_1h": 3600} {
		want := make(map[edgeKey]store.Edge)
		for _, e := range []store.Edge{edge, plain, old} {
			e.BucketUnix -= ((e.BucketUnix % width) + width) % width
			want[keyOf(e)] = e
		}
		if got := storedEdges(t, s, table); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got  %+v\nwant %+v", table, got, want)
		}
	}
	if at, err := s.LastEdgeInsert(t.Context()); err != nil || time.Since(at) > time.Hour || time.Since(at) < -time.Minute {
		t.Errorf("last insert: %v, %v", at, err)
	}
	bad := func(e store.Edge, want string) {
		t.Helper()
		err := s.InsertEdges(t.Context(), []store.Edge{plain, e}, "")
		if se, ok := errors.AsType[*store.Error](err); !ok || se.Kind != store.Invalid || se.Error() != "insert edges: invalid: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	bad(store.Edge{BucketUnix: 7, Type: store.EdgeCall}, "edge 1: bucket: want a multiple of 10 s between 1900-01-02 and 2262-01-01, got 7")
	bad(store.Edge{BucketUnix: 1e12, Type: store.EdgeCall}, "edge 1: bucket: want a multiple of 10 s between 1900-01-02 and 2262-01-01, got 1000000000000")
	bad(store.Edge{}, "edge 1: type: want 1 to 9, got 0")
	bad(store.Edge{Type: 10}, "edge 1: type: want 1 to 9, got 10")
}

// referenceEdges is the definition of topology, written down as plainly as possible: every span is compared with every other. It counts
// the edges of the traces that counts accepts.
func referenceEdges(spans []store.Span, counts func(store.TraceID) bool) map[edgeKey]store.Edge {
	var stored []store.Span // without repetitions
	for _, s := range spans {
		if !slices.ContainsFunc(stored, func(o store.Span) bool { return o.TraceID == s.TraceID && o.SpanID == s.SpanID && o.Kind == s.Kind }) {
			stored = append(stored, s)
		}
	}
	edges := make(map[edgeKey]store.Edge)
	serves := func(s store.Span) bool { return s.Kind == store.KindServer || s.Kind == store.KindConsumer }
	find := func(trace store.TraceID, id store.SpanID) (found store.Span, ok bool) {
		for _, s := range stored {
			if s.TraceID != trace || s.SpanID != id {
				continue
			}
			if !ok || serves(s) && !serves(found) || serves(s) == serves(found) && s.Kind < found.Kind {
				found, ok = s, true
			}
		}
		return found, ok
	}
	failed := func(s store.Span) bool { return s.StatusCode == store.StatusError }
	add := func(s store.Span, typ store.EdgeType, source, target, via string, failed bool, marks ...bool) edgeKey {
		k := edgeKey{time.Unix(0, s.StartNS).Truncate(10 * time.Second).Unix(), typ, source, target, via}
		e := edges[k]
		e.BucketUnix, e.Type, e.Source, e.Target, e.Via = k.bucketUnix, typ, source, target, via
		e.Calls++
		if failed {
			e.Errors++
		}
		for i, into := range []*int64{&e.ColdStarts, &e.Retries, &e.DeadLetters} {
			if marks[i] {
				*into++
			}
		}
		e.DurationNS += s.DurationNS
		if e.Latency == nil {
			e.Latency = store.Histogram{}
		}
		e.Latency[semconv.LatencyBucket(s.DurationNS)]++
		edges[k] = e
		return k
	}
	for _, s := range stored {
		if !counts(s.TraceID) {
			continue
		}
		cold, retry, dead := s.Marks&semconv.MarkColdStart != 0, s.Marks&semconv.MarkRetry != 0, s.Marks&semconv.MarkDeadLetter != 0
		async := func(t store.Span) {
			via := s.PeerName
			if via == "" {
				via = t.PeerName
			}
			k := add(s, store.EdgeAsync, t.Service, s.Service, via, failed(s), cold, retry, false)
			if t.Kind == store.KindProducer {
				e := edges[k]
				if e.QueueAge == nil {
					e.QueueAge = store.Histogram{}
				}
				e.QueueAge[semconv.LatencyBucket(max(0, s.StartNS-t.StartNS-t.DurationNS))]++
				edges[k] = e
			}
		}
		var p store.Span
		hasParent := false
		if !s.ParentSpanID.IsZero() {
			p, hasParent = find(s.TraceID, s.ParentSpanID)
		}
		if hasParent {
			if s.Kind == store.KindConsumer || p.Kind == store.KindProducer {
				async(p)
			} else if p.Service != s.Service || p.Kind == store.KindClient && s.Kind == store.KindServer {
				add(s, store.EdgeCall, p.Service, s.Service, "", failed(s) || p.Kind == store.KindClient && failed(p), cold, p.Marks&semconv.MarkRetry != 0, false)
			}
		}
		var targets []store.Span
		for _, l := range s.Links {
			t, ok := find(l.TraceID, l.SpanID)
			same := func(o store.Span) bool { return o.TraceID == t.TraceID && o.SpanID == t.SpanID && o.Kind == t.Kind }
			if !ok || slices.ContainsFunc(targets, same) {
				continue
			}
			targets = append(targets, t)
			if s.Kind == store.KindConsumer || t.Kind == store.KindProducer {
				if !hasParent || !same(p) {
					async(t)
				}
			} else if t.Service != s.Service {
				add(s, store.EdgeLink, t.Service, s.Service, "", failed(s), false, false, false)
			}
		}
		if s.PeerName != "" {
			system := func(key string) string { v, _ := s.Attributes.Get(key); return v.Str() }
			if s.Kind == store.KindProducer {
				add(s, store.EdgePublish, s.Service, s.PeerName, system("messaging.system"), failed(s), false, false, dead)
			}
			if s.Kind == store.KindConsumer {
				add(s, store.EdgeConsume, s.PeerName, s.Service, system("messaging.system"), failed(s), cold, retry, false)
			}
			if s.Category == "db" && !serves(s) {
				db := system("db.system.name")
				typ := store.EdgeDatabase
				if db == "redis" || db == "memcached" {
					typ = store.EdgeCache
				}
				add(s, typ, s.Service, s.PeerName, db, failed(s), false, retry, false)
			}
			if s.Kind == store.KindClient && (s.Category == "client" || s.Category == "faas") {
				answered := slices.ContainsFunc(stored, func(c store.Span) bool {
					return c.TraceID == s.TraceID && (c.ParentSpanID == s.SpanID && (c.Service != s.Service || serves(c)) || c.SpanID == s.SpanID && serves(c))
				})
				if !answered {
					add(s, store.EdgeExternal, s.Service, s.PeerName, "", failed(s), false, retry, false)
				}
			}
		}
		if s.ParentSpanID.IsZero() && s.Kind == store.KindServer {
			add(s, store.EdgeEntry, "", s.Service, "", failed(s), cold, false, false)
		}
	}
	return edges
}

// tangle makes n traces with everything that can go wrong: parents that are missing, hours away, or the span itself; cycles; several
// roots; halves that share an id; links to other traces, to nowhere, in a ring and twice the same; repeated spans; any order.
func tangle(r *rand.Rand, n int) []store.Span {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	traceID := func(i int) store.TraceID { return store.TraceID{0: 0x7a, 14: byte(i >> 8), 15: byte(i)} }
	var spans []store.Span
	for trace := range n {
		size := 1 + r.IntN(9)
		id := func() store.SpanID { return store.SpanIDFromUint64(uint64(1 + r.IntN(size+1))) }
		for i := range size {
			start := shopTime.Add(time.Duration(r.IntN(40_000)) * time.Millisecond)
			if r.IntN(5) == 0 {
				start = start.Add(time.Duration([]int{-7, -1, 2, 26}[r.IntN(4)]) * time.Hour).Truncate(20 * time.Second)
			}
			s := store.Span{
				TraceID: traceID(trace), SpanID: store.SpanIDFromUint64(uint64(i + 1)), Kind: store.Kind(r.IntN(6)), StatusCode: store.StatusCode(r.IntN(3)),
				StartNS: start.UnixNano(), DurationNS: int64(r.ExpFloat64() * 3e7), Service: pick("api", "cart", "jobs", "mail"),
				Category: pick("server", "client", "client", "db", "messaging", "faas", "internal"), PeerName: pick("", "orders", "shop@db", "pay.example"),
				Marks: uint8(r.IntN(8)), Name: "x",
			}
			if r.IntN(5) > 0 {
				s.ParentSpanID = id()
			}
			if r.IntN(2) == 0 {
				s.Attributes = append(s.Attributes, store.Attribute{Key: "db.system.name", Value: store.StringValue(pick("redis", "memcached", "postgresql"))})
			}
			if r.IntN(2) == 0 {
				s.Attributes = append(s.Attributes, store.Attribute{Key: "messaging.system", Value: store.StringValue(pick("kafka", "nats"))})
			}
			for range max(0, r.IntN(6)-3) {
				link := store.Link{TraceID: traceID(r.IntN(n + 1)), SpanID: id()}
				s.Links = append(s.Links, link)
				if r.IntN(3) == 0 {
					s.Links = append(s.Links, link)
				}
			}
			spans = append(spans, s)
			if r.IntN(6) == 0 { // the other half of a call
				half := s
				half.Kind, half.Service, half.Links = store.Kind(r.IntN(6)), pick("api", "cart"), nil
				if half.Kind != s.Kind {
					spans = append(spans, half)
				}
			}
		}
	}
	for range len(spans) / 20 {
		spans = append(spans, spans[r.IntN(len(spans))])
	}
	r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	return spans
}

func bucketsOf(spans []store.Span) []time.Time {
	var buckets []time.Time
	for _, s := range spans {
		buckets = append(buckets, time.Unix(0, s.StartNS).Truncate(10*time.Second))
	}
	return buckets
}

func all(store.TraceID) bool { return true }

// overall adds up edges over time.
func overall(edges map[edgeKey]store.Edge) map[edgeKey]store.Edge {
	sums := make(map[edgeKey]store.Edge)
	for k, e := range edges {
		k.bucketUnix = 0
		sum := sums[k]
		sum.Type, sum.Source, sum.Target, sum.Via = e.Type, e.Source, e.Target, e.Via
		sum.Calls, sum.Errors, sum.ColdStarts, sum.Retries = sum.Calls+e.Calls, sum.Errors+e.Errors, sum.ColdStarts+e.ColdStarts, sum.Retries+e.Retries
		sum.DeadLetters, sum.DurationNS = sum.DeadLetters+e.DeadLetters, sum.DurationNS+e.DurationNS
		for _, h := range []struct {
			into *store.Histogram
			from store.Histogram
		}{{&sum.Latency, e.Latency}, {&sum.QueueAge, e.QueueAge}} {
			if *h.into == nil && h.from != nil {
				*h.into = store.Histogram{}
			}
			h.into.Add(h.from)
		}
		sums[k] = sum
	}
	return sums
}

func compareEdges(t *testing.T, what string, got, want map[edgeKey]store.Edge) {
	t.Helper()
	for k, w := range want {
		if g, ok := got[k]; !ok || !reflect.DeepEqual(g, w) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", what, g, w)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: got %+v, which does not exist", what, got[k])
		}
	}
}

// edgesOf are the edges of a topology, which is of no bucket.
func edgesOf(topo *store.Topology) map[edgeKey]store.Edge {
	edges := make(map[edgeKey]store.Edge)
	for _, e := range topo.Edges {
		sum := store.Edge{Type: e.Type, Source: e.Source, Target: e.Target, Via: e.Via, Calls: e.Calls, Errors: e.Errors, ColdStarts: e.ColdStarts,
			Retries: e.Retries, DeadLetters: e.DeadLetters, DurationNS: e.DurationNS, Latency: histogramOf(e.Latency), QueueAge: histogramOf(e.QueueAge)}
		edges[keyOf(sum)] = sum
	}
	return edges
}

func histogramOf(c store.Counts) store.Histogram {
	if len(c) == 0 {
		return nil
	}
	h := store.Histogram{}
	for _, b := range c {
		h[b.Bucket] += b.Count
	}
	return h
}

func TestReconcileEdgesEqualsDefinition(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := open(t)
		if seed%2 == 1 {
			s.LimitGraph(200) // many passes
		}
		if seed%3 != 0 {
			s.LimitSumEdges(100) // many shares
		}
		spans := tangle(r, 50)
		reconcile := func(buckets []time.Time) int {
			t.Helper()
			n, err := s.ReconcileEdges(t.Context(), buckets)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		early := spans[:len(spans)*3/4]
		insert(t, s, "", early...)
		// What the collector wrote is partly wrong.
		wrong := []store.Edge{{BucketUnix: shopTime.Unix(), Type: store.EdgeCall, Source: "api", Target: "cart", Calls: 5, Latency: store.Histogram{900: 5}},
			{BucketUnix: shopTime.Unix() + 10, Type: store.EdgeAsync, Source: "no", Target: "body", Calls: 1, DurationNS: 7, QueueAge: store.Histogram{3: 1}}}
		if err := s.InsertEdges(t.Context(), wrong, ""); err != nil {
			t.Fatal(err)
		}
		reconcile(bucketsOf(early))
		compareEdges(t, "early", storedEdges(t, s, "edges"), referenceEdges(early, all))
		if n := reconcile(bucketsOf(early)); n != 0 {
			t.Errorf("seed %d: the second time corrected %d edges", seed, n)
		}

		// The rest comes late: it changes the edges of spans that were there.
		before, err := s.EdgeBucketsSince(t.Context(), time.Now().Add(time.Hour), 1000)
		if err != nil || len(before) != 0 {
			t.Errorf("buckets of the future: %v, %v", before, err)
		}
		late := spans[len(spans)*3/4:]
		insert(t, s, "", late...)
		var ids []store.TraceID
		for _, l := range spans {
			ids = append(ids, l.TraceID)
		}
		buckets, err := s.EdgeBucketsOfTraces(t.Context(), ids, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		since, err := s.EdgeBucketsSince(t.Context(), time.Now().Add(-time.Hour), 100_000)
		want := bucketsOf(spans)
		slices.SortFunc(want, time.Time.Compare)
		want = slices.CompactFunc(want, time.Time.Equal)
		if !slices.EqualFunc(buckets, want, time.Time.Equal) || !slices.EqualFunc(since, want, time.Time.Equal) || err != nil {
			t.Errorf("seed %d: buckets of the traces: %d, since: %d, %v, want %d", seed, len(buckets), len(since), err, len(want))
		}
		reconcile(buckets)
		compareEdges(t, "all", storedEdges(t, s, "edges"), referenceEdges(spans, all))
		if n := reconcile(buckets); n != 0 {
			t.Errorf("seed %d: the second time corrected %d edges", seed, n)
		}

		// The topology of some traces, computed from their spans.
		mail := make(map[store.TraceID]bool)
		for _, sp := range spans {
			if sp.Service == "mail" && sp.StatusCode == store.StatusError {
				mail[sp.TraceID] = true
			}
		}
		q := store.TraceQuery{Where: store.AllOf(store.Predicate{Field: store.FieldService, Value: store.StringValue("mail")}, store.Predicate{Field: store.FieldStatus, Value: store.StringValue("error")})}
		topo, err := s.TopologyOf(t.Context(), q)
		if err != nil || topo.Traces != len(mail) {
			t.Fatalf("topology of traces: %v, %v, want %d traces", topo, err, len(mail))
		}
		got := edgesOf(topo)
		compareEdges(t, "some traces", got, overall(referenceEdges(spans, func(id store.TraceID) bool { return mail[id] })))

		// The topology of a time range, read from edges.
		whole, err := s.Topology(t.Context(), store.TimeRange{})
		if err != nil {
			t.Fatal(err)
		}
		compareEdges(t, "all time", edgesOf(whole), overall(referenceEdges(spans, all)))
		if !slices.Equal(whole.Services, []string{"api", "cart", "jobs", "mail"}) {
			t.Errorf("services: %v", whole.Services)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestTopologyOfAnyWindow compares windows that edges, edges_5m and edges_1h answer together with the sum of what was inserted.
func TestTopologyOfAnyWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	now := time.Now().Truncate(10 * time.Second)
	randomEdges := func(n int) []store.Edge {
		edges := make([]store.Edge, n)
		for i := range edges {
			edges[i] = store.Edge{BucketUnix: now.Unix() + 10*(r.Int64N(2*360)-360*int64(1+r.IntN(8))), Type: store.EdgeType(1 + r.IntN(9)), Source: string(rune('a' + r.IntN(3))),
				Target: string(rune('a' + r.IntN(3))), Calls: 1 + r.Int64N(5), Errors: r.Int64N(2), ColdStarts: r.Int64N(2), Retries: r.Int64N(2), DeadLetters: r.Int64N(2), DurationNS: r.Int64N(1000),
				Latency: store.Histogram{uint16(33000 + r.IntN(400)): 1 + r.Int64N(3)}}
			if i%5 == 0 {
				edges[i].QueueAge = store.Histogram{uint16(r.IntN(3) * 20000): 1}
			}
		}
		return edges
	}
	check := func(s *store.Store, edges []store.Edge) {
		t.Helper()
		for range 60 {
			from := now.Add(time.Duration(r.Int64N(int64(9*time.Hour))) - 9*time.Hour)
			to := from.Add(time.Duration(r.Int64N(int64(9 * time.Hour))))
			switch r.IntN(4) {
			case 0:
				to = from.Add(time.Duration(r.Int64N(int64(20 * time.Minute))))
			case 1:
				to = time.Now()
			}
			chosen, calls := make(map[edgeKey]store.Edge), make(map[[2]string]int64)
			for i, e := range edges {
				if start := time.Unix(e.BucketUnix, 0); !start.Before(to) || !start.Add(store.EdgeBucket).After(from) {
					continue
				}
				k := keyOf(e)
				k.bucketUnix = int64(i)
				chosen[k] = e
				if e.Source != e.Target && (e.Type == store.EdgeCall || e.Type == store.EdgeAsync) {
					calls[[2]string{e.Source, e.Target}] += e.Calls
				}
			}
			want := overall(chosen)
			window, what := store.TimeRange{From: from, To: to}, from.UTC().Format(time.TimeOnly)+" to "+to.UTC().Format(time.TimeOnly)
			topo, err := s.Topology(t.Context(), window)
			if err != nil {
				t.Fatal(err)
			}
			compareEdges(t, what, edgesOf(topo), want)
			most, totals, err := s.EdgesByEngine(t.Context(), window)
			if err != nil {
				t.Fatal(err)
			}
			compareEdges(t, what+" by the engine", edgesOf(most), want)
			byType := make(map[edgeKey]store.Edge)
			for k, e := range want {
				e.Source, e.Target = "", ""
				byType[edgeKey{int64(len(byType)), k.typ, "", "", ""}] = e
			}
			compareEdges(t, what+" by type", edgesOf(totals), overall(byType))
			deps, err := s.Dependencies(t.Context(), window)
			if err != nil || len(deps) != len(calls) {
				t.Errorf("%s: %d dependencies, want %d, %v", what, len(deps), len(calls), err)
			}
			for _, d := range deps {
				if want := calls[[2]string{d.Parent, d.Child}]; int64(d.Calls) != want {
					t.Errorf("%s: %s to %s: %d calls, want %d", what, d.Parent, d.Child, d.Calls, want)
				}
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	// A database from before edges_1h, whose view sees only what is written later.
	dsn := storetest.DSN(t)
	conn, err := store.OpenSQL(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := store.Migrate(t.Context(), conn, store.MigrationsBefore(t, 12)); err != nil {
		t.Fatal(err)
	}
	edges := randomEdges(3000)
	for _, e := range edges[:1500] {
		// Only what the tables of that time have.
		err := conn.Exec(t.Context(), "INSERT INTO edges (bucket, type, source, target, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			time.Unix(e.BucketUnix, 0).UTC(), uint8(e.Type), e.Source, e.Target, e.Calls, e.Errors, e.ColdStarts, e.Retries, e.DeadLetters, e.DurationNS, map[uint16]int64(e.Latency), map[uint16]int64(e.QueueAge))
		if err != nil {
			t.Fatal(err)
		}
	}
	for what, s := range map[string]*store.Store{"new": open(t), "migrated": openDSN(t, dsn, store.Retention{})} {
		added := edges
		if what == "migrated" {
			added = edges[1500:]
		}
		if err := s.InsertEdges(t.Context(), added, ""); err != nil {
			t.Fatal(err)
		}
		check(s, edges)
		if later := s.CompleteHours().After(now); later != (what == "migrated") {
			t.Errorf("%s: edges_1h is complete since %v", what, s.CompleteHours())
		}
	}
}
