package store

import "github.com/ClickHouse/ch-go/proto"

// metricColumns are the columns of the metrics table in the order of queries/metric_points.sql.
type metricColumns struct {
	name, description, unit        *lcColumn
	typ                            proto.ColUInt8
	monotonic                      proto.ColBool
	temporality                    proto.ColUInt8
	start, time                    timeColumn
	flags                          proto.ColUInt32
	value                          proto.ColFloat64
	isInt                          proto.ColBool
	count                          proto.ColUInt64
	sum, min, max                  proto.ColFloat64
	hasMinMax                      proto.ColBool
	bounds                         *arrayColumn[*proto.ColFloat64]
	buckets                        *arrayColumn[*proto.ColUInt64]
	scale                          proto.ColInt32
	zeroCount                      proto.ColUInt64
	positiveOffset, negativeOffset proto.ColInt32
	positive, negative             *arrayColumn[*proto.ColUInt64]
	quantiles, quantileValues      *arrayColumn[*proto.ColFloat64]
	service                        *lcColumn
	resourceHash, scopeHash        proto.ColUInt64
	attrs                          *attrColumns
	named                          []namedColumn
}

func newMetricColumns() *metricColumns {
	floats := func() *arrayColumn[*proto.ColFloat64] { return newArray(new(proto.ColUInt64), new(proto.ColFloat64)) }
	counts := func() *arrayColumn[*proto.ColUInt64] { return newArray(new(proto.ColUInt64), new(proto.ColUInt64)) }
	c := &metricColumns{
		name: newLC(), description: newLC(), unit: newLC(), service: newLC(),
		bounds: floats(), buckets: counts(), positive: counts(), negative: counts(), quantiles: floats(), quantileValues: floats(),
		attrs: newAttrColumns(),
	}
	c.named = []namedColumn{
		{"name", c.name}, {"description", c.description}, {"unit", c.unit}, {"type", &c.typ}, {"monotonic", &c.monotonic},
		{"temporality", &c.temporality}, {"start_time", &c.start}, {"time", &c.time}, {"flags", &c.flags},
		{"value", &c.value}, {"is_int", &c.isInt}, {"count", &c.count}, {"sum", &c.sum}, {"min", &c.min}, {"max", &c.max},
		{"has_min_max", &c.hasMinMax}, {"bounds", c.bounds}, {"buckets", c.buckets},
		{"scale", &c.scale}, {"zero_count", &c.zeroCount}, {"positive_offset", &c.positiveOffset}, {"positive_counts", c.positive},
		{"negative_offset", &c.negativeOffset}, {"negative_counts", c.negative},
		{"quantiles", c.quantiles}, {"quantile_values", c.quantileValues},
		{"service_name", c.service}, {"resource_hash", &c.resourceHash}, {"scope_hash", &c.scopeHash},
	}
	c.named = append(c.named, c.attrs.columns()...)
	return c
}

func (c *metricColumns) row(i int) MetricPoint {
	return MetricPoint{
		Name: c.name.Row(i), Description: c.description.Row(i), Unit: c.unit.Row(i),
		Type:           MetricType(c.typ[i]),
		Monotonic:      c.monotonic[i],
		Temporality:    c.temporality[i],
		StartNS:        c.start.ColInt64[i],
		TimeNS:         c.time.ColInt64[i],
		Flags:          c.flags[i],
		Value:          c.value[i],
		IsInt:          c.isInt[i],
		Count:          c.count[i],
		Sum:            c.sum[i],
		Min:            c.min[i],
		Max:            c.max[i],
		HasMinMax:      c.hasMinMax[i],
		Bounds:         slice(c.bounds, *c.bounds.elems, i),
		Buckets:        slice(c.buckets, *c.buckets.elems, i),
		Scale:          c.scale[i],
		ZeroCount:      c.zeroCount[i],
		PositiveOffset: c.positiveOffset[i],
		PositiveCounts: slice(c.positive, *c.positive.elems, i),
		NegativeOffset: c.negativeOffset[i],
		NegativeCounts: slice(c.negative, *c.negative.elems, i),
		Quantiles:      slice(c.quantiles, *c.quantiles.elems, i),
		QuantileValues: slice(c.quantileValues, *c.quantileValues.elems, i),
		Attributes:     c.attrs.row(i, nil),
		Service:        c.service.Row(i),
	}
}

