package enrichprocessor

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFactory(t *testing.T) {
	f := NewFactory()
	if err := componenttest.CheckConfigStruct(f.CreateDefaultConfig()); err != nil {
		t.Error(err)
	}
	processortest.VerifyShutdown(t, f, f.CreateDefaultConfig())
	set := processortest.NewNopSettings(f.Type())
	traces, err := f.CreateTraces(t.Context(), set, f.CreateDefaultConfig(), consumertest.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	logs, err := f.CreateLogs(t.Context(), set, f.CreateDefaultConfig(), consumertest.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := f.CreateMetrics(t.Context(), set, f.CreateDefaultConfig(), consumertest.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	// Others may hold the same data.
	if !traces.Capabilities().MutatesData || !logs.Capabilities().MutatesData || !metrics.Capabilities().MutatesData {
		t.Error("want MutatesData")
	}
	// Shutdown without Start and twice, as the collector may do after a failed start.
	for range 2 {
		for _, c := range []interface{ Shutdown(context.Context) error }{traces, logs, metrics} {
			if err := c.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	c := &Config{MaxFuture: time.Second, MaxLinks: 1 << 20}
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	want := strings.Join([]string{
		"max_attributes: want 1 to 65536, got 0", "max_value_bytes: want 64 to 16777216, got 0", "max_body_bytes: want 64 to 16777216, got 0",
		"max_name_bytes: want 64 to 65536, got 0", "max_events: want 1 to 65536, got 0", "max_links: want 1 to 65536, got 1048576",
		"max_future: want 1m to 8760h, got 1s"}, "\n")
	if err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
