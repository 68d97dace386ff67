package store

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/ClickHouse/ch-go/proto"

	"weft/semconv"
)

// rollup adds the spans of a batch up by minute, for operation_minutes and statement_minutes. Counting here, where names are
// numbers already, is far cheaper than a materialized view over spans, and names can be bounded before they are rows. A span that a
// client sends twice counts twice, as it does in spans; a block that is inserted again counts once.
type rollup struct {
	operations groupSet[operationKey]
	statements groupSet[statementKey]
	perTrace   map[traceOfGroup]uint64 // calls of each trace and statement
	more       []statementMore         // parallel to statements.groups

	operationCols *operationMinuteColumns
	statementCols *statementMinuteColumns
}

func newRollup() *rollup {
	return &rollup{
		operations: newGroupSet[operationKey](), statements: newGroupSet[statementKey](),
		perTrace: make(map[traceOfGroup]uint64), operationCols: newOperationMinuteColumns(), statementCols: newStatementMinuteColumns(),
	}
}

// operationKey identifies a group by the keys of the batch's dictionaries; otherKey stands for what the guard does not admit. Keys have no
// padding, which would double the price of looking them up.
type operationKey struct {
	minute        int32 // Unix minutes
	service, name uint32
	kind          uint32
}

const otherKey = math.MaxUint32

// statementKey is the same for statements; the hash of those that are not admitted is 0, which no statement has.
type statementKey struct {
	hash                  uint64
	minute                int32
	service, system, peer uint32
}

type traceOfGroup struct{ group, trace uint64 }

type statementMore struct {
	newestRow         int
	traces, mostCalls uint64
}

// groupSet adds spans up by key.
type groupSet[K comparable] struct {
	index  map[K]uint32 // several keys may lead to one group
	keys   []K
	groups []totals
	cells  cells
}

// totals is what is known of the spans of one group.
type totals struct {
	calls, errors uint64
	durationNS    float64
}

func newGroupSet[K comparable]() groupSet[K] { return groupSet[K]{index: make(map[K]uint32)} }

func (s *groupSet[K]) reset() {
	clear(s.index)
	s.keys, s.groups, s.cells.list = s.keys[:0], s.groups[:0], s.cells.list[:0]
}

// group makes the group of a key.
func (s *groupSet[K]) group(key K) uint32 {
	n := uint32(len(s.groups))
	s.groups, s.keys = append(s.groups, totals{}), append(s.keys, key)
	s.index[key] = n
	return n
}

func (s *groupSet[K]) add(group uint32, durationNS int64, failed bool) {
	t := &s.groups[group]
	t.calls++
	t.durationNS += float64(durationNS)
	if failed {
		t.errors++
	}
	s.cells.add(group, durationNS, failed)
}

// rows fills the columns that both roll-ups have; errorLatency may be nil.
func (s *groupSet[K]) rows(c *totalsColumns, errorLatency *countsColumn) {
	for i := range s.groups {
		t := &s.groups[i]
		c.calls = append(c.calls, t.calls)
		c.errors = append(c.errors, t.errors)
		c.durationNS = append(c.durationNS, t.durationNS)
	}
	s.cells.histograms(len(s.groups), &c.latency, errorLatency)
}

const nsPerMinute = 60 * 1e9

// minuteOf is the Unix minute that holds an instant.
func minuteOf(ns int64) int32 { return int32(floorDiv(ns, nsPerMinute)) }

