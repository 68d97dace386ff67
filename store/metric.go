package store

// MetricType is the kind of a metric's data points.
type MetricType uint8

// Metric types.
const (
	MetricGauge MetricType = iota + 1
	MetricSum
	MetricHistogram
	MetricExponentialHistogram
	MetricSummary
)

// MetricPoint is one stored data point.
type MetricPoint struct {
	Name, Description, Unit string
	Type                    MetricType
	Monotonic               bool
	// Temporality is OTLP's number: 0 unspecified, 1 delta, 2 cumulative.
	Temporality     uint8
	StartNS, TimeNS int64
	Flags           uint32
	// Value is the number of a gauge or sum; exact ints up to 2^53 (OTLP ints are stored as float64 too).
	Value float64
	IsInt bool
	// Count, Sum, Min, Max, Bounds and Buckets describe a histogram; Bounds are explicit, Buckets one longer.
	Count         uint64
	Sum, Min, Max float64
	HasMinMax     bool
	Bounds        []float64
	Buckets       []uint64
	// Exponential histograms: base-2 scale, zero count, offsets and counts of each side.
	Scale                          int32
	ZeroCount                      uint64
	PositiveOffset, NegativeOffset int32
	PositiveCounts, NegativeCounts []uint64
	// Quantiles and QuantileValues are a summary's pairs.
	Quantiles, QuantileValues []float64
	Resource                  *Resource
	Scope                     *Scope
	Attributes                Attributes
	Service                   string
}
