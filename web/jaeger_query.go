package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"weft/store"
)

const (
	// jaegerLimit is how many traces Jaeger returns when it is not told.
	jaegerLimit = 100
	// maxJaegerLimit bounds an answer that holds whole traces; Jaeger has no bound, so more is cut rather than refused.
	maxJaegerLimit = 1000
	// jaegerLookback is how far back Jaeger looks when it is not told.
	jaegerLookback = 48 * time.Hour
	// jaegerDependencyLookback is the same for dependencies.
	jaegerDependencyLookback = 24 * time.Hour
)

// jaegerSearch is a parsed /api/traces request.
type jaegerSearch struct {
	query store.TraceQuery
	ids   []store.TraceID // when given, the query is not used
}

// parseJaegerSearch reads Jaeger's parameters. Unlike this package's own API it ignores what it does not know: clients
// send parameters of their own user interface along. Error texts are Jaeger's.
func parseJaegerSearch(q url.Values, now time.Time) (jaegerSearch, error) {
	var out jaegerSearch
	if err := checkText(q); err != nil {
		return out, err
	}
	from, err := jaegerTime(q, "start", time.Microsecond, now.Add(-jaegerLookback))
	if err != nil {
		return out, err
	}
	to, err := jaegerTime(q, "end", time.Microsecond, now)
	if err != nil {
		return out, err
	}
	tags, err := jaegerTags(q["tag"], q["tags"])
	if err != nil {
		return out, err
	}
	limit := int64(jaegerLimit)
	if s := q.Get("limit"); s != "" {
		if limit, err = strconv.ParseInt(s, 10, 32); err != nil {
			return out, err
		}
	}
	shortest, err := jaegerDuration(q, "minDuration")
	if err != nil {
		return out, err
	}
	longest, err := jaegerDuration(q, "maxDuration")
	if err != nil {
		return out, err
	}
	for _, s := range q["traceID"] {
		id, err := store.ParseTraceID(s)
		if err != nil {
			return out, fmt.Errorf("cannot parse traceID param: %w", err)
		}
		out.ids = append(out.ids, id)
	}
	if len(out.ids) > maxJaegerLimit {
		return out, fmt.Errorf("invalid parameter: at most %d traceID, got %d", maxJaegerLimit, len(out.ids))
	}
	switch {
	case limit <= 0:
		return out, errors.New("invalid parameter: limit must be greater than 0")
	case from.After(to):
		return out, errors.New("invalid parameter: start time must be before end time")
	case shortest != 0 && longest != 0 && longest < shortest:
		return out, errors.New("'maxDuration' should be greater than 'minDuration'")
	}
	out.query = store.TraceQuery{
		// Jaeger's end is inclusive, to the microsecond.
		Range: store.TimeRange{From: from, To: to.Add(time.Microsecond)},
		Where: store.AllOf(jaegerPredicates(q.Get("service"), q.Get("operation"), tags, shortest, longest)...),
		Limit: int(min(limit, maxJaegerLimit)),
	}
	return out, nil
}

// checkText refuses parameters that are no UTF-8.
func checkText(q url.Values) error {
	for name, list := range q {
		for _, v := range list {
			if !utf8.ValidString(name) || !utf8.ValidString(v) {
				return fmt.Errorf("unable to parse param '%s': %w", clip(name), errNotUTF8)
			}
		}
	}
	return nil
}

// jaegerPredicates is what both versions of the API ask for.
func jaegerPredicates(service, operation string, tags map[string]string, shortest, longest time.Duration) []store.Predicate {
	var out []store.Predicate
	add := func(field string, op store.Op, v store.Value) {
		out = append(out, store.Predicate{Field: field, Op: op, Value: v})
	}
	if service != "" {
		add(store.FieldService, store.OpEqual, store.StringValue(service))
	}
	if operation != "" {
		add(store.FieldName, store.OpEqual, store.StringValue(operation))
	}
	if shortest > 0 {
		add(store.FieldDuration, store.OpGreaterEqual, store.IntValue(int64(shortest)))
	}
	if longest > 0 {
		add(store.FieldDuration, store.OpLessEqual, store.IntValue(int64(longest)))
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, jaegerTagPredicate(key, tags[key]))
	}
	return out
}

