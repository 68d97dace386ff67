package web

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"weft/semconv"
	"weft/store"
)

// A latency bucket of an answer holds one or more of the store's, 32 of which double a duration.
const bucketsPerDouble = 32

var resolutions = []string{"1", "2", "4", "8", "16", "32"}

// spanCounts asks for the heat map that both the heat map and the histogram are made of.
type spanCounts struct {
	query store.HeatmapQuery
	// join is how many of the store's buckets are one of the answer's.
	join uint16
}

func parseSpanCounts(r *http.Request, now time.Time, resolution int) (spanCounts, error) {
	p := newParams(r)
	q := p.traceFilter(now)
	var out spanCounts
	q.Range, out.query.Step = p.step(p.closed(q.Range, now), time.Millisecond)
	if s := p.oneOf("resolution", resolutions); s != "" {
		resolution, _ = strconv.Atoi(s)
	}
	out.query.Traces, out.join = q, uint16(bucketsPerDouble/resolution)
	return out, p.err()
}

// latencyBucket are durations from one bound up to the other, which is not included, in nanoseconds.
type latencyBucket struct {
	FromNS float64 `json:"fromNs"`
	ToNS   float64 `json:"toNs"`
}

// coarse joins buckets. Spans of 0 ns are with those of 1: below lie tens of thousands of buckets in which nothing can be.
func (c spanCounts) coarse(h store.Histogram) map[uint16]int64 {
	out := make(map[uint16]int64, len(h))
	for bucket, n := range h {
		out[max(bucket, shortest)/c.join] += n
	}
	return out
}

var shortest = semconv.LatencyBucket(1)

func (c spanCounts) bucket(i uint16) latencyBucket {
	from, _ := semconv.LatencyBounds(i * c.join)
	if i == shortest/c.join {
		from = 0
	}
	_, to := semconv.LatencyBounds(i*c.join + c.join - 1)
	return latencyBucket{from, to}
}

type heatCell struct {
	Step   int    `json:"step"`
	Bucket int    `json:"bucket"`
	Spans  uint64 `json:"spans"`
	Errors uint64 `json:"errors"`
}

type heatmap struct {
	FromNS  instantNS       `json:"fromNs"`
	ToNS    instantNS       `json:"toNs"`
	StepNS  int64           `json:"stepNs"`
	Steps   int             `json:"steps"`
	Buckets []latencyBucket `json:"buckets"`
	Cells   []heatCell      `json:"cells"`
}

func (s *Server) getHeatmap(w http.ResponseWriter, r *http.Request) error {
	ask, err := parseSpanCounts(r, s.now(), 2)
	if err != nil {
		return err
	}
	columns, err := s.store.Heatmap(r.Context(), ask.query)
	if err != nil {
		return err
	}
	span, step := ask.query.Traces.Range, ask.query.Step
	out := heatmap{
		FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), StepNS: int64(step), Steps: int(span.To.Sub(span.From) / step),
		Buckets: []latencyBucket{}, Cells: []heatCell{},
	}
	low, high := uint16(math.MaxUint16), uint16(0)
	for _, c := range columns {
		for bucket := range ask.coarse(c.Spans) {
			low, high = min(low, bucket), max(high, bucket)
		}
	}
	for i := int(low); i <= int(high); i++ {
		out.Buckets = append(out.Buckets, ask.bucket(uint16(i)))
	}
	for _, c := range columns {
		spans, failed := ask.coarse(c.Spans), ask.coarse(c.Errors)
		for _, bucket := range slices.Sorted(maps.Keys(spans)) {
			out.Cells = append(out.Cells, heatCell{
				Step: int((c.StartNS - span.From.UnixNano()) / int64(step)), Bucket: int(bucket - low), Spans: uint64(spans[bucket]), Errors: uint64(failed[bucket]),
			})
		}
	}
	return writeJSON(w, out)
}

type histogramBucket struct {
	latencyBucket
	Spans  uint64 `json:"spans"`
	Errors uint64 `json:"errors"`
}

type histogramPoint struct {
	StartNS instantNS `json:"startNs"`
	Spans   uint64    `json:"spans"`
	Errors  uint64    `json:"errors"`
	latencies
}

type histogram struct {
	FromNS instantNS `json:"fromNs"`
	ToNS   instantNS `json:"toNs"`
	StepNS int64     `json:"stepNs"`
	Spans  uint64    `json:"spans"`
	Errors uint64    `json:"errors"`
	latencies
	Buckets []histogramBucket `json:"buckets"`
	Points  []histogramPoint  `json:"points"`
}

func (s *Server) getHistogram(w http.ResponseWriter, r *http.Request) error {
	ask, err := parseSpanCounts(r, s.now(), 4)
	if err != nil {
		return err
	}
	columns, err := s.store.Heatmap(r.Context(), ask.query)
	if err != nil {
		return err
	}
	span, step := ask.query.Traces.Range, ask.query.Step
	out := histogram{
		FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), StepNS: int64(step), Buckets: []histogramBucket{},
	}
	spans, failed := store.Histogram{}, store.Histogram{}
	for at := span.From; at.Before(span.To); at = at.Add(step) {
		c := store.HeatmapColumn{StartNS: at.UnixNano()}
		if len(columns) > 0 && columns[0].StartNS == c.StartNS {
			c, columns = columns[0], columns[1:]
		}
		out.Points = append(out.Points, histogramPoint{instantNS(c.StartNS), uint64(c.Spans.Count()), uint64(c.Errors.Count()), newLatencies(c.Spans)})
		spans.Add(c.Spans)
		failed.Add(c.Errors)
	}
	out.Spans, out.Errors, out.latencies = uint64(spans.Count()), uint64(failed.Count()), newLatencies(spans)
	n, bad := ask.coarse(spans), ask.coarse(failed)
	for _, bucket := range slices.Sorted(maps.Keys(n)) {
		out.Buckets = append(out.Buckets, histogramBucket{ask.bucket(bucket), uint64(n[bucket]), uint64(bad[bucket])})
	}
	return writeJSON(w, out)
}
