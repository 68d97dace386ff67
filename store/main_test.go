package store_test

import (
	"context"
	"testing"
	"time"

	"weft/store"
	"weft/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// open returns a Store on a database of the test's own.
func open(t testing.TB) *store.Store {
	t.Helper()
	return openDSN(t, storetest.DSN(t), store.Retention{})
}

func openDSN(t testing.TB, dsn string, r store.Retention) *store.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, store.Config{DSN: dsn, Retention: r})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// insert writes spans as one batch.
func insert(t testing.TB, s *store.Store, token string, spans ...store.Span) {
	t.Helper()
	b := store.NewSpanBatch()
	for i := range spans {
		b.Append(&spans[i])
	}
	if err := s.InsertSpans(t.Context(), b, token); err != nil {
		t.Fatal(err)
	}
}
