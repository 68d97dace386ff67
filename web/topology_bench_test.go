package web

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"weft/semconv"
	"weft/store"
	"weft/store/storetest"
)

// denseEdges inserts what 833 calls a second between 40 services that all call each other, directly and by four queues, are in the 3 hours
// before to: 8000 edges. What lies in whole buckets of 5 minutes is in the first 10 seconds of each, which edges_5m does not tell apart.
func denseEdges(b *testing.B, st *store.Store, to time.Time) {
	const services, vias, perSecond = 40, 5, 833
	r := rand.New(rand.NewPCG(1, 2))
	insert := func(at time.Time, width time.Duration) {
		edges := make([]store.Edge, services*services*vias)
		for i := range edges {
			edges[i] = store.Edge{BucketUnix: at.Unix(), Type: store.EdgeCall, Source: fmt.Sprintf("service-%02d", i%services),
				Target: fmt.Sprintf("service-%02d", i/services%services), Latency: store.Histogram{}}
			if via := i / services / services; via > 0 {
				edges[i].Type, edges[i].Via = store.EdgeAsync, fmt.Sprintf("queue-%d", via)
			}
		}
		for range int(width.Seconds()) * perSecond {
			i := r.IntN(len(edges))
			ns := int64(2e6 * (1 + r.ExpFloat64()*float64(1+i%7)))
			e := &edges[i]
			e.Calls++
			e.DurationNS += ns
			e.Latency[semconv.LatencyBucket(ns)]++
			if r.IntN(50) == 0 {
				e.Errors++
			}
		}
		edges = slices.DeleteFunc(edges, func(e store.Edge) bool { return e.Calls == 0 })
		if err := st.InsertEdges(b.Context(), edges, ""); err != nil {
			b.Fatal(err)
		}
	}
	const coarse = 5 * time.Minute
	from := to.Add(-3 * time.Hour)
	for at := from.Truncate(coarse); at.Before(to); at = at.Add(coarse) {
		if !at.Before(from) && !at.Add(coarse).After(to) {
			insert(at, coarse)
			continue
		}
		for fine := at; fine.Before(at.Add(coarse)); fine = fine.Add(store.EdgeBucket) {
			insert(fine, store.EdgeBucket)
		}
	}
}

// BenchmarkTopology asks for 3 hours of 8000 edges that end now or ended some hours ago, as long past the hour as it says: just written, when
// everything is read as it is the first time, then when they count as written an hour ago. HTTP is compressed. What end=now reads depends on the time of day:
// compare its parts with each other.
func BenchmarkTopology(b *testing.B) {
	now := time.Now().Truncate(store.EdgeBucket)
	hour := now.Add(-4 * time.Hour).Truncate(time.Hour)
	for _, end := range []struct {
		name string
		at   time.Time
	}{{"0m", hour}, {"25m", hour.Add(25 * time.Minute)}, {"37m", hour.Add(37 * time.Minute)}, {"now", now}} {
		b.Run("end="+end.name, func(b *testing.B) { benchmarkTopology(b, end.at) })
	}
}

func benchmarkTopology(b *testing.B, to time.Time) {
	dsn := storetest.DSN(b)
	st, err := store.Open(b.Context(), store.Config{DSN: dsn})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	denseEdges(b, st, to)
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		b.Fatal(err)
	}
	db, err := clickhouse.Open(options)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	srv := testServer(b, st, nil)
	from := to.Add(-3 * time.Hour)
	path := srv.URL + "/api/v1/topology?" + url.Values{"from": {fmt.Sprint(from.UnixNano())}, "to": {fmt.Sprint(to.UnixNano())}}.Encode()
	ask := func() {
		res, err := http.Get(path)
		if err != nil {
			b.Fatal(err)
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(res.Status, err)
		}
	}
	read := func() *store.Topology {
		t, err := st.Topology(b.Context(), store.TimeRange{From: from, To: to})
		if err != nil || len(t.Edges) != 8000 {
			b.Fatal(len(t.Edges), err)
		}
		return t
	}
	topo := read()
	parts := []struct {
		name string
		run  func()
	}{{"store", func() { read() }}, {"http", ask}, {"graph", func() { newGraph(topo).render() }}}
	for _, written := range []string{"now", "before"} {
		if written == "before" {
			if err := db.Exec(b.Context(), "ALTER TABLE edges UPDATE updated_at = updated_at - INTERVAL 1 HOUR WHERE 1 SETTINGS mutations_sync = 2"); err != nil {
				b.Fatal(err)
			}
		}
		for _, part := range parts {
			b.Run("written="+written+"/part="+part.name, func(b *testing.B) {
				b.ReportAllocs()
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					part.run()
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[0].Microseconds())/1000, "least-ms")
				b.ReportMetric(float64(took[len(took)/4].Microseconds())/1000, "quartile-ms")
			})
		}
	}
}
