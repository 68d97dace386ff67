package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of a search for broken context.
const (
	brokenFrameSpans  = 400_000
	maxBrokenSpans    = 50_000 // of each kind
	maxBrokenExamples = 3
	// hopSkew is by how much the clocks of caller and callee may differ.
	hopSkew = int64(100 * time.Millisecond)
	// hopQueueTime is how long a message may wait for its consumer.
	hopQueueTime = int64(10 * time.Minute)
)

// BrokenCause is what shows that a hop loses its trace context.
type BrokenCause uint8

// Causes.
const (
	// LostParent: a span names a parent that is not stored.
	LostParent BrokenCause = iota
	// NewTrace: the callee started a trace of its own although a call of another trace, which no span answers, fits it.
	NewTrace
)

// BrokenContext is which hops lose their trace context.
type BrokenContext struct {
	// FromNS and ToNS are the range cut to what is stored; TimeShare is the part of it that was looked at, in evenly spaced slices.
	FromNS, ToNS int64
	TimeShare    float64
	// Truncated says that there are more broken spans than the 50,000 of each kind that were looked at.
	Truncated bool
	Hops      []BrokenHop // those with most broken calls first
}

// BrokenHop is a caller and a callee between which context gets lost.
type BrokenHop struct {
	Cause BrokenCause
	// From is the calling service, "" when it is not known: the span that made the call is not stored.
	From string
	// Via is by what name the caller knows the callee: the peer of its span.
	Via string
	To  string
	// Broken calls of Calls: with a known caller its calls of this peer, else the spans of To that have a parent.
	Broken, Calls   uint64
	FirstNS, LastNS int64 // starts of the callee's spans, Unix nanoseconds
	// FromVersions and ToVersions are the broken calls by service.version of either side, by first occurrence.
	FromVersions, ToVersions []BrokenVersion
	Examples                 []BrokenExample
}

// BrokenVersion is the part of a hop that concerns one service.version; "" is none.
type BrokenVersion struct {
	Version       string
	Broken, Calls uint64
	FirstNS       int64 // of a broken call
}

// BrokenExample is the callee's span and, when it is known, the caller's.
type BrokenExample struct{ Callee, Caller SpanRef }

// BrokenContext finds the spans between from and to whose trace context was lost on the way. A parent that arrives later than its child
// counts as lost, so the range has to end some time before now.
func (s *Store) BrokenContext(ctx context.Context, r TimeRange, limit int) (BrokenContext, error) {
	const op = "find broken context"
	if err := checkLimit(limit, maxTracePage); err != nil {
		return BrokenContext{}, invalid(op, err)
	}
	out, err := s.brokenContext(ctx, r)
	out.Hops = out.Hops[:min(len(out.Hops), limit)]
	return out, wrap(op, err)
}

func (s *Store) brokenContext(ctx context.Context, r TimeRange) (BrokenContext, error) {
	all, err := s.newFrames(ctx, r)
	if err != nil {
		return BrokenContext{}, err
	}
	fr := all.of(brokenFrameSpans)
	out := BrokenContext{FromNS: all.fromNS, ToNS: all.toNS, TimeShare: fr.share}
	if len(fr.windows) == 0 {
		out.TimeShare = 1
		return out, nil
	}
	b := broken{hops: make(map[hopKey]*hop)}
	if b.entries, err = s.entries(ctx, fr); err != nil {
		return out, err
	}
	callees, err := s.orphans(ctx, fr)
	if err != nil {
		return out, err
	}
	roots, err := s.roots(ctx, fr)
	if err != nil {
		return out, err
	}
	callees = append(callees, roots...)
	out.Truncated = len(callees)-len(roots) == maxBrokenSpans || len(roots) == maxBrokenSpans
	callers, err := s.unanswered(ctx, fr, callees)
	if err != nil {
		return out, err
	}
	out.Truncated = out.Truncated || len(callers) == maxBrokenSpans
	if b.calls, err = s.callsTo(ctx, fr, callers); err != nil {
		return out, err
	}
	b.match(callers, callees)
	if err := b.nameVersions(ctx, s, fr.hull()); err != nil {
		return out, err
	}
	out.Hops = b.finish()
	return out, nil
}

