package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"weft/bench/seed"
)

const (
	// seededWithin is how long the whole of a seeded store may take to be found, call graphs included.
	seededWithin = 2 * time.Minute
	seedNumber   = 1
)

// TestSeeded fills an empty store with traces and call graphs of every size and shape that a viewer must bear, wants the API to have
// all of them, and the browser to show them in time.
func TestSeeded(t *testing.T) {
	in := newRunning(t)
	s := seed.New(seed.Options{Seed: seedNumber, Base: time.Now()})
	if err := s.Send(t.Context(), in.addr["WEFT_OTLP_GRPC"], in.token); err != nil {
		t.Fatal(err)
	}
	in.awaitRows(t, "traces", int64(s.Spans()), seededWithin)
	await(t, seededWithin, func() error { return in.hasSeeded(&s.Facts) })
	t.Logf("%d spans in %d traces", s.Spans(), len(s.Set.Traces))

	raw, err := json.Marshal(s.Facts)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEFT_SEED", file)
	runBrowser(t, in, "seeded")
}

// hasSeeded is an error unless the API has every trace and call graph whole.
func (in *instance) hasSeeded(facts *seed.Facts) error {
	for _, name := range facts.Names() {
		want := facts.Traces[name]
		var got struct {
			Spans int `json:"spans"`
		}
		if err := in.get("/api/v1/traces/"+want.ID+"/analysis", &got); err != nil {
			return err
		}
		if got.Spans != want.Spans {
			return fmt.Errorf("trace %s has %d spans, want %d", name, got.Spans, want.Spans)
		}
	}
	for _, name := range facts.GraphNames() {
		want := facts.Graphs[name]
		var got struct {
			Nodes []struct{} `json:"nodes"`
			Edges []struct{} `json:"edges"`
		}
		if err := in.get(fmt.Sprintf("/api/v1/topology?from=%d&to=%d", want.FromNS, want.ToNS), &got); err != nil {
			return err
		}
		if len(got.Nodes) != want.Nodes || len(got.Edges) != want.Edges {
			return fmt.Errorf("the graph of %s nodes has %d nodes and %d edges, want %d and %d", name, len(got.Nodes), len(got.Edges), want.Nodes, want.Edges)
		}
	}
	return nil
}
