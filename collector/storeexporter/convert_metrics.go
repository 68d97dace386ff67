package storeexporter

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"weft/store"
)

// metricConverter turns pdata into store.MetricPoint, always the same one; see spanConverter. Exemplars and an
// exponential histogram's zero threshold have no place in it.
type metricConverter struct {
	point store.MetricPoint

	i, lo, hi int // the point being looked at, and those that are wanted
	emit      func(*store.MetricPoint)
}

// convert hands the data points [lo, hi) of md, counted in document order, to emit.
func (c *metricConverter) convert(md pmetric.Metrics, lo, hi int, emit func(*store.MetricPoint)) {
	c.i, c.lo, c.hi, c.emit = 0, lo, hi, emit
	for _, rm := range md.ResourceMetrics().All() {
		res := newResource(rm.Resource(), rm.SchemaUrl())
		service := serviceName(rm.Resource())
		for _, sm := range rm.ScopeMetrics().All() {
			scope := newScope(sm.Scope(), sm.SchemaUrl())
			for _, m := range sm.Metrics().All() {
				c.point.Resource, c.point.Scope, c.point.Service = res, scope, service
				c.point.Name, c.point.Description, c.point.Unit = m.Name(), m.Description(), m.Unit()
				c.metric(m)
			}
		}
	}
	c.emit = nil
}

// wanted counts a point and reports whether it is to be emitted.
func (c *metricConverter) wanted() bool {
	c.i++
	return c.i > c.lo && c.i <= c.hi
}

func (c *metricConverter) metric(m pmetric.Metric) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		c.numbers(store.MetricGauge, 0, false, m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		c.numbers(store.MetricSum, m.Sum().AggregationTemporality(), m.Sum().IsMonotonic(), m.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			if c.wanted() {
				c.start(store.MetricHistogram, m.Histogram().AggregationTemporality(), p.StartTimestamp(), p.Timestamp(), p.Flags(), p.Attributes())
				d := &c.point
				d.Count, d.Sum, d.Min, d.Max, d.HasMinMax = p.Count(), p.Sum(), p.Min(), p.Max(), p.HasMin() && p.HasMax()
				d.Bounds = appendAll(d.Bounds, p.ExplicitBounds())
				d.Buckets = appendAll(d.Buckets, p.BucketCounts())
				c.emit(d)
			}
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			if c.wanted() {
				c.start(store.MetricExponentialHistogram, m.ExponentialHistogram().AggregationTemporality(), p.StartTimestamp(), p.Timestamp(), p.Flags(), p.Attributes())
				d := &c.point
				d.Count, d.Sum, d.Min, d.Max, d.HasMinMax = p.Count(), p.Sum(), p.Min(), p.Max(), p.HasMin() && p.HasMax()
				d.Scale, d.ZeroCount = p.Scale(), p.ZeroCount()
				d.PositiveOffset, d.NegativeOffset = p.Positive().Offset(), p.Negative().Offset()
				d.PositiveCounts = appendAll(d.PositiveCounts, p.Positive().BucketCounts())
				d.NegativeCounts = appendAll(d.NegativeCounts, p.Negative().BucketCounts())
				c.emit(d)
			}
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			if c.wanted() {
				c.start(store.MetricSummary, 0, p.StartTimestamp(), p.Timestamp(), p.Flags(), p.Attributes())
				d := &c.point
				d.Count, d.Sum = p.Count(), p.Sum()
				for _, q := range p.QuantileValues().All() {
					d.Quantiles, d.QuantileValues = append(d.Quantiles, q.Quantile()), append(d.QuantileValues, q.Value())
				}
				c.emit(d)
			}
		}
	}
}

func (c *metricConverter) numbers(typ store.MetricType, temporality pmetric.AggregationTemporality, monotonic bool, points pmetric.NumberDataPointSlice) {
	for _, p := range points.All() {
		if !c.wanted() {
			continue
		}
		c.start(typ, temporality, p.StartTimestamp(), p.Timestamp(), p.Flags(), p.Attributes())
		c.point.Monotonic = monotonic
		switch p.ValueType() {
		case pmetric.NumberDataPointValueTypeInt:
			c.point.Value, c.point.IsInt = float64(p.IntValue()), true
		case pmetric.NumberDataPointValueTypeDouble:
			c.point.Value = p.DoubleValue()
		}
		c.emit(&c.point)
	}
}

// start sets what all points have and clears what only some have.
func (c *metricConverter) start(typ store.MetricType, temporality pmetric.AggregationTemporality, start, at pcommon.Timestamp, flags pmetric.DataPointFlags, attrs pcommon.Map) {
	old := c.point
	c.point = store.MetricPoint{
		Name: old.Name, Description: old.Description, Unit: old.Unit, Type: typ,
		StartNS: unixNS(start), TimeNS: unixNS(at), Flags: uint32(flags),
		Bounds: old.Bounds[:0], Buckets: old.Buckets[:0],
		PositiveCounts: old.PositiveCounts[:0], NegativeCounts: old.NegativeCounts[:0],
		Quantiles: old.Quantiles[:0], QuantileValues: old.QuantileValues[:0],
		Resource: old.Resource, Scope: old.Scope, Service: old.Service,
		Attributes: appendAttributes(old.Attributes[:0], attrs),
	}
	if temporality >= 0 && temporality <= pmetric.AggregationTemporalityCumulative {
		c.point.Temporality = uint8(temporality)
	}
}

// appendAll appends the elements of a pdata slice.
func appendAll[E any, S interface {
	Len() int
	At(int) E
}](dst []E, src S) []E {
	for i := range src.Len() {
		dst = append(dst, src.At(i))
	}
	return dst
}
