package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"weft/store"
)

const (
	// zipkinLimit is how many traces Zipkin returns when it is not told.
	zipkinLimit = 10
	// maxZipkinLimit bounds an answer that holds whole traces; Zipkin has no bound, so more is cut rather than refused.
	maxZipkinLimit = 1000
	// zipkinLookbackMS is how far back Zipkin looks when it is not told: a day.
	zipkinLookbackMS = 86_400_000
	// maxZipkinNames bounds the lists of keys and values, as the own API does.
	maxZipkinNames = 1000
	// maxZipkinQueries bounds how many services and operations that differ in case only one search covers.
	maxZipkinQueries = 16
)

// zipkinSearch is a parsed /api/v2/traces request. Names are still as the client wrote them: for Zipkin case does not count.
type zipkinSearch struct {
	service, remote, spanName string
	query                     store.TraceQuery // without conditions
	where                     []store.Expr     // without these names
}

// zipkinError is a text of Zipkin's own, which is written like a sentence.
type zipkinError string

func (e zipkinError) Error() string { return string(e) }

func missingZipkinParam(name string) error {
	return zipkinError("Mandatory parameter/header is missing: " + name)
}

// parseZipkinSearch reads Zipkin's parameters and ignores what it does not know. Error texts are Zipkin's.
func parseZipkinSearch(q url.Values, now time.Time) (zipkinSearch, error) {
	var out zipkinSearch
	if err := checkText(q); err != nil {
		return out, err
	}
	endMS, err := zipkinNumber(q, "endTs", 64, now.UnixMilli())
	if err != nil {
		return out, err
	}
	lookbackMS, err := zipkinNumber(q, "lookback", 64, zipkinLookbackMS)
	if err != nil {
		return out, err
	}
	limit, err := zipkinNumber(q, "limit", 32, zipkinLimit)
	if err != nil {
		return out, err
	}
	shortestUS, err := zipkinNumber(q, "minDuration", 64, math.MinInt64)
	if err != nil {
		return out, err
	}
	longestUS, err := zipkinNumber(q, "maxDuration", 64, math.MinInt64)
	if err != nil {
		return out, err
	}
	hasShortest, hasLongest := shortestUS != math.MinInt64, longestUS != math.MinInt64
	switch {
	case endMS <= 0:
		return out, errors.New("endTs <= 0")
	case limit <= 0:
		return out, errors.New("limit <= 0")
	case lookbackMS <= 0:
		return out, errors.New("lookback <= 0")
	case hasShortest && shortestUS <= 0:
		return out, errors.New("minDuration <= 0")
	case hasShortest && hasLongest && longestUS < shortestUS:
		return out, errors.New("maxDuration < minDuration")
	case hasLongest && !hasShortest:
		return out, errors.New("maxDuration is only valid with minDuration")
	}
	out.service, out.remote, out.spanName = q.Get("serviceName"), q.Get("remoteServiceName"), q.Get("spanName")
	if strings.EqualFold(out.spanName, "all") {
		out.spanName = ""
	}
	out.query = store.TraceQuery{Range: zipkinRange(endMS, lookbackMS), Limit: int(min(limit, maxZipkinLimit))}
	if out.where, err = zipkinAnnotations(q.Get("annotationQuery")); err != nil {
		return out, err
	}
	if hasShortest {
		out.where = append(out.where, zipkinDurations(shortestUS, longestUS, hasLongest)...)
	}
	return out, nil
}

// zipkinNumber reads a whole number of so many bits.
func zipkinNumber(q url.Values, name string, bits int, byDefault int64) (int64, error) {
	s := q.Get(name)
	if s == "" {
		return byDefault, nil
	}
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		kind := map[int]string{32: "Integer", 64: "Long"}[bits]
		return 0, zipkinError("Can't convert '" + clip(s) + "' to type '" + kind + "'.")
	}
	return n, nil
}

// zipkinRange is the milliseconds from endMS-lookbackMS to endMS, both included, cut to what an instant can be.
func zipkinRange(endMS, lookbackMS int64) store.TimeRange {
	const most = math.MaxInt64/1_000_000 - 1000
	endMS = min(endMS, most)
	fromMS := max(endMS-min(lookbackMS, most), -most)
	return store.TimeRange{From: time.UnixMilli(fromMS), To: time.UnixMilli(endMS).Add(time.Microsecond)}
}

// zipkinDurations undoes the rounding of zipkinSpan: down to the microsecond, but never to none.
func zipkinDurations(shortestUS, longestUS int64, hasLongest bool) []store.Expr {
	const most = math.MaxInt64/1000 - 1
	duration := func(op store.Op, ns int64) store.Predicate {
		return store.Predicate{Field: store.FieldDuration, Op: op, Value: store.IntValue(ns)}
	}
	least := min(shortestUS, most) * 1000
	if shortestUS == 1 {
		least = 1
	}
	out := []store.Expr{duration(store.OpGreaterEqual, least)}
	if hasLongest {
		out = append(out, duration(store.OpLess, (min(longestUS, most)+1)*1000))
	}
	return out
}

