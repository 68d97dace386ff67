package store

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// insertSettings hold for every insert.
var insertSettings = []ch.Setting{
	{Key: "async_insert", Value: "0", Important: true},
	// A block is cut by day; an import may bring years at once.
	{Key: "max_partitions_per_insert_block", Value: "0", Important: true},
	{Key: "deduplicate_blocks_in_dependent_materialized_views", Value: "1", Important: true},
}

// insertBlock writes the columns as one block of table. A token that the table has seen before, within its deduplication
// window, makes it a no-op. Without a token ClickHouse would compare contents, so an empty one becomes a random one.
func (s *Store) insertBlock(ctx context.Context, table string, columns []namedColumn, token string) error {
	if len(columns) == 0 || columns[0].data.Rows() == 0 {
		return nil
	}
	input := make(proto.Input, len(columns))
	for i, c := range columns {
		input[i] = proto.InputColumn{Name: c.name, Data: c.data}
	}
	if token == "" {
		token = rand.Text()
	}
	settings := append(insertSettings[:len(insertSettings):len(insertSettings)],
		ch.Setting{Key: "insert_deduplication_token", Value: token, Important: true})
	return s.inserts.do(ctx, ch.Query{Body: input.Into(table), Input: input, Settings: settings})
}

// InsertSpans writes the batch as one block; the same token twice stores it once, whatever happened between. A block is
// visible at once per day of its spans, and its traces can be listed and read a moment later. The batch is left as it is; nothing but a lost connection is retried here: the Kind
// of the error says whether the caller may.
func (s *Store) InsertSpans(ctx context.Context, b *SpanBatch, token string) error {
	const op = "insert spans"
	if b.Rows() == 0 {
		return nil
	}
	if err := s.insertOrigins(ctx, b.origins, token, "spans"); err != nil {
		return wrap(op, err)
	}
	if err := s.insertSample(ctx, b, token); err != nil {
		return wrap(op, err)
	}
	if err := s.insertPeers(ctx, b, token); err != nil {
		return wrap(op, err)
	}
	if err := s.insertBlock(ctx, "spans", b.cols.named, token); err != nil {
		return wrap(op, err)
	}
	err := wrap(op, s.insertSums(ctx, b, token))
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Invalid {
		return &Error{Op: op, Kind: Internal, Err: e} // a caller may divide what is invalid, but the spans are stored
	}
	return err
}

// insertSums writes what sums up the spans of a batch. It goes behind them: a block that is refused for good comes again in halves and must
// not have been summed up before; and paging takes a trace whose summary has a later stamp than its snapshot from the spans, whose stamps
// must not be later then.
func (s *Store) insertSums(ctx context.Context, b *SpanBatch, token string) error {
	err := s.insertBlock(ctx, "trace_summaries", b.traces.columns(b.cols.service, b.cols.name), subToken(token, "traces"))
	if err != nil {
		return err
	}
	return s.insertRollups(ctx, b, token)
}

// insertOrigins writes the resources and scopes of a batch unless this process has written all of them before. They go first,
// so that a span never lacks its resource.
func (s *Store) insertOrigins(ctx context.Context, b *originBatch, token, signal string) error {
	if !s.sent.resources.all(b.resourceRows) {
		if err := s.insertBlock(ctx, "resources", b.resources.named, subToken(token, signal+"/resources")); err != nil {
			return err
		}
		s.sent.resources.add(b.resourceRows)
	}
	if !s.sent.scopes.all(b.scopeRows) {
		if err := s.insertBlock(ctx, "scopes", b.scopes.named, subToken(token, signal+"/scopes")); err != nil {
			return err
		}
		s.sent.scopes.add(b.scopeRows)
	}
	return nil
}

func subToken(token, part string) string {
	if token == "" {
		return ""
	}
	return token + "/" + part
}

// A sentSet starts again when it is full or old, and some rows are written once more, which their ReplacingMergeTree tables do
// not mind: it bounds the memory, and how long a server that lost its last writes in a power cut lacks them.
const (
	maxSent    = 1 << 17
	maxSentAge = 10 * time.Minute
)

// sentSet remembers what this process has written.
type sentSet[K comparable] struct {
	mu    sync.Mutex
	set   map[K]struct{} // protected by mu, as is since
	since time.Time
}

func (s *sentSet[K]) all(keys []K) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		if !s.has(k) {
			return false
		}
	}
	return true
}

// missing returns those of keys that have not been sent.
func (s *sentSet[K]) missing(keys []K) []K {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []K
	for _, k := range keys {
		if !s.has(k) {
			missing = append(missing, k)
		}
	}
	return missing
}

// has REQUIRES mu.
func (s *sentSet[K]) has(k K) bool {
	_, ok := s.set[k]
	return ok && time.Since(s.since) < maxSentAge
}

func (s *sentSet[K]) add(keys []K) {
	if len(keys) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil || len(s.set)+len(keys) > maxSent || time.Since(s.since) >= maxSentAge {
		s.set, s.since = make(map[K]struct{}, len(keys)), time.Now()
	}
	for _, k := range keys {
		s.set[k] = struct{}{}
	}
}