// callee is a span without the parent that it should have.
type callee struct {
	ref                           spanKey
	service, address, destination string
	kind                          Kind
	startNS                       int64
	resourceHash                  uint64
	orphan                        bool // it names a parent, which is not stored
}

// caller is a client or producer span that no span answers.
type caller struct {
	ref            spanKey
	service, peer  string
	address        string
	kind           Kind
	startNS, endNS int64
	resourceHash   uint64
}

// orphans reads spans by time twice: those that name a parent, and all that may be one.
func (s *Store) orphans(ctx context.Context, fr frame) ([]callee, error) {
	st := orphansStatement(fr)
	return s.callees(ctx, st, true)
}

func orphansStatement(fr frame) statement {
	where, params := fr.condition()
	wide, wideParams := fr.widened().renamedCondition("wide_")
	return statement{`SELECT trace_id, span_id, service_name, attr_server_address, attr_messaging_destination_name, kind, toUnixTimestamp64Nano(start_time) AS start_ns, resource_hash
FROM spans
PREWHERE parent_span_id != 0
WHERE ` + where + `
  AND (trace_id, parent_span_id) NOT IN (SELECT trace_id, span_id FROM spans WHERE ` + wide + `)
ORDER BY start_ns, span_id
LIMIT ` + strconv.Itoa(maxBrokenSpans), append(params, wideParams...)}
}

// roots reads spans by time: those that answer a call and have no parent, nor a link that stands for one.
func (s *Store) roots(ctx context.Context, fr frame) ([]callee, error) {
	return s.callees(ctx, rootsStatement(fr), false)
}

func rootsStatement(fr frame) statement {
	where, params := fr.condition()
	return statement{"SELECT trace_id, span_id, service_name, attr_server_address, attr_messaging_destination_name, kind, toUnixTimestamp64Nano(start_time) AS start_ns, resource_hash\n" +
		"FROM spans\nPREWHERE parent_span_id = 0 AND kind IN (2, 5)\nWHERE " + where + " AND empty(`links.trace_id`)\nORDER BY start_ns, span_id\nLIMIT " + strconv.Itoa(maxBrokenSpans), params}
}

func (s *Store) callees(ctx context.Context, st statement, orphan bool) ([]callee, error) {
	return collect(ctx, s, st.sql, st.params, func(rows driver.Rows, c *callee) error {
		var id string
		var kind uint8
		err := rows.Scan(&id, &c.ref.span, &c.service, &c.address, &c.destination, &kind, &c.startNS, &c.resourceHash)
		copy(c.ref.trace[:], id)
		c.kind, c.orphan = Kind(kind), orphan
		return err
	})
}

// names are those by which a caller may know c.
func (c *callee) names() []string {
	if c.kind == KindConsumer {
		return []string{c.destination, c.service}
	}
	return []string{c.service, c.address}
}

// unanswered finds the calls of the callees that no span answers: none is their child, none links to them.
func (s *Store) unanswered(ctx context.Context, fr frame, callees []callee) ([]caller, error) {
	names := make(map[string]bool)
	for i := range callees {
		for _, name := range callees[i].names() {
			names[name] = true
		}
	}
	delete(names, "")
	if len(names) == 0 {
		return nil, nil
	}
	table, err := ext.NewTable("names", ext.Column("name", "String"))
	if err != nil {
		return nil, err
	}
	for name := range names {
		if err := table.Append(name); err != nil {
			return nil, err
		}
	}
	st := unansweredStatement(fr)
	return collect(clickhouse.Context(ctx, clickhouse.WithExternalTable(table)), s, st.sql, st.params, func(rows driver.Rows, c *caller) error {
		var id string
		var kind uint8
		err := rows.Scan(&id, &c.ref.span, &c.service, &c.peer, &c.address, &kind, &c.startNS, &c.endNS, &c.resourceHash)
		copy(c.ref.trace[:], id)
		c.kind = Kind(kind)
		return err
	})
}

