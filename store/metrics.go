package store

import (
	"context"
	"errors"
	"math"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// MetricName is one metric of one service.
type MetricName struct {
	Name, Unit string
	Type       MetricType
	Service    string
}

// MetricNames returns every metric with a stored data point, sorted by name, then service.
func (s *Store) MetricNames(ctx context.Context) ([]MetricName, error) {
	names, err := collect(ctx, s, s.named("metric_names"), nil, func(rows driver.Rows, m *MetricName) error {
		var typ uint8
		err := rows.Scan(&m.Name, &m.Unit, &typ, &m.Service)
		m.Type = MetricType(typ)
		return err
	})
	return names, wrap("list metrics", err)
}

// MetricQuery asks for the data points of one metric.
type MetricQuery struct {
	Range   TimeRange
	Name    string
	Service string // "" is any
	// Limit is the most points returned. Range [1, 100000].
	Limit int
}

const maxMetricPoints = 100_000

// MetricPoints returns the points that satisfy q, oldest first.
func (s *Store) MetricPoints(ctx context.Context, q MetricQuery) ([]MetricPoint, error) {
	const op = "read metric points"
	if err := checkLimit(q.Limit, maxMetricPoints); err != nil {
		return nil, invalid(op, err)
	}
	if q.Name == "" {
		return nil, invalid(op, errors.New("name: want one"))
	}
	from, to, err := q.Range.bounds()
	if err != nil {
		return nil, invalid(op, err)
	}
	cols := newMetricColumns()
	var points []MetricPoint
	var hashes []originHashes
	days := [2]uint16{math.MaxUint16, 0}
	err = s.readNative(ctx, s.named("metric_points"), []proto.Parameter{
		stringParam("name", q.Name), stringParam("service", q.Service), intParam("from", from), intParam("to", to),
		intParam("limit", int64(q.Limit)),
	}, cols.named, func() {
		for i := range cols.flags {
			points = append(points, cols.row(i))
			hashes = append(hashes, originHashes{cols.resourceHash[i], cols.scopeHash[i]})
			day := dayOf(cols.time.ColInt64[i])
			days[0], days[1] = min(days[0], day), max(days[1], day)
		}
	}, func() { points, hashes = nil, nil })
	if err != nil {
		return nil, wrap(op, err)
	}
	origins, err := s.lookupOrigins(ctx, hashes, days[0], days[1])
	if err != nil {
		return nil, wrap(op, err)
	}
	for i, h := range hashes {
		points[i].Resource, points[i].Scope = origins.resource(h.resource), origins.scope(h.scope)
	}
	return points, nil
}
