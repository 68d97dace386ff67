package enrichprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// metrics is the work on one batch of metrics. Data points are never marked as repaired: one more attribute would make
// them another series.
type metrics struct {
	*work
	clock clock
	tally tally
}

func (m *metrics) batch(md pmetric.Metrics) {
	md.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		var mended reasons
		m.renamed = false
		m.resource(rm.Resource(), &m.tally)
		rm.SetSchemaUrl(m.schema(rm.SchemaUrl(), m.renamed, &mended))
		rm.ScopeMetrics().RemoveIf(func(sm pmetric.ScopeMetrics) bool {
			m.renamed = false
			m.scope(sm.Scope(), &m.tally)
			sm.Metrics().RemoveIf(m.metric)
			sm.SetSchemaUrl(m.schema(sm.SchemaUrl(), m.renamed, &mended))
			return sm.Metrics().Len() == 0
		})
		m.tally.repair(mended)
		return rm.ScopeMetrics().Len() == 0
	})
}

// metric mends one metric and reports whether nothing is left of it.
func (m *metrics) metric(metric pmetric.Metric) (empty bool) {
	var rs reasons
	if s := m.name(metric.Name(), &rs); s != metric.Name() {
		metric.SetName(s)
	}
	if s := text(metric.Description(), m.cfg.MaxValueBytes, nameTooLong, &rs); s != metric.Description() {
		metric.SetDescription(s)
	}
	if s := m.name(metric.Unit(), &rs); s != metric.Unit() {
		metric.SetUnit(s)
	}
	m.tally.repair(rs)
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return m.numbers(metric.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return m.numbers(metric.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		points := metric.Histogram().DataPoints()
		points.RemoveIf(func(p pmetric.HistogramDataPoint) bool {
			// Without buckets there may be none; with them there is one more than bounds.
			if n := p.BucketCounts().Len(); n != 0 && n != p.ExplicitBounds().Len()+1 {
				m.tally.refused[malformed]++
				return true
			}
			return m.point(p)
		})
		return points.Len() == 0
	case pmetric.MetricTypeExponentialHistogram:
		points := metric.ExponentialHistogram().DataPoints()
		points.RemoveIf(func(p pmetric.ExponentialHistogramDataPoint) bool { return m.point(p) })
		return points.Len() == 0
	case pmetric.MetricTypeSummary:
		points := metric.Summary().DataPoints()
		points.RemoveIf(func(p pmetric.SummaryDataPoint) bool { return m.point(p) })
		return points.Len() == 0
	}
	return true // no data, no data points: nothing that could be lost
}

func (m *metrics) numbers(points pmetric.NumberDataPointSlice) (empty bool) {
	points.RemoveIf(func(p pmetric.NumberDataPoint) bool { return m.point(p) })
	return points.Len() == 0
}

// point is what all kinds of data points have in common.
type point interface {
	Timestamp() pcommon.Timestamp
	SetTimestamp(pcommon.Timestamp)
	StartTimestamp() pcommon.Timestamp
	SetStartTimestamp(pcommon.Timestamp)
	Attributes() pcommon.Map
}

// point mends p and reports whether it is refused. A point without a time was just taken; one with an absurd time has
// no place in its series, and giving it another would falsify that.
func (m *metrics) point(p point) (refused bool) {
	var rs reasons
	if at := p.Timestamp(); !m.clock.sane(at) {
		if at != 0 {
			m.tally.refused[timestampRange]++
			return true
		}
		rs.add(timestampRange)
		p.SetTimestamp(m.clock.now)
	}
	// A start of 0 means unknown, which is what an absurd one is worth.
	switch start := p.StartTimestamp(); {
	case start == 0:
	case !m.clock.sane(start):
		rs.add(timestampRange)
		p.SetStartTimestamp(0)
	case start > p.Timestamp():
		rs.add(endBeforeStart)
		p.SetStartTimestamp(0)
	}
	m.attributes(p.Attributes(), callerSide, &rs)
	m.prune(p.Attributes())
	m.tally.repair(rs)
	return false
}