// unansweredStatement reads spans by time three times: the calls, their answers, and the links to them.
func unansweredStatement(fr frame) statement {
	where, params := fr.condition()
	wide, wideParams := fr.widened().renamedCondition("wide_")
	return statement{"SELECT trace_id, span_id, service_name, peer_name, attr_server_address, kind, toUnixTimestamp64Nano(start_time) AS start_ns, start_ns + duration_ns AS end_ns, resource_hash\n" +
		"FROM spans\nPREWHERE kind IN (3, 4) AND category != 'db'\nWHERE " + where + `
  AND (peer_name IN names OR attr_server_address IN names)
  AND (trace_id, span_id) NOT IN (SELECT trace_id, parent_span_id FROM spans WHERE parent_span_id != 0 AND kind IN (2, 5) AND ` + wide + `)
  AND (trace_id, span_id) NOT IN (SELECT linked_trace_id, linked_span_id FROM spans ` +
		"ARRAY JOIN `links.trace_id` AS linked_trace_id, `links.span_id` AS linked_span_id WHERE notEmpty(`links.trace_id`) AND " + wide + `)
ORDER BY start_ns, span_id
LIMIT ` + strconv.Itoa(maxBrokenSpans), append(params, wideParams...)}
}

// renamedCondition is the condition with other names of its parameters.
func (fr frame) renamedCondition(prefix string) (string, []any) {
	where, params := fr.condition()
	where = strings.NewReplacer("{from", "{"+prefix+"from", "{to", "{"+prefix+"to").Replace(where)
	for i, p := range params {
		named := p.(driver.NamedValue)
		named.Name = prefix + named.Name
		params[i] = named
	}
	return where, params
}

// traffic counts spans per service, peer ("" for entries) and resource.
type traffic struct {
	service, peer string
	resourceHash  uint64
}

func (s *Store) traffic(ctx context.Context, st statement) (map[traffic]uint64, error) {
	counts := make(map[traffic]uint64)
	_, err := collect(ctx, s, st.sql, st.params, func(rows driver.Rows, _ *struct{}) error {
		var t traffic
		var n uint64
		err := rows.Scan(&t.service, &t.peer, &t.resourceHash, &n)
		counts[t] = n
		return err
	})
	return counts, err
}

// entries counts the spans that should have a parent in what is looked at: all with one, and the roots that answer a call.
func (s *Store) entries(ctx context.Context, fr frame) (map[traffic]uint64, error) {
	return s.traffic(ctx, entriesStatement(fr))
}

// entriesStatement reads spans by time.
func entriesStatement(fr frame) statement {
	where, params := fr.condition()
	return statement{`SELECT service_name, if(parent_span_id = 0, 'root', 'child') AS peer, resource_hash, count() FROM spans
PREWHERE parent_span_id != 0 OR kind IN (2, 5)
WHERE ` + where + `
GROUP BY service_name, peer, resource_hash
LIMIT 1000000`, params}
}

// callsTo counts all calls that the callers' services make, by peer.
func (s *Store) callsTo(ctx context.Context, fr frame, callers []caller) (map[traffic]uint64, error) {
	if len(callers) == 0 {
		return nil, nil
	}
	var services []string
	for i := range callers {
		services = append(services, callers[i].service)
	}
	slices.Sort(services)
	return s.traffic(ctx, callsStatement(fr, slices.Compact(services)))
}

// callsStatement reads spans by hour, service and time.
func callsStatement(fr frame, services []string) statement {
	where, params := fr.condition()
	return statement{`SELECT service_name, peer_name, resource_hash, count() FROM spans
PREWHERE kind IN (3, 4) AND category != 'db'
WHERE service_name IN {services:Array(String)} AND ` + where + `
GROUP BY service_name, peer_name, resource_hash
LIMIT 1000000`, append(params, param("services", services))}
}
