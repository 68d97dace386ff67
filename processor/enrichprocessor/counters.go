package enrichprocessor

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"weft/semconv"
)

// counters are the processor's own metrics: items repaired and refused, by signal and reason.
type counters struct {
	repaired, refused metric.Int64Counter
}

func newCounters(mp metric.MeterProvider) (*counters, error) {
	meter := mp.Meter("weft/processor/enrichprocessor")
	repaired, err := meter.Int64Counter(semconv.MetricRepaired,
		metric.WithDescription("Items stored after a repair, by reason. An item with two repairs counts under both."))
	if err != nil {
		return nil, fmt.Errorf("make counter: %w", err)
	}
	refused, err := meter.Int64Counter(semconv.MetricRefused,
		metric.WithDescription("Items refused, by reason."))
	if err != nil {
		return nil, fmt.Errorf("make counter: %w", err)
	}
	return &counters{repaired: repaired, refused: refused}, nil
}

// tally counts reasons over one batch, so that the metric is touched once per reason and batch.
type tally struct {
	repaired, refused [numReasons]int64
}

// report adds t to the metrics of signal. The label processor keeps these series apart from those that other components
// count under the same reason.
func (c *counters) report(ctx context.Context, signal string, t *tally) {
	for r := range numReasons {
		attrs := metric.WithAttributes(attribute.String("signal", signal), attribute.String("reason", r.String()),
			attribute.String("processor", "enrich"))
		if n := t.repaired[r]; n > 0 {
			c.repaired.Add(ctx, n, attrs)
		}
		if n := t.refused[r]; n > 0 {
			c.refused.Add(ctx, n, attrs)
		}
	}
}

func (t *tally) repair(rs reasons) {
	for r := range numReasons {
		if rs.has(r) {
			t.repaired[r]++
		}
	}
}
