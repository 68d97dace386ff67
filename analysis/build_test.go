package analysis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// build makes a trace of lines "name id parent start duration word…", times in nanoseconds, ids as small numbers, parent 0 for none.
// Words: a kind; error, ok, unset, follows, cold; service=, peer=, category=, type=, statement=. A blank in a name is written as _.
func build(lines ...string) *Trace {
	b := newBuilder()
	for _, line := range lines {
		fields := strings.Fields(line)
		var n [4]int64
		for i := range n {
			n[i] = number(fields[i+1])
		}
		s := Span{ID: uint64(n[0]), Parent: uint64(n[1]), StartNS: n[2], DurationNS: n[3], Service: b.text("svc"), Kind: KindInternal}
		s.Name = b.text(strings.ReplaceAll(fields[0], "_", " "))
		for _, word := range fields[5:] {
			b.set(&s, word)
		}
		b.Spans = append(b.Spans, s)
	}
	return b.Trace
}

type builder struct {
	*Trace
	index map[string]uint32
}

func newBuilder() *builder {
	b := &builder{&Trace{}, map[string]uint32{}}
	b.text("")
	return b
}

func (b *builder) text(s string) uint32 {
	i, ok := b.index[s]
	if !ok {
		i = uint32(len(b.Strings))
		b.index[s], b.Strings = i, append(b.Strings, s)
	}
	return i
}

func (b *builder) set(s *Span, word string) {
	kinds := []string{"unspecified", "internal", "server", "client", "producer", "consumer"}
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "error":
		s.Failed = true
	case "ok": // what a span is without a word on it
	case "unset":
		s.Unset = true
	case "follows":
		s.Follows = true
	case "cold":
		s.ColdStart = true
	case "service":
		s.Service = b.text(value)
	case "peer":
		s.Peer = b.text(value)
	case "category":
		s.Category = b.text(value)
	case "type":
		s.ErrorType = b.text(value)
	case "statement":
		s.Statement = uint64(number(value))
	default:
		i := slices.Index(kinds, word)
		if i < 0 {
			panic(word)
		}
		s.Kind = Kind(i)
	}
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// random makes n spans of any arrangement: orphans, rings, self-parents, duplicates, two roots, clocks hours apart.
func random(r *rand.Rand, n int) *Trace {
	b := newBuilder()
	for i := range 4 {
		b.text(fmt.Sprint("service-", i))
	}
	for i := range 5 {
		b.text(fmt.Sprint("name-", i))
	}
	b.text("ColdStart")
	db := b.text("db")
	clocks := []int64{0, 0, int64(3600e9), -7 * int64(3600e9)}
	for len(b.Spans) < n {
		id := 1 + r.Uint64N(uint64(n))
		s := Span{ID: id, Parent: r.Uint64N(id + 1), StartNS: r.Int64N(1000), DurationNS: r.Int64N(400), Statement: r.Uint64N(3),
			Service: 1 + r.Uint32N(4), Name: 5 + r.Uint32N(6), Kind: Kind(r.IntN(6)), Failed: r.IntN(4) == 0, Unset: r.IntN(2) == 0, ColdStart: r.IntN(9) == 0, Follows: r.IntN(15) == 0}
		if r.IntN(10) == 0 {
			s.Parent = r.Uint64N(uint64(n) + 3) // rings, self-parents, orphans
		}
		if r.IntN(3) == 0 {
			s.Category = db
		}
		s.StartNS += clocks[int(s.Service)%len(clocks)]
		if r.IntN(30) == 0 {
			s.DurationNS = 0
		}
		b.Spans = append(b.Spans, s)
		if r.IntN(20) == 0 {
			b.Spans = append(b.Spans, s)
		}
	}
	return b.Trace
}

// chain is n spans, each the child of the one before.
func chain(n int) *Trace {
	b := newBuilder()
	service, name := b.text("svc"), b.text("step")
	for i := range n {
		b.Spans = append(b.Spans, Span{ID: uint64(i + 1), Parent: uint64(i), StartNS: int64(i), DurationNS: int64(2 * (n - i)), Service: service, Name: name, Kind: KindInternal})
	}
	return b.Trace
}

// wide is a request of n spans as services make them: a tree of four children each, a fifth of them calls of a database.
func wide(n int) *Trace {
	b := newBuilder()
	db := b.text("db")
	for i := range n {
		s := Span{ID: uint64(i + 1), Parent: uint64(i+3) / 4, StartNS: int64(i) * 1000, DurationNS: int64(n-i) * 900,
			Service: b.text(fmt.Sprint("service-", i%20)), Name: b.text(fmt.Sprint("operation ", i%50)), Kind: Kind(1 + i%3)}
		if i%5 == 4 {
			s.Kind, s.Category, s.Statement = KindClient, db, uint64(i%7)
		}
		s.Failed = i%97 == 96
		b.Spans = append(b.Spans, s)
	}
	return b.Trace
}
