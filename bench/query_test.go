package main

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func TestSendingIsTheSameEveryTime(t *testing.T) {
	load, _, err := makeLoad(1)
	if err != nil {
		t.Fatal(err)
	}
	s := &sending{spans: 5000, load: load, seed: 7, timeNS: func(i int) int64 { return int64(i) }}
	n := s.requests()
	if got := s.before(n); got < 5000 || s.before(n-1) >= 5000 {
		t.Errorf("%d requests have %d spans, want the fewest with 5000", n, got)
	}
	if !bytes.Equal(s.request(3, nil), s.request(3, nil)) || bytes.Equal(s.request(3, nil), s.request(4, nil)) {
		t.Error("a request is not the same twice, or two requests are")
	}
	// The load comes round: the same templates, but new ids.
	first, err := firstTrace(s.request(0, nil))
	if err != nil {
		t.Fatal(err)
	}
	again, err := firstTrace(s.request(len(load), nil))
	if err != nil {
		t.Fatal(err)
	}
	if first == again {
		t.Error("the second round has the ids of the first")
	}
}

func TestBigTraceIsOneTrace(t *testing.T) {
	state := &dataState{Seed: 1}
	big, err := state.big(1)
	if err != nil {
		t.Fatal(err)
	}
	ids, spans := map[string]bool{}, 0
	for i := range big.requests() {
		td, err := decode(big.request(i, nil))
		if err != nil {
			t.Fatal(err)
		}
		spans += td.SpanCount()
		for _, rs := range td.ResourceSpans().All() {
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				ids[s.TraceID().String()] = true
			}
		}
	}
	if len(ids) != 1 || spans != bigTrace {
		t.Errorf("%d spans in %d traces, want %d in 1", spans, len(ids), bigTrace)
	}
}

func TestCopiedValue(t *testing.T) {
	for _, c := range []struct{ name, kind, want string }{
		{"start_time", "DateTime64(9, 'UTC')", "subtractSeconds(`start_time`, {shift})"},
		{"events.time", "Array(DateTime64(9, 'UTC'))", "arrayMap(x -> subtractSeconds(x, {shift}), `events.time`)"},
		{"day", "Date", "subtractDays(`day`, {shift})"},
		{"trace_id", "FixedString(16)", "bitXor(`trace_id`, toFixedString(unhex(repeat('{byte}', 16)), 16))"},
		{"parent_span_id", "UInt64", "if((`parent_span_id`) = 0, 0, bitXor(`parent_span_id`, reinterpretAsUInt64(unhex(repeat('{byte}', 8)))))"},
		{"ParentSpanId", "String", "if(empty(`ParentSpanId`), '', lower(hex(bitXor(toFixedString(unhex(`ParentSpanId`), 8), toFixedString(unhex(repeat('{byte}', 8)), 8)))))"},
		{"duration_ns", "Int64", "`duration_ns`"},
		{"resource_hash", "UInt64", "`resource_hash`"},
		{"updated_at", "SimpleAggregateFunction(max, DateTime64(3, 'UTC'))", "subtractSeconds(`updated_at`, {shift})"},
		{"calls", "SimpleAggregateFunction(sum, Int64)", "`calls`"},
	} {
		if got, _ := copiedValue(c.name, c.kind); got != c.want {
			t.Errorf("copiedValue(%s, %s):\n got %s\nwant %s", c.name, c.kind, got, c.want)
		}
	}
	if got := hex.EncodeToString(copied([]byte{0x00, 0xff, 0x12}, 3)); got != "03fc11" {
		t.Errorf("copied: got %s, want 03fc11", got)
	}
}

func TestGrowth(t *testing.T) {
	r := result{CollectorResident: []int64{1, 2, 10, 12, 12, 11, 15, 14}}
	if got := r.growth(); got != 15-12 {
		t.Errorf("growth: got %v, want 3", got)
	}
	if got := (result{CollectorResident: []int64{1, 2, 3}}).growth(); got != 0 {
		t.Errorf("growth of a run too short to tell: got %v, want 0", got)
	}
}
