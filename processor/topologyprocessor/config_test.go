package topologyprocessor

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.yaml.in/yaml/v3"

	"weft/semconv"
)

func TestConfigOfFile(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := defaultConfig().(*Config)
	if err := conf.Unmarshal(cfg); err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Window: 5 * time.Second, MaxSpans: 1000, MaxEdges: 200, MaxNames: 3000, FlushInterval: 200 * time.Millisecond,
		ExternalAfter: 2 * time.Second, ReconcileInterval: 3 * time.Second, ReconcileBuckets: 7,
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("got %+v, want %+v", cfg, want)
	}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	if err := defaultConfig().(*Config).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestConfigNamesEveryProblem(t *testing.T) {
	got := (&Config{ReconcileInterval: time.Millisecond}).Validate()
	want := `window: want 1s to 1h0m0s, got 0s
max_spans: want 1000 to 100000000, got 0
max_edges: want 100 to 10000000, got 0
max_names: want 1000 to 100000000, got 0
flush_interval: want 100ms to 1m0s, got 0s
reconcile_interval: want 1s to 1h0m0s, got 1ms
reconcile_buckets: want 1 to 1000, got 0`
	if got == nil || got.Error() != want {
		t.Errorf("got %v\nwant %v", got, want)
	}
	cfg := defaultConfig().(*Config)
	cfg.ExternalAfter = 2 * time.Minute
	if err := cfg.Validate(); err == nil || err.Error() != "external_after: want 0s to 1m0s, got 2m0s" {
		t.Errorf("got %v", err)
	}
}

// metadata.yaml and the README name exactly the metrics and settings that there are.
func TestDescriptions(t *testing.T) {
	meta, err := os.ReadFile("metadata.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Type      string
		Telemetry struct {
			Metrics map[string]struct{ Description, Unit string }
		}
	}
	if err := yaml.Unmarshal(meta, &m); err != nil {
		t.Fatal(err)
	}
	if m.Type != Type.String() {
		t.Errorf("type %s", m.Type)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	tel := componenttest.NewTelemetry()
	set, err := newTelemetry(tel.NewTelemetrySettings().MeterProvider)
	if err != nil {
		t.Fatal(err)
	}
	set.report(stats{spans: 1, duplicates: 1, unpaired: 1, late: 1, evicted: 1, edgesOver: 1, resets: 1, tracesOver: 1})
	set.edges.Add(t.Context(), 1)
	set.corrections.Add(t.Context(), 1)
	set.failed("write")
	if _, err := set.watch(func() (int, int) { return 1, 1 }); err != nil {
		t.Fatal(err)
	}
	names := []string{
		semconv.MetricTopologySpans, semconv.MetricTopologyDuplicates, semconv.MetricTopologyUnpaired, semconv.MetricTopologyLate,
		semconv.MetricTopologyDropped, semconv.MetricTopologyEdges, semconv.MetricTopologyFailures, semconv.MetricTopologyCorrections,
		semconv.MetricTopologyOpen, semconv.MetricTopologyDirty,
	}
	for _, name := range names {
		got, err := tel.GetMetric(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := m.Telemetry.Metrics[name]; d.Description != got.Description {
			t.Errorf("%s: metadata.yaml says %q, registered is %q", name, d.Description, got.Description)
		}
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README lacks %s", name)
		}
	}
	if len(m.Telemetry.Metrics) != len(names) {
		t.Errorf("metadata.yaml has %d metrics, want %d", len(m.Telemetry.Metrics), len(names))
	}
	// Settings, as the README's table has them.
	var got []string
	for line := range strings.Lines(string(readme)) {
		if cells := strings.Split(line, "|"); len(cells) > 3 && strings.HasPrefix(line, "| `") && !strings.Contains(line, "weft_") {
			got = append(got, strings.Trim(strings.TrimSpace(cells[1]), "`")+" "+strings.TrimSpace(cells[2]))
		}
	}
	var want []string
	v := reflect.ValueOf(*defaultConfig().(*Config))
	for i := range v.NumField() {
		want = append(want, fmt.Sprint(v.Type().Field(i).Tag.Get("mapstructure"), " ", v.Field(i).Interface()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("README: %q\nconfig: %q", got, want)
	}
}
