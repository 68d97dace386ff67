package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of a search for error origins.
const (
	maxOriginTraces   = 5000
	originFrameSpans  = 4_000_000
	maxErrorSpans     = 200_000
	maxErrorsOfTrace  = 1000
	maxOriginExamples = 5
	// originLookback is how far before the range the first occurrence is looked for, or as far as lookbackSpans reach.
	originLookback = 7 * 24 * time.Hour
	lookbackSpans  = 50_000_000
)

// ErrorOrigins is where the failing traces of a filter fail.
type ErrorOrigins struct {
	Sample Sample // of failing traces
	// ErrorSpans is how many error spans of these traces were read. Truncated says that there are more: at most 1000 a trace and
	// 200,000 in all are read.
	ErrorSpans uint64
	Truncated  bool
	// LookedBackToNS is how far FirstNS of an origin reaches back.
	LookedBackToNS int64
	Origins        []ErrorOrigin // those of most traces first
}

// ErrorOrigin is one place and way of failing: the error spans without an erroring child that are alike.
type ErrorOrigin struct {
	Service, Operation, ErrorType string
	// Peer is who was called, and Statement a statement that was run, with its fingerprint's hash; empty when the span made no call.
	Peer, Statement string
	StatementHash   uint64
	Message         string // of the latest one
	// Traces have this origin. In Main of them it is the main one: that of which the error reached the root, and the deepest of these.
	Traces, Main uint64
	// Reached counts traces in which the error was passed on up to the root.
	Reached uint64
	// FirstNS may lie before the range; LastNS is in what was looked at. Unix nanoseconds of span starts.
	FirstNS, LastNS int64
	Versions        []NameCount // service.version; "" is none
	// PassedOnBy are the services of the erroring spans above the origin, SwallowedBy that of the first span above that is no error; ""
	// is a span that is not stored. Both count traces.
	PassedOnBy, SwallowedBy []NameCount
	Examples                []SpanRef // newest first
}

// NameCount is a name and how many traces have it.
type NameCount struct {
	Name   string
	Traces uint64
}

// SpanRef names a span.
type SpanRef struct {
	TraceID TraceID
	SpanID  SpanID
}

// errorSpan is what is read of a span with status error.
type errorSpan struct {
	trace                    TraceID
	id, parent               uint64
	service, name, errorType string
	peer, statement, message string
	statementHash            uint64
	resourceHash             uint64
	startNS                  int64
}

// ErrorOrigins finds, of the failing traces that satisfy q, the deepest error spans without an erroring child, and groups them. It
// looks at a sample of at most 5000 traces, of which it reads the error spans only.
func (s *Store) ErrorOrigins(ctx context.Context, q TraceQuery) (ErrorOrigins, error) {
	const op = "find error origins"
	if err := checkLimit(q.Limit, maxTracePage); err != nil {
		return ErrorOrigins{}, invalid(op, err)
	}
	origins, err := s.errorOrigins(ctx, q)
	return origins, wrap(op, err)
}

func (s *Store) errorOrigins(ctx context.Context, q TraceQuery) (ErrorOrigins, error) {
	var out ErrorOrigins
	f, err := s.spanFilter(ctx, "sample traces", q)
	if err != nil {
		return out, err
	}
	if f.q.ErrorsOnly = f.where != ""; !f.q.ErrorsOnly {
		f.where = "status_code = 2" // without a condition on spans the index of the status finds the failing traces
	}
	all, err := s.newFrames(ctx, q.Range)
	if err != nil {
		return out, err
	}
	traces, fr, sample, err := s.sampleRare(ctx, f, all, originFrameSpans, maxOriginTraces)
	out.Sample = sample
	if err != nil || len(traces) == 0 {
		return out, err
	}
	wide := fr.widened()
	spans, err := s.errorSpans(ctx, traces, wide)
	if err != nil {
		return out, err
	}
	out.ErrorSpans, out.Truncated = uint64(len(spans)), len(spans) == maxErrorSpans
	found := findOrigins(spans)
	swallowers, err := s.servicesOf(ctx, traces, parentsOf(found), wide)
	if err != nil {
		return out, err
	}
	versions, err := s.versionsOf(ctx, found, wide)
	if err != nil {
		return out, err
	}
	out.Origins = groupOrigins(found, swallowers, versions)
	out.Origins = out.Origins[:min(len(out.Origins), q.Limit)]
	out.LookedBackToNS, err = s.lookBack(ctx, out.Origins, all.fromNS)
	return out, err
}

// errorSpans reads the error spans of the traces, by trace and start.
func (s *Store) errorSpans(ctx context.Context, traces []hashedTrace, fr frame) ([]errorSpan, error) {
	st := errorSpansStatement(fr)
	ctx, err := withCandidates(ctx, idsOf(traces))
	if err != nil {
		return nil, err
	}
	return collect(ctx, s, st.sql, st.params, func(rows driver.Rows, e *errorSpan) error {
		var id string
		err := rows.Scan(&id, &e.id, &e.parent, &e.service, &e.name, &e.errorType, &e.message, &e.peer, &e.statement, &e.statementHash, &e.resourceHash, &e.startNS)
		copy(e.trace[:], id)
		return err
	})
}