// zipkinAnnotations reads "error and http.method=GET": a tag with a value, or a word, which is an annotation or a tag with any value. What
// is named twice counts once: with its last value, if one is given.
func zipkinAnnotations(s string) ([]store.Expr, error) {
	if s == "" {
		return nil, nil
	}
	values := map[string]string{}
	var keys []string
	for _, part := range strings.Split(s, " and ") {
		key, value, hasValue := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key == "" {
			continue
		}
		if _, known := values[key]; !known {
			keys = append(keys, key)
		} else if !hasValue {
			continue
		}
		values[key] = value
	}
	tags := make(map[string]string, len(keys))
	out := make([]store.Expr, 0, len(keys))
	for _, key := range keys {
		tags[key] = values[key]
		condition := store.Expr(zipkinTagPredicate(key, values[key]))
		if values[key] == "" {
			condition = store.Or{condition, store.Predicate{Field: store.FieldEvent, Value: store.StringValue(key)}}
		}
		out = append(out, condition)
	}
	if err := checkTags(tags); err != nil {
		return nil, fmt.Errorf("annotationQuery: %w", err)
	}
	return out, nil
}

// zipkinTagPredicate undoes what zipkinTags does: some tags are no attributes but fields of the span.
func zipkinTagPredicate(key, value string) store.Predicate {
	switch {
	case key == "error" && value == "":
		return store.Predicate{Field: store.FieldStatus, Value: store.StringValue("error")}
	case value == "" && key == "otel.status_code":
		return store.Predicate{Field: store.FieldStatus, Op: store.OpNotEqual, Value: store.StringValue("unset")}
	case value == "":
		return store.Predicate{Field: key, Op: store.OpExists}
	}
	return jaegerTagPredicate(key, value)
}

// zipkinQueries are the searches whose results together are what z asks for: one for each way in which the names that it gives are
// stored. There is none when a name is not.
func (s *Server) zipkinQueries(ctx context.Context, z zipkinSearch) ([]store.TraceQuery, error) {
	services := []string{""}
	if z.service != "" {
		var err error
		if services, err = s.zipkinServicesNamed(ctx, z.service); err != nil {
			return nil, err
		}
	}
	var queries []store.TraceQuery
	for _, service := range services {
		names, peers := []string{""}, []string{""}
		if z.spanName != "" {
			operations, err := s.store.Operations(ctx, service)
			if err != nil {
				return nil, err
			}
			names = nil
			for _, o := range operations {
				names = append(names, o.Name)
			}
			names = sameName(names, z.spanName)
		}
		if z.remote != "" {
			peers = []string{z.remote} // without a service there is no list to find its spelling in
			if service != "" {
				all, err := s.store.RemoteServices(ctx, service)
				if err != nil {
					return nil, err
				}
				peers = sameName(all, z.remote)
			}
		}
		for _, name := range names {
			for _, peer := range peers {
				q := z.query
				q.Where = store.AllOf(slices.Concat(zipkinNamePredicates(service, name, peer), z.where)...)
				queries = append(queries, q)
			}
		}
	}
	if len(queries) > maxZipkinQueries {
		return nil, badJaegerRequest(fmt.Errorf("more than %d services and span names differ in case only", maxZipkinQueries))
	}
	return queries, nil
}

func zipkinNamePredicates(service, name, peer string) []store.Expr {
	var out []store.Expr
	for _, p := range [][2]string{{store.FieldService, service}, {store.FieldName, name}, {store.FieldPeer, peer}} {
		if p[1] != "" {
			out = append(out, store.Predicate{Field: p[0], Value: store.StringValue(p[1])})
		}
	}
	return out
}

// parseZipkinTraceID reads 1 to 32 lower-case hex digits; text is the id as Zipkin writes it.
func parseZipkinTraceID(s string) (id store.TraceID, text string, err error) {
	switch {
	case s == "":
		return id, "", errors.New("traceId is empty")
	case len(s) > 32:
		return id, "", errors.New("traceId.length > 32")
	case strings.Trim(s, "0123456789abcdef") != "":
		return id, "", fmt.Errorf("%s should be lower-hex encoded with no prefix", clip(s))
	case strings.Trim(s, "0") == "":
		return id, "", errors.New("traceId is all zeros")
	}
	if id, err = store.ParseTraceID(s); err != nil {
		return id, "", err
	}
	return id, jaegerTraceID(id), nil
}

func parseZipkinTraceIDs(q url.Values) ([]store.TraceID, error) {
	switch {
	case !q.Has("traceIds"):
		return nil, missingZipkinParam("traceIds")
	case q.Get("traceIds") == "":
		return nil, errors.New("traceIds parameter is empty")
	}
	var ids []store.TraceID
	for _, s := range strings.Split(q.Get("traceIds"), ",") {
		id, _, err := parseZipkinTraceID(s)
		if err != nil {
			return nil, err
		}
		if slices.Contains(ids, id) {
			return nil, fmt.Errorf("redundant traceId: %s", s)
		}
		if ids = append(ids, id); len(ids) > maxZipkinLimit {
			return nil, fmt.Errorf("traceIds: at most %d", maxZipkinLimit)
		}
	}
	if len(ids) == 1 {
		return nil, zipkinError("Use /api/v2/trace/{traceId} endpoint to retrieve a single trace")
	}
	return ids, nil
}

// parseZipkinDependencies reads endTs, which Zipkin wants, and lookback, both in milliseconds.
func parseZipkinDependencies(q url.Values) (store.TimeRange, error) {
	if q.Get("endTs") == "" {
		return store.TimeRange{}, missingZipkinParam("endTs")
	}
	endMS, err := zipkinNumber(q, "endTs", 64, 0)
	if err != nil {
		return store.TimeRange{}, err
	}
	lookbackMS, err := zipkinNumber(q, "lookback", 64, zipkinLookbackMS)
	if err != nil {
		return store.TimeRange{}, err
	}
	switch {
	case endMS <= 0:
		return store.TimeRange{}, errors.New("endTs <= 0")
	case lookbackMS <= 0:
		return store.TimeRange{}, errors.New("lookback <= 0")
	}
	return zipkinRange(endMS, lookbackMS), nil
}