// slice copies row i out of an array column; an empty row is nil.
func slice[T any, V column](c *arrayColumn[V], elems []T, i int) []T {
	from, to := c.span(i)
	return append([]T(nil), elems[from:to]...)
}

// MetricBatch holds metric data points as columns, ready to be inserted. One goroutine at a time may use it, and none while it
// is being inserted.
type MetricBatch struct {
	cols    *metricColumns
	origins *originBatch
	bytes   int
}

// NewMetricBatch returns an empty batch. Batches are made to be reused: Reset keeps the memory.
func NewMetricBatch() *MetricBatch {
	return &MetricBatch{cols: newMetricColumns(), origins: newOriginBatch()}
}

// Rows is the number of points in the batch.
func (b *MetricBatch) Rows() int { return len(b.cols.flags) }

// Bytes is the approximate memory the rows hold.
func (b *MetricBatch) Bytes() int { return b.bytes }

// Reset empties the batch and keeps its memory.
func (b *MetricBatch) Reset() {
	for _, c := range b.cols.named {
		c.data.Reset()
	}
	b.cols.attrs.reset()
	b.origins.reset()
	b.bytes = 0
}

// metricFixedBytes is what a point without arrays and attributes occupies in the columns.
const metricFixedBytes = 230

// Append copies the point into the batch; the caller keeps ownership of everything it points at.
func (b *MetricBatch) Append(p *MetricPoint) {
	c := b.cols
	resource, scope := b.origins.add(p.Resource, p.Scope, p.TimeNS)
	c.name.Append(p.Name)
	c.description.Append(p.Description)
	c.unit.Append(p.Unit)
	c.typ = append(c.typ, uint8(p.Type))
	c.monotonic = append(c.monotonic, p.Monotonic)
	c.temporality = append(c.temporality, p.Temporality)
	c.start.ColInt64 = append(c.start.ColInt64, p.StartNS)
	c.time.ColInt64 = append(c.time.ColInt64, p.TimeNS)
	c.flags = append(c.flags, p.Flags)
	c.value = append(c.value, p.Value)
	c.isInt = append(c.isInt, p.IsInt)
	c.count = append(c.count, p.Count)
	c.sum = append(c.sum, p.Sum)
	c.min = append(c.min, p.Min)
	c.max = append(c.max, p.Max)
	c.hasMinMax = append(c.hasMinMax, p.HasMinMax)
	appendRow(c.bounds, (*[]float64)(c.bounds.elems), p.Bounds)
	appendRow(c.buckets, (*[]uint64)(c.buckets.elems), p.Buckets)
	c.scale = append(c.scale, p.Scale)
	c.zeroCount = append(c.zeroCount, p.ZeroCount)
	c.positiveOffset = append(c.positiveOffset, p.PositiveOffset)
	appendRow(c.positive, (*[]uint64)(c.positive.elems), p.PositiveCounts)
	c.negativeOffset = append(c.negativeOffset, p.NegativeOffset)
	appendRow(c.negative, (*[]uint64)(c.negative.elems), p.NegativeCounts)
	appendRow(c.quantiles, (*[]float64)(c.quantiles.elems), p.Quantiles)
	appendRow(c.quantileValues, (*[]float64)(c.quantileValues.elems), p.QuantileValues)
	c.service.Append(p.Service)
	c.resourceHash = append(c.resourceHash, resource)
	c.scopeHash = append(c.scopeHash, scope)
	c.attrs.addAll(p.Attributes)
	b.bytes += metricFixedBytes + attributeBytes(p.Attributes) +
		8*(len(p.Bounds)+len(p.Buckets)+len(p.PositiveCounts)+len(p.NegativeCounts)+2*len(p.Quantiles))
}

func appendRow[T any, V column](c *arrayColumn[V], elems *[]T, row []T) {
	*elems = append(*elems, row...)
	c.end()
}
