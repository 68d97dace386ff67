package storeexporter

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.yaml.in/yaml/v3"

	"weft/semconv"
)

func TestConfig(t *testing.T) {
	if err := componenttest.CheckConfigStruct(NewFactory(nil, nil).CreateDefaultConfig()); err != nil {
		t.Error(err)
	}
	all, err := confmaptest.LoadConf("testdata/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	load := func(name string) *Config {
		t.Helper()
		sub, err := all.Sub(name)
		if err != nil {
			t.Fatal(err)
		}
		cfg := NewFactory(nil, nil).CreateDefaultConfig().(*Config)
		if err := sub.Unmarshal(cfg); err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	defaults := defaultConfig().(*Config)
	defaults.Directory = "/var/lib/weft/queue"
	if got := load("weft_store"); !reflect.DeepEqual(got, defaults) || got.Validate() != nil {
		t.Errorf("defaults: %+v %v", got, got.Validate())
	}
	want := &Config{
		Directory: "/mnt/fast/queue", MaxBytes: gib, SegmentBytes: 32 * mib, MemoryBytes: 8 * mib,
		BlockRows: 50_000, BlockBytes: 64 * mib, FlushInterval: 500 * time.Millisecond, InFlight: 4, InsertTimeout: 30 * time.Second,
		RetryInitial: 200 * time.Millisecond, RetryMax: 10 * time.Second, ClientDelay: 10 * time.Second,
		DrainTimeout: 30 * time.Second, RejectedBytes: 128 * mib,
	}
	if got := load("weft_store/all"); !reflect.DeepEqual(got, want) || got.Validate() != nil {
		t.Errorf("all: %+v %v", got, got.Validate())
	}
	wrong := `directory: want an absolute path, got "queue"
max_bytes: want 1048576 to 1099511627776, got 5
segment_bytes: want 65536 to 1073741824, got 0
memory_bytes: want 0 to 1073741824, got -1
block_rows: want 1 to 1000000, got 0
block_bytes: want 65536 to 1073741824, got 2147483648
flush_interval: want 1ms to 1m0s, got 0s
in_flight: want 1 to 8, got 9
insert_timeout: want 1s to 10m0s, got 1ms
retry_initial: want 1ms to 1m0s, got 1h0m0s
retry_max: want 1h0m0s to 1m0s, got 1s
client_delay: want 1s to 5m0s, got 1ms
drain_timeout: want 0s to 10m0s, got -1s
rejected_bytes: want 1048576 to 1099511627776, got 1`
	if err := load("weft_store/wrong").Validate(); err == nil || err.Error() != wrong {
		t.Errorf("wrong: %v", err)
	}
}

// The README's table has every key with its default.
func TestReadmeListsEveryKey(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Configuration")
	section, _, _ = strings.Cut(section, "\n## ")
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]+) \\|").FindAllStringSubmatch(section, -1) {
		got = append(got, m[1]+" "+m[2])
	}
	var want []string
	sizes := map[int64]string{4 * gib: "4 GiB", 64 * mib: "64 MiB", 16 * mib: "16 MiB", 128 * mib: "128 MiB", 200_000: "200000", 1: "1"}
	v := reflect.ValueOf(*defaultConfig().(*Config))
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("mapstructure")
		switch x := v.Field(i).Interface().(type) {
		case string:
			want = append(want, key+" required")
		case time.Duration:
			s := x.String()
			if s == "1m0s" {
				s = "1m"
			}
			want = append(want, key+" "+s)
		case int:
			want = append(want, key+" "+sizes[int64(x)])
		case int64:
			want = append(want, key+" "+sizes[x])
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("README: %q\nconfig: %q", got, want)
	}
}

// metadata.yaml and the README name exactly the metrics there are.
func TestMetricsAreDescribed(t *testing.T) {
	tel := componenttest.NewTelemetry()
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
	names := []string{
		semconv.MetricStored, semconv.MetricRefused, semconv.MetricQueueDamaged, semconv.MetricQueueTorn, semconv.MetricBlockItems,
		semconv.MetricInsertDuration, semconv.MetricQueueBytes, semconv.MetricQueueRecords, semconv.MetricQueueAge,
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := m.Telemetry.Metrics[name]; !ok {
			t.Errorf("metadata.yaml lacks %s", name)
		}
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README lacks %s", name)
		}
	}
	if len(m.Telemetry.Metrics) != len(names) {
		t.Errorf("metadata.yaml has %d metrics, want %d", len(m.Telemetry.Metrics), len(names))
	}
	// And these are what is registered.
	set, err := newTelemetry(tel.NewTelemetrySettings().MeterProvider, "traces")
	if err != nil {
		t.Fatal(err)
	}
	set.stored.Add(t.Context(), 1, set.signal)
	set.refuse(semconv.ReasonQueueFull, 1)
	set.damaged.Add(t.Context(), 1, set.signal)
	set.torn.Add(t.Context(), 1, set.signal)
	set.blockItems.Record(t.Context(), 1, set.signal)
	set.inserted(semconv.OutcomeStored, time.Second)
	if _, err := set.watch(func() (int64, uint64) { return 1, 1 }); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		got, err := tel.GetMetric(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := m.Telemetry.Metrics[name]; d.Description != got.Description || d.Unit != got.Unit && d.Unit != "1" {
			t.Errorf("%s: metadata.yaml says %+v, registered is %q %q", name, d, got.Description, got.Unit)
		}
	}
}