// jaegerTagPredicate undoes what jaegerSpanTags does: some tags are no attributes but fields of the span.
func jaegerTagPredicate(key, value string) store.Predicate {
	field := func(name string, op store.Op, v string) store.Predicate {
		return store.Predicate{Field: name, Op: op, Value: store.StringValue(v)}
	}
	switch {
	case key == "error" && value == "true":
		return field(store.FieldStatus, store.OpEqual, "error")
	case key == "error" && value == "false":
		return field(store.FieldStatus, store.OpNotEqual, "error")
	case key == "span.kind" && slices.Contains(kindNames, strings.ToLower(value)):
		return field(store.FieldKind, store.OpEqual, strings.ToLower(value))
	case key == "otel.status_code" && slices.Contains(statusNames, strings.ToLower(value)):
		return field(store.FieldStatus, store.OpEqual, strings.ToLower(value))
	}
	return field(key, store.OpEqual, value)
}

// jaegerTags reads tag=key:value and tags={"key":"value"}; the latter wins.
func jaegerTags(simple, asJSON []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range simple {
		key, value, ok := strings.Cut(s, ":")
		if !ok {
			return nil, fmt.Errorf("malformed 'tag' parameter, expecting key:value, received: %s", clip(s))
		}
		out[key] = value
	}
	for _, s := range asJSON {
		var more map[string]string
		if err := json.Unmarshal([]byte(s), &more); err != nil {
			return nil, fmt.Errorf("malformed 'tags' parameter, cannot unmarshal JSON: %w", err)
		}
		maps.Copy(out, more)
	}
	if err := checkTags(out); err != nil {
		return nil, fmt.Errorf("malformed 'tags' parameter: %w", err)
	}
	return out, nil
}

// checkTags refuses what cannot be a tag: no key, or one that would name a field of the store's own.
func checkTags(tags map[string]string) error {
	if len(tags) > maxConditions {
		return fmt.Errorf("at most %d tags, got %d", maxConditions, len(tags))
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if key == "" || strings.HasPrefix(key, "@") {
			return fmt.Errorf("want a tag's name, got %q", clip(key))
		}
	}
	return nil
}

// jaegerTime reads a whole number of units since 1970.
func jaegerTime(q url.Values, name string, unit time.Duration, byDefault time.Time) (time.Time, error) {
	s := q.Get(name)
	if s == "" {
		return byDefault, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("unable to parse param '%s': %w", name, err)
	}
	perSecond := int64(time.Second / unit)
	t := time.Unix(n/perSecond, n%perSecond*int64(unit))
	if t.Before(minInstant) || t.After(maxInstant.Add(-time.Second)) {
		return time.Time{}, fmt.Errorf("unable to parse param '%s': outside the years 1678 to 2261", name)
	}
	return t, nil
}

func jaegerDuration(q url.Values, name string) (time.Duration, error) {
	s := q.Get(name)
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("unable to parse param '%s': %w", name, err)
	}
	return d, nil
}

// parseJaegerDependencies reads endTs and lookback, both in milliseconds.
func parseJaegerDependencies(q url.Values, now time.Time) (store.TimeRange, error) {
	to, err := jaegerTime(q, "endTs", time.Millisecond, now)
	if err != nil {
		return store.TimeRange{}, err
	}
	lookback := jaegerDependencyLookback
	if s := q.Get("lookback"); s != "" {
		ms, err := strconv.ParseInt(s, 10, 64)
		if err != nil || ms < 0 {
			return store.TimeRange{}, fmt.Errorf("unable to parse param 'lookback': want milliseconds, got %s", clip(s))
		}
		const most = 100 * 365 * 24 * time.Hour // longer ones overflow a Duration or leave what nanoseconds can say
		lookback = time.Duration(min(ms, int64(most/time.Millisecond))) * time.Millisecond
	}
	from := to.Add(-lookback)
	if from.Before(minInstant) {
		from = minInstant
	}
	return store.TimeRange{From: from, To: to}, nil
}
