package web

import (
	"bytes"
	"fmt"
	"github.com/klauspost/compress/gzip"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"weft/semconv"
	"weft/store"
)

// What is part of a cold start, what was killed, and which module a span is the loading of.
func TestCompactColdStart(t *testing.T) {
	tr := spans("run 1 0 10 2", "ColdStart 2 1 10 1", "RuntimeInitialization 3 2 11 1", "require 4 3 12 1", "Invocation 5 1 20 1")
	tr.Spans[3].Attributes = store.Attributes{{Key: semconv.ModuleName, Value: store.StringValue("express")}}
	tr.Spans[4].Attributes = store.Attributes{{Key: semconv.KilledBy, Value: store.StringValue("timeout")}}
	c := newCompactTrace(tr)
	if got, want := fmt.Sprint(c.Spans.Flags, c.Spans.Module, c.Modules), "[0 16 16 16 128] [-1 -1 -1 0 -1] [express]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCompactEvents(t *testing.T) {
	tr := spans("root 1 0 10 2", "child 2 1 20 1")
	tr.Spans[0].Events = []store.Event{{TimeNS: 19, Name: "late"}, {TimeNS: 5, Name: "exception"}, {TimeNS: 19, Name: "exception"}}
	tr.Spans[1].Events = []store.Event{{TimeNS: 21, Name: "late"}}
	e := newCompactTrace(tr).Events
	if got, want := fmt.Sprint(e), "{[0 0 0 1] [-5 9 9 1] [0 1 0 1] [exception late] 0}"; got != want {
		// Events of one time stay in the order in which they came.
		if got != strings.Replace(want, "[0 1 0 1] [exception late]", "[1 0 1 0] [late exception]", 1) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	// Of too many only the exceptions are left.
	for range maxCompactEvents {
		tr.Spans[1].Events = append(tr.Spans[1].Events, store.Event{TimeNS: 22, Name: "tick"})
	}
	e = newCompactTrace(tr).Events
	if got, want := fmt.Sprint(e), fmt.Sprintf("{[0 0] [-5 9] [0 0] [exception] %d}", maxCompactEvents+2); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCompactLinks(t *testing.T) {
	tr := spans("root 1 0 10 2", "child 2 1 20 1")
	other := store.TraceID{9}
	typed := func(span uint64, typ string) store.Link {
		return store.Link{TraceID: other, SpanID: store.SpanIDFromUint64(span), Attributes: store.Attributes{{Key: semconv.LinkType, Value: store.StringValue(typ)}}}
	}
	tr.Spans[1].Links = []store.Link{{TraceID: tr.ID, SpanID: store.SpanIDFromUint64(1)}, typed(7, semconv.LinkConflicting), typed(6, semconv.LinkInstance)}
	c := newCompactTrace(tr)
	by := store.LinkedBy{TraceID: other, SpanID: store.SpanIDFromUint64(8), Service: "mail", Name: "process orders", Linked: store.SpanIDFromUint64(1)}
	own, gone := by, by
	own.TraceID, gone.Linked = tr.ID, store.SpanIDFromUint64(99)
	c.addLinkedFrom([]store.LinkedBy{own, by, gone}, true)
	want := []compactLink{
		{Row: 1, TraceID: other.String(), SpanID: "0000000000000007", Type: semconv.LinkConflicting},
		{Row: 0, From: true, TraceID: other.String(), SpanID: "0000000000000008", Service: "mail", Name: "process orders"},
	}
	if !reflect.DeepEqual(c.Links, want) || c.LinksTruncated != 1 {
		t.Errorf("got %+v and %d more, want %+v and 1", c.Links, c.LinksTruncated, want)
	}
	for range maxCompactLinks + 5 {
		tr.Spans[1].Links = append(tr.Spans[1].Links, store.Link{TraceID: other})
	}
	if c = newCompactTrace(tr); len(c.Links) != maxCompactLinks || c.LinksTruncated != 6 {
		t.Errorf("got %d links and %d more, want %d and 6", len(c.Links), c.LinksTruncated, maxCompactLinks)
	}
}

// scatter makes an id out of another that looks like a random one; zero stays.
func scatter(id store.SpanID) store.SpanID {
	return store.SpanIDFromUint64(id.Uint64() * 0x9e3779b97f4a7c15)
}

// A large trace must stay quick to load: 100,000 spans with ids, times and events that nothing compresses.
func TestCompactSize(t *testing.T) {
	const n, most = 100_000, 2 << 20
	r := rand.New(rand.NewPCG(1, 2))
	tr := wideTrace(n)
	for i := range tr.Spans {
		sp := &tr.Spans[i]
		sp.SpanID, sp.ParentSpanID = scatter(sp.SpanID), scatter(sp.ParentSpanID)
		sp.StartNS += r.Int64N(1000)
		sp.DurationNS = r.Int64N(1e6)
		sp.Events = nil
		if i%10 == 0 {
			sp.Events = []store.Event{{TimeNS: sp.StartNS + r.Int64N(1e6), Name: "retry"}}
		}
	}
	body, err := marshalJSON(newCompactTrace(tr))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, 1) // as the server does
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d packed", len(body), packed.Len())
	if packed.Len() > most {
		t.Errorf("got %d bytes packed, want at most %d", packed.Len(), most)
	}
}
