package store

import (
	"context"
	"math"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"weft/semconv"
)

// edgeRange is [from, to) in Unix seconds.
type edgeRange struct{ from, to int64 }

// edgeWindow is a time range in whole buckets of 10 seconds, and what of it edges_5m and edges_1h answer for: a read takes the whole range of
// the widest buckets, and of the finer ones those by which a range differs from the next wider one. They are added when they lie within
// their own range, and subtracted when they lie outside: to get five past to four, read four hours and take off the first five minutes.
type edgeWindow struct{ fine, minutes, hours edgeRange }

const (
	fineSeconds   = int64(EdgeBucket / time.Second)
	coarseSeconds = int64(5 * 60)
	hourSeconds   = int64(60 * 60)
)

// edgesSettle is the age from which on buckets are not expected to be written to. Younger ones are never subtracted: an insert that is seen in
// one table and not yet in another would show.
const edgesSettle = 2 * time.Minute

// window widens r to whole buckets; edges_1h is complete since an hour, in Unix seconds.
func (r TimeRange) window(now time.Time, complete int64) (w edgeWindow, err error) {
	from, to, err := r.bounds()
	if err != nil {
		return w, err
	}
	w.fine = edgeRange{semconv.EdgeBucket(from), semconv.EdgeBucket(to-1) + fineSeconds}
	w.minutes = w.fine.widen(fineSeconds, coarseSeconds, now.Unix(), math.MinInt64)
	w.hours = w.minutes.widen(coarseSeconds, hourSeconds, now.Unix(), complete)
	return w, nil
}

// widen returns the range of buckets of width wide that leaves the fewest rows to read, an empty one at the end of r if it is best to read
// none of them. R is in whole buckets of width narrow.
func (r edgeRange) widen(narrow, wide, now, complete int64) edgeRange {
	best, rows := edgeRange{r.to, r.to}, (r.to-r.from)/narrow
	settled := now - int64(edgesSettle/time.Second)
	for _, from := range []int64{floorTo(r.from, wide), ceilTo(r.from, wide)} {
		for _, to := range []int64{floorTo(r.to, wide), ceilTo(r.to, wide)} {
			if from >= to || from < complete || from < minTime.Unix() || to > r.to && to > settled && r.to < now {
				continue
			}
			past := max(r.to, min(to, now)) // there is little to read of what comes after now
			if n := (to-from)/wide + (max(from, r.from)-min(from, r.from)+max(past, r.to)-min(to, r.to))/narrow; n < rows {
				best, rows = edgeRange{from, to}, n
			}
		}
	}
	return best
}

// floorTo is the greatest multiple of step that is not more than n, ceilTo the least that is not less.
func floorTo(n, step int64) int64 { return floorDiv(n, step) * step }
func ceilTo(n, step int64) int64  { return -floorTo(-n, step) }

func (w edgeWindow) params(more ...any) []any {
	for _, b := range w.bounds() {
		more = append(more, param(b.name, b.at))
	}
	return more
}

func (w edgeWindow) nativeParams(more ...proto.Parameter) []proto.Parameter {
	for _, b := range w.bounds() {
		more = append(more, intParam(b.name, b.at))
	}
	return more
}

type windowBound struct {
	name string
	at   int64
}

func (w edgeWindow) bounds() []windowBound {
	return []windowBound{{"from", w.fine.from}, {"to", w.fine.to}, {"from_5m", w.minutes.from}, {"to_5m", w.minutes.to}, {"from_1h", w.hours.from}, {"to_1h", w.hours.to}}
}

// days are the days of the window since 1970, both included.
func (w edgeWindow) days() []any {
	const day = 24 * 3600
	return []any{param("from_day", floorDiv(w.fine.from, day)), param("to_day", floorDiv(w.fine.to-1, day)), param("limit", maxTopologyServices+1)}
}

// completeHours reads since when edges_1h is complete, in Unix seconds.
func completeHours(ctx context.Context, conn driver.Conn) (since int64, err error) {
	err = conn.QueryRow(ctx, "SELECT max(since) FROM edges_1h_complete").Scan(&since)
	return since, err
}