// floorDiv rounds down, for instants before 1970 as well.
func floorDiv(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// count adds all spans of c up.
func (r *rollup) count(c *spanColumns, guard *nameGuard) {
	r.operations.reset()
	r.statements.reset()
	clear(r.perTrace)
	r.more = r.more[:0]
	system := c.promoted[promotedIndex("db.system.name")].lc
	for i, durationNS := range c.durationNS {
		minute, failed := minuteOf(c.start.ColInt64[i]), StatusCode(c.statusCode[i]) == StatusError
		key := operationKey{minute, c.service.keys.at(i), c.name.keys.at(i), uint32(c.kind[i])}
		group, ok := r.operations.index[key]
		if !ok {
			group = r.operation(key, c, guard)
		}
		r.operations.add(group, durationNS, failed)
		if hash := c.statementHash[i]; hash != 0 {
			r.countStatement(statementKey{hash, minute, c.service.keys.at(i), system.keys.at(i), c.peerName.keys.at(i)}, i, c, failed, guard)
		}
	}
}

// operation makes the group of a key that has none, or leads it to the group of others.
func (r *rollup) operation(key operationKey, c *spanColumns, guard *nameGuard) uint32 {
	admitted := key
	service, name := guard.admitOperation(c.service.dict.RowBytes(int(key.service)), c.name.dict.RowBytes(int(key.name)))
	if !service {
		admitted.service = otherKey
	}
	if !service || !name {
		admitted.name = otherKey
	}
	group, ok := r.operations.index[admitted]
	if !ok {
		group = r.operations.group(admitted)
	}
	r.operations.index[key] = group
	return group
}

// others is how many of the spans, and of the calls of statements, were counted under OtherName.
func (r *rollup) others() (operations, statements uint64) {
	for i, k := range r.operations.keys {
		if k.name == otherKey {
			operations += r.operations.groups[i].calls
		}
	}
	for i, k := range r.statements.keys {
		if k.hash == 0 {
			statements += r.statements.groups[i].calls
		}
	}
	return operations, statements
}

func (r *rollup) countStatement(key statementKey, row int, c *spanColumns, failed bool, guard *nameGuard) {
	group, ok := r.statements.index[key]
	if !ok {
		admitted := key
		if service, _ := guard.admitOperation(c.service.dict.RowBytes(int(key.service)), nil); !service {
			admitted.service = otherKey
		}
		if !guard.admitStatement(key.hash) {
			admitted = statementKey{minute: key.minute, service: admitted.service, system: otherKey, peer: otherKey}
		}
		if group, ok = r.statements.index[admitted]; !ok {
			group = r.statements.group(admitted)
			r.more = append(r.more, statementMore{newestRow: row})
		}
		r.statements.index[key] = group
	}
	r.statements.add(group, c.durationNS[row], failed)
	more := &r.more[group]
	if c.start.ColInt64[row] > c.start.ColInt64[more.newestRow] {
		more.newestRow = row
	}
	trace := traceOfGroup{uint64(group), binary.BigEndian.Uint64(c.traceID[row][8:])}
	calls := r.perTrace[trace] + 1
	r.perTrace[trace] = calls
	if calls == 1 {
		more.traces++
	}
	more.mostCalls = max(more.mostCalls, calls)
}

// appendKey copies an entry of one dictionary to another column.
func (c *lcColumn) appendKey(from *lcColumn, key uint32) {
	if key == otherKey {
		c.Append(OtherName)
		return
	}
	text := from.dict.RowBytes(int(key))
	if k, ok := c.index[string(text)]; ok {
		c.keys.append(k)
		return
	}
	c.Append(string(text))
}

// operationRows fills the columns of operation_minutes.
func (r *rollup) operationRows(c *spanColumns) []namedColumn {
	out := r.operationCols
	resetColumns(out.named)
	for _, k := range r.operations.keys {
		out.hour = append(out.hour, int32(floorDiv(int64(k.minute), 60)))
		out.minute.ColInt64 = append(out.minute.ColInt64, int64(k.minute)*60)
		out.service.appendKey(c.service, k.service)
		out.name.appendKey(c.name, k.name)
		out.kind = append(out.kind, uint8(k.kind))
	}
	r.operations.rows(&out.totalsColumns, &out.errorLatency)
	return out.named
}

// newestBytes is the width of the column newest.
const newestBytes = 8 + len(TraceID{})

// statementRows fills the columns of statement_minutes.
func (r *rollup) statementRows(c *spanColumns) []namedColumn {
	out := r.statementCols
	resetColumns(out.named)
	system := c.promoted[promotedIndex("db.system.name")].lc
	var newest [newestBytes]byte
	for i, k := range r.statements.keys {
		more := r.more[i]
		out.hour = append(out.hour, int32(floorDiv(int64(k.minute), 60)))
		out.minute.ColInt64 = append(out.minute.ColInt64, int64(k.minute)*60)
		out.service.appendKey(c.service, k.service)
		out.hash = append(out.hash, k.hash)
		out.system.appendKey(system, k.system)
		out.peer.appendKey(c.peerName, k.peer)
		out.traces = append(out.traces, more.traces)
		out.mostCalls = append(out.mostCalls, more.mostCalls)
		binary.BigEndian.PutUint64(newest[:], uint64(c.start.ColInt64[more.newestRow])^1<<63)
		copy(newest[8:], c.traceID[more.newestRow][:])
		out.newest.Append(newest[:])
	}
	r.statements.rows(&out.totalsColumns, nil)
	return out.named
}

// statementText is a row of statements.
type statementText struct {
	day  uint16
	hash uint64
}

// insertRollups adds the batch to the roll-ups. They follow the spans: a block that the engine refuses leaves no trace here, and one
// that was cut off between the two is sent again with its token.
func (s *Store) insertRollups(ctx context.Context, b *SpanBatch, token string) error {
	r := b.rollup
	r.count(b.cols, &s.names)
	if err := s.insertBlock(ctx, "operation_minutes", r.operationRows(b.cols), subToken(token, "operations")); err != nil {
		return err
	}
	if len(r.statements.keys) > 0 {
		if err := s.insertStatementTexts(ctx, b, token); err != nil {
			return err
		}
		if err := s.insertBlock(ctx, "statement_minutes", r.statementRows(b.cols), subToken(token, "statements")); err != nil {
			return err
		}
	}
	operations, statements := r.others()
	s.otherOperations.Add(operations)
	s.otherStatements.Add(statements)
	return nil
}

// Others returns how many spans, and how many calls of statements, this process has counted under OtherName because there were too many names.
func (s *Store) Others() (operations, statements uint64) {
	return s.otherOperations.Load(), s.otherStatements.Load()
}

func (s *Store) insertStatementTexts(ctx context.Context, b *SpanBatch, token string) error {
	rows := make(map[statementText]int)
	var met []statementText
	for i, k := range b.rollup.statements.keys {
		text := statementText{dayOf(int64(k.minute) * nsPerMinute), k.hash}
		if _, ok := rows[text]; !ok && k.hash != 0 {
			rows[text] = b.rollup.more[i].newestRow
			met = append(met, text)
		}
	}
	missing := s.sent.statements.missing(met)
	var (
		day         dayColumn
		hash        proto.ColUInt64
		fingerprint textColumn
	)
	texts := b.cols.statements(missing, rows)
	for i, m := range missing {
		day.ColUInt16 = append(day.ColUInt16, m.day)
		hash = append(hash, m.hash)
		fingerprint.Append(texts[i])
	}
	err := s.insertBlock(ctx, "statements", statementColumns(&day, &hash, &fingerprint), subToken(token, "statement texts"))
	if err == nil {
		s.sent.statements.add(missing)
	}
	return err
}

func statementColumns(day *dayColumn, hash *proto.ColUInt64, fingerprint *textColumn) []namedColumn {
	return []namedColumn{{"day", day}, {"hash", hash}, {"fingerprint", fingerprint}}
}

// statements are the fingerprints of some statements, given a row that has each, "" where there is none.
func (c *spanColumns) statements(of []statementText, rows map[statementText]int) []string {
	texts := make([]string, len(of))
	strs := c.attrs.strs
	key, ok := strs.keys.index[semconv.StatementText]
	if !ok {
		return texts
	}
	places := make(map[int][]int) // in the column of values → in of
	for i, m := range of {
		for j, end := strs.span(rows[m]); j < end; j++ {
			if strs.keys.keys.at(j) == key {
				places[j] = append(places[j], i)
			}
		}
	}
	strs.values.each(func(row int, text []byte) {
		for _, i := range places[row] {
			texts[i] = string(text)
		}
	})
	return texts
}
