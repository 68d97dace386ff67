package store_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

// thin is the part of a span that a skeleton has, with its texts.
func thin(s *store.Span) string {
	text := fmt.Sprint(s.SpanID, s.ParentSpanID, s.StartNS, s.DurationNS, s.Service, s.Name, s.Kind, s.StatusCode, s.Category, s.PeerName, s.ErrorType,
		s.StatementHash, s.Marks&semconv.MarkColdStart != 0, len(s.Events))
	for _, l := range s.Links {
		text += fmt.Sprint(l.TraceID, l.SpanID)
	}
	return text
}

func thinSkeleton(k *store.Skeleton) []string {
	text := make([]string, len(k.Spans))
	for i, s := range k.Spans {
		text[i] = fmt.Sprint(s.SpanID, s.ParentSpanID, s.StartNS, s.DurationNS, k.Strings[s.Service], k.Strings[s.Name], s.Kind, s.StatusCode, k.Strings[s.Category],
			k.Strings[s.PeerName], k.Strings[s.ErrorType], s.StatementHash, s.ColdStart, s.Events)
	}
	for _, l := range k.Links {
		text[l.From] += fmt.Sprint(l.TraceID, l.SpanID)
	}
	return text
}

func TestSkeletonIsTheTrace(t *testing.T) {
	s := open(t)
	r := randomSpan{rand.New(rand.NewPCG(5, 6)), time.Date(2026, 3, 4, 23, 59, 0, 0, time.UTC).UnixNano()}
	var all []store.Span
	want := make(map[store.TraceID][]string)
	for range 20 {
		id := r.traceID()
		for range 1 + r.IntN(200) {
			span := r.span(id)
			all = append(all, span)
			want[id] = append(want[id], thin(&span))
		}
	}
	for i := 0; i < len(all); i += 500 { // several parts, several blocks
		insert(t, s, "", all[i:min(i+500, len(all))]...)
	}
	links, cold := 0, 0
	for id, spans := range want {
		got, err := s.Skeleton(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		texts := thinSkeleton(got)
		slices.Sort(texts)
		slices.Sort(spans)
		if got.ID != id || !slices.Equal(texts, spans) {
			t.Fatalf("trace %s: got\n%v\nwant\n%v", id, texts, spans)
		}
		seen := slices.Clone(got.Strings)
		slices.Sort(seen)
		if got.Strings[0] != "" || len(slices.Compact(seen)) != len(got.Strings) {
			t.Fatalf("strings: got %q, want each once and the empty one first", got.Strings)
		}
		links += len(got.Links)
		for _, sp := range got.Spans {
			if sp.ColdStart {
				cold++
			}
		}
	}
	if links == 0 || cold == 0 {
		t.Errorf("the traces have %d links and %d cold starts: too plain for this test", links, cold)
	}

	_, err := s.Skeleton(t.Context(), store.TraceID{0xff, 15: 1})
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.NotFound || err.Error() != "read skeleton: not found: trace ff000000000000000000000000000001" {
		t.Errorf("an unknown trace: got %v", err)
	}

	huge := store.TraceID{0xee, 15: 1}
	if err := s.SQL().Exec(t.Context(), "INSERT INTO trace_summaries (trace_id, day, entries) SELECT unhex('"+huge.String()+"'), today(), [unhex('"+
		hex.EncodeToString(store.TraceEntry(1, 2, 2, 1000001))+"')]"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Skeleton(t.Context(), huge)
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid ||
		err.Error() != "read skeleton: invalid: trace ee000000000000000000000000000001: want at most 1000000 spans, got 1000001" {
		t.Errorf("a trace that is too large: got %v", err)
	}
}

// BenchmarkLargeTrace reads a trace of 20,000 spans whole and as a skeleton.
func BenchmarkLargeTrace(b *testing.B) {
	s := open(b)
	g := newLoadGenerator(1, shopTime)
	batch := store.NewSpanBatch()
	id, rows := store.TraceID{1}, 0
	for rows < 20_000 {
		g.trace(func(sp *store.Span) {
			sp.TraceID = id
			batch.Append(sp)
			rows++
		})
	}
	for batch.Rows() < 200_000 {
		g.trace(batch.Append)
	}
	if err := s.InsertSpans(b.Context(), batch, ""); err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func() error{
		"whole":    func() error { _, err := s.Trace(b.Context(), id); return err },
		"skeleton": func() error { _, err := s.Skeleton(b.Context(), id); return err },
	} {
		b.Run("read="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
