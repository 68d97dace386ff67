package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/ClickHouse/clickhouse-go/v2" // the driver "clickhouse"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"weft/bench/truth"
	"weft/store"
	"weft/store/engine"
)

const (
	// topologyTraces make some 100 000 spans, in topologyTime of real time.
	topologyTraces = 4500
	topologyTime   = 40 * time.Second
	// topologyWindow stands for the minute of the built-in configuration: what is late in this test comes after it.
	topologyWindow = 4 * time.Second
	// reconciledWithin is how long after the last span the call graph may still be wrong.
	reconciledWithin = 2 * time.Minute
	quantileWithin   = 0.02
)

// TestTopologyEqualsTheTruth runs two collectors and a web server on one ClickHouse, sends traces whose call graph is known, and
// wants that call graph: with the spans of a trace in any order, 5 % of them later than the collectors remember, 1 % twice, and one
// collector killed in the middle.
func TestTopologyEqualsTheTruth(t *testing.T) {
	library, err := engine.FindLibrary(filepath.Join(root, "data"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := engine.Start(t.Context(), engine.Config{Library: library, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	config := topologyConfig(t)
	var collectors []*instance
	for range 2 {
		in := newInstance(t, t.TempDir(), "--clickhouse", server.DSN(), "--collector-config", config)
		in.role = "collector"
		in.start(t)
		t.Cleanup(func() { in.cleanup(t) })
		collectors = append(collectors, in)
	}
	web := newInstance(t, "", "--clickhouse", server.DSN())
	web.role = "web"
	web.start(t)
	t.Cleanup(func() { web.cleanup(t) })

	from := time.Now().Add(time.Second)
	set := truth.New(truth.Options{Seed: 1, Traces: topologyTraces, FromNS: from.UnixNano(), ToNS: from.Add(topologyTime).UnixNano()})
	requests := set.Deliver(truth.Delivery{Seed: 1, RequestSpans: 200, ShuffleSpans: 2000, LateShare: 0.05, DuplicateShare: 0.01, Collectors: len(collectors)})
	t.Logf("%d spans in %d traces, %d requests", set.Spans(), len(set.Traces), len(requests))

	var senders sync.WaitGroup
	for i, in := range collectors {
		senders.Go(func() { deliver(t, in, i, requests) })
	}
	time.Sleep(time.Until(from.Add(topologyTime / 2)))
	collectors[1].crash()
	time.Sleep(time.Second)
	collectors[1].start(t)
	senders.Wait()
	if t.Failed() {
		return
	}

	db, err := sql.Open("clickhouse", server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	began := time.Now()
	await(t, reconciledWithin, func() error {
		got, err := storedEdges(db, "weft.edges")
		if err != nil {
			return err
		}
		return sameEdges(got, set.Edges)
	})
	if err := sameAnswer(web, set, from); err != nil {
		t.Error(err)
	}
	t.Logf("%d edges are right %v after the last span", len(set.Edges), time.Since(began).Round(time.Millisecond))

	// Both ways to the truth have been gone: counted live, and corrected.
	for _, name := range []string{"weft_topology_edges_total", "weft_topology_corrections_total"} {
		var sum float64
		for _, in := range collectors {
			v, err := in.metric(name)
			if err != nil {
				t.Fatal(err)
			}
			sum += v
		}
		t.Logf("%s: %v", name, sum)
		if sum == 0 {
			t.Errorf("%s is 0", name)
		}
	}
}

// topologyConfig is the built-in configuration with a shorter memory.
func topologyConfig(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "collector", "default.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	processors := config["processors"].(map[string]any)
	if _, ok := processors["topology"]; !ok {
		t.Fatal("collector/default.yaml has no topology processor")
	}
	processors["topology"] = map[string]any{"window": topologyWindow.String(), "reconcile_interval": "1s", "reconcile_buckets": 100}
	if raw, err = yaml.Marshal(config); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "collector.yaml")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// deliver sends a collector its requests, each when its last span has ended, and the late ones when the collector can remember
// nothing of their traces any more. A request without an answer is sent again, as clients do.
func deliver(t *testing.T, in *instance, collector int, requests []truth.Request) {
	conn, err := grpc.NewClient(in.addr["WEFT_OTLP_GRPC"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	client := ptraceotlp.NewGRPCClient(conn)
	late := false
	for _, r := range requests {
		if r.Collector != collector {
			continue
		}
		if r.Late && !late {
			late = true
			time.Sleep(3 * topologyWindow)
		}
		var ended time.Time
		for _, rs := range r.Traces.ResourceSpans().All() {
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				if end := s.EndTimestamp().AsTime(); end.After(ended) {
					ended = end
				}
			}
		}
		time.Sleep(time.Until(ended))
		req := ptraceotlp.NewExportRequestFromTraces(r.Traces)
		for deadline := time.Now().Add(startTimeout); ; time.Sleep(100 * time.Millisecond) {
			ctx, cancel := context.WithTimeout(t.Context(), requestTimeout)
			_, err := client.Export(ctx, req)
			cancel()
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("collector %d: %v", collector, err)
				return
			}
		}
	}
}

// storedEdge is the sum of an edge's rows.
type storedEdge struct {
	Calls, Errors, ColdStarts, Retries, DeadLetters, DurationNS int64
	Latency, QueueAge                                           store.Histogram
}

// edgeNames are the types by their stored numbers, in the order of store.EdgeCall and what follows.
var edgeNames = []truth.EdgeType{truth.Call, truth.Database, truth.Cache, truth.External, truth.Publish, truth.Consume, truth.Async, truth.Entry, truth.Link}

// storedEdges reads what was added up for the buckets of some table.
func storedEdges(db *sql.DB, table string) (map[truth.Key]storedEdge, error) {
	rows, err := db.Query(`SELECT toUnixTimestamp64Second(bucket), type, source, target, via,
			sum(calls), sum(errors), sum(cold_starts), sum(retries), sum(dead_letters), sum(duration_ns), sumMap(latency), sumMap(queue_age)
		FROM ` + table + ` GROUP BY ALL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[truth.Key]storedEdge{}
	for rows.Next() {
		var k truth.Key
		var e storedEdge
		var number uint8
		var latency, age map[uint16]int64
		if err := rows.Scan(&k.BucketUnix, &number, &k.Source, &k.Target, &k.Via,
			&e.Calls, &e.Errors, &e.ColdStarts, &e.Retries, &e.DeadLetters, &e.DurationNS, &latency, &age); err != nil {
			return nil, err
		}
		if number < 1 || int(number) > len(edgeNames) {
			return nil, fmt.Errorf("edge type %d is unknown", number)
		}
		k.Type = edgeNames[number-1]
		e.Latency, e.QueueAge = latency, age
		out[k] = e
	}
	return out, rows.Err()
}

// differsFrom says in what an edge is not the true one. A nil edge has nothing.
func (e storedEdge) differsFrom(want *truth.Edge) string {
	if want == nil {
		want = &truth.Edge{}
	}
	var sum int64
	for _, d := range want.DurationsNS {
		sum += d
	}
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"calls", e.Calls, want.Calls}, {"errors", e.Errors, want.Errors}, {"cold starts", e.ColdStarts, want.ColdStarts},
		{"retries", e.Retries, want.Retries}, {"dead letters", e.DeadLetters, want.DeadLetters}, {"nanoseconds", e.DurationNS, sum},
		{"latencies", e.Latency.Count(), want.Calls}, {"queue ages", e.QueueAge.Count(), int64(len(want.QueueAgesNS))},
	} {
		if c.got != c.want {
			return fmt.Sprintf("%d %s, want %d", c.got, c.what, c.want)
		}
	}
	for _, q := range []float64{0.5, 0.95, 0.99} {
		for _, h := range []struct {
			what   string
			got    store.Histogram
			values []int64
		}{{"latency", e.Latency, want.DurationsNS}, {"queue age", e.QueueAge, want.QueueAgesNS}} {
			got, want := h.got.Quantile(q), float64(truth.Quantile(h.values, q))
			if math.Abs(got-want) > max(quantileWithin*want, 1) {
				return fmt.Sprintf("%s %v ns at %v, want %v", h.what, got, q, want)
			}
		}
	}
	return ""
}

// sameEdges wants the stored edges to be the true ones, bucket by bucket: every counter the same, quantiles within 2 %.
func sameEdges(got map[truth.Key]storedEdge, want truth.Edges) error {
	var wrong []string
	for k := range want {
		if diff := got[k].differsFrom(want[k]); diff != "" {
			wrong = append(wrong, fmt.Sprintf("%+v: %s", k, diff))
		}
	}
	for k, e := range got {
		if want[k] == nil && e.differsFrom(nil) != "" {
			wrong = append(wrong, fmt.Sprintf("%+v: does not exist, has %d calls", k, e.Calls))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d of %d edges are wrong, such as\n%s", len(wrong), len(want), strings.Join(wrong[:min(5, len(wrong))], "\n"))
	}
	return nil
}

// answeredEdge is an edge in an answer of /api/v1/topology.
type answeredEdge struct {
	Type, Source, Target, Via                       string
	Calls, Errors, ColdStarts, Retries, DeadLetters int64
	P50NS                                           int64 `json:"p50Ns"`
	P95NS                                           int64 `json:"p95Ns"`
	P99NS                                           int64 `json:"p99Ns"`
	QueueP50NS                                      int64 `json:"queueAgeP50Ns"`
	QueueP95NS                                      int64 `json:"queueAgeP95Ns"`
}

// sameAnswer wants the API to give the true edges of the whole time.
func sameAnswer(web *instance, set *truth.Set, from time.Time) error {
	from = from.Truncate(store.EdgeBucket)
	to := from.Add(time.Hour)
	var answer struct {
		Edges     []answeredEdge
		Truncated bool
	}
	if err := web.get(fmt.Sprintf("/api/v1/topology?from=%d&to=%d", from.UnixNano(), to.UnixNano()), &answer); err != nil {
		return err
	}
	want := set.Edges.Total(from.Unix(), to.Unix(), true)
	if len(answer.Edges) != len(want) || answer.Truncated {
		return fmt.Errorf("the API gives %d edges, want %d", len(answer.Edges), len(want))
	}
	byIDs := map[[4]string]*truth.Edge{}
	for k, e := range want {
		source, target := nodeIDs(k)
		byIDs[[4]string{string(k.Type), source, target, k.Via}] = e
	}
	for _, e := range answer.Edges {
		w := byIDs[[4]string{e.Type, e.Source, e.Target, e.Via}]
		if w == nil {
			return fmt.Errorf("the API gives %+v, which does not exist", e)
		}
		if got, want := [...]int64{e.Calls, e.Errors, e.ColdStarts, e.Retries, e.DeadLetters}, [...]int64{w.Calls, w.Errors, w.ColdStarts, w.Retries, w.DeadLetters}; got != want {
			return fmt.Errorf("the API gives %+v, want calls, errors, cold starts, retries and dead letters %v", e, want)
		}
		for _, q := range []struct {
			got    int64
			values []int64
			q      float64
		}{{e.P50NS, w.DurationsNS, 0.5}, {e.P95NS, w.DurationsNS, 0.95}, {e.P99NS, w.DurationsNS, 0.99}, {e.QueueP50NS, w.QueueAgesNS, 0.5}, {e.QueueP95NS, w.QueueAgesNS, 0.95}} {
			if want := float64(truth.Quantile(q.values, q.q)); math.Abs(float64(q.got)-want) > max(quantileWithin*want, 1) {
				return fmt.Errorf("the API gives %+v, want %v ns at %v", e, want, q.q)
			}
		}
	}
	return nil
}

// nodeIDs are the ids that the API gives the ends of an edge.
func nodeIDs(k truth.Key) (source, target string) {
	source, target = "service:"+k.Source, "service:"+k.Target
	switch k.Type {
	case truth.Database, truth.Cache, truth.External:
		target = string(k.Type) + ":" + k.Target
	case truth.Publish:
		target = "queue:" + k.Target
	case truth.Consume:
		source = "queue:" + k.Source
	case truth.Entry:
		source = "user"
	}
	return source, target
}