// errorSpansStatement reads spans by time, then the index of the status.
func errorSpansStatement(fr frame) statement {
	where, params := fr.condition()
	return statement{`SELECT trace_id, span_id, parent_span_id, service_name, name, error_type, substringUTF8(error_message, 1, 1000), peer_name,
    substringUTF8(attr_db_query_text, 1, 1000), statement_hash, resource_hash, toUnixTimestamp64Nano(start_time) AS start_ns
FROM spans
PREWHERE status_code = 2 AND trace_id IN candidates
WHERE ` + where + `
ORDER BY trace_id, start_ns, span_id
LIMIT ` + strconv.Itoa(maxErrorsOfTrace) + ` BY trace_id
LIMIT ` + strconv.Itoa(maxErrorSpans), params}
}

func idsOf(traces []hashedTrace) []TraceID {
	ids := make([]TraceID, len(traces))
	for i, t := range traces {
		ids[i] = t.id
	}
	return ids
}

func parentsOf(found []origin) []spanKey {
	var keys []spanKey
	for _, o := range found {
		if o.parent != 0 {
			keys = append(keys, spanKey{o.trace, o.parent})
		}
	}
	return keys
}

// servicesOf looks up the services of spans of the traces; a span that is not stored has no entry.
func (s *Store) servicesOf(ctx context.Context, traces []hashedTrace, keys []spanKey, fr frame) (map[spanKey]string, error) {
	services := make(map[spanKey]string, len(keys))
	if len(keys) == 0 {
		return services, nil
	}
	parents, err := ext.NewTable("parents", ext.Column("span_id", "UInt64"))
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if err := parents.Append(k.span); err != nil {
			return nil, err
		}
	}
	candidates, err := candidateTable(idsOf(traces))
	if err != nil {
		return nil, err
	}
	st := servicesStatement(fr)
	_, err = collect(clickhouse.Context(ctx, clickhouse.WithExternalTable(candidates, parents)), s, st.sql, st.params, func(rows driver.Rows, _ *struct{}) error {
		var trace, service string
		var id uint64
		if err := rows.Scan(&trace, &id, &service); err != nil {
			return err
		}
		services[spanKey{TraceID([]byte(trace)), id}] = service
		return nil
	})
	return services, err
}

// servicesStatement reads spans by time.
func servicesStatement(fr frame) statement {
	where, params := fr.condition()
	return statement{`SELECT trace_id, span_id, service_name FROM spans
PREWHERE span_id IN parents AND trace_id IN candidates
WHERE ` + where + `
LIMIT ` + strconv.Itoa(maxErrorSpans), params}
}

// versionsOf looks up service.version of the origins' resources.
func (s *Store) versionsOf(ctx context.Context, found []origin, fr frame) (map[uint64]string, error) {
	hashes := make([]uint64, len(found))
	for i, o := range found {
		hashes[i] = o.resourceHash
	}
	return s.serviceVersions(ctx, hashes, fr.hull())
}

// serviceVersions is service.version of each resource that has one.
func (s *Store) serviceVersions(ctx context.Context, resourceHashes []uint64, in window) (map[uint64]string, error) {
	hashes := make([]originHashes, len(resourceHashes))
	for i, h := range resourceHashes {
		hashes[i].resource = h
	}
	set, err := s.lookupOrigins(ctx, hashes, dayOf(in.fromNS), dayOf(in.toNS))
	if err != nil {
		return nil, err
	}
	versions := make(map[uint64]string)
	for _, h := range resourceHashes {
		for _, a := range set.resource(h).Attributes {
			if a.Key == "service.version" {
				versions[h] = valueText(a.Value)
			}
		}
	}
	return versions, nil
}

// lookBack moves FirstNS of the origins to their first occurrence before the range, as far back as it returns.
func (s *Store) lookBack(ctx context.Context, origins []ErrorOrigin, beforeNS int64) (int64, error) {
	if len(origins) == 0 {
		return beforeNS, nil
	}
	from := beforeNS - int64(originLookback)
	before, err := s.newFrames(ctx, TimeRange{From: time.Unix(0, from), To: time.Unix(0, beforeNS)})
	if err != nil || before.spans == 0 {
		return from, err
	}
	if before.spans > lookbackSpans {
		from = beforeNS - int64(float64(beforeNS-before.fromNS)*lookbackSpans/before.spans)
	}
	var services []string
	index := make(map[[5]string]int)
	for i, o := range origins {
		services = append(services, o.Service)
		key := origin{errorSpan: errorSpan{service: o.Service, name: o.Operation, errorType: o.ErrorType, peer: o.Peer, statementHash: o.StatementHash}}
		index[originKeyOf(&key)] = i
	}
	slices.Sort(services)
	params := []any{param("services", slices.Compact(services)), param("from", fmt.Sprint(from)), param("to", fmt.Sprint(beforeNS))}
	_, err = collect(ctx, s, s.named("errors_before"), params, func(rows driver.Rows, _ *struct{}) error {
		var o origin
		if err := rows.Scan(&o.service, &o.name, &o.errorType, &o.peer, &o.statementHash, &o.startNS); err != nil {
			return err
		}
		if i, ok := index[originKeyOf(&o)]; ok {
			origins[i].FirstNS = min(origins[i].FirstNS, o.startNS)
		}
		return nil
	})
	return from, err
}
