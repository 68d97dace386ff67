package store

import (
	"testing"
	"time"
)

// TestRelations checks small trees whose answer is plain: a span is id, parent and the sides that hold on it.
func TestRelations(t *testing.T) {
	a, b, both, none := "a", "b", "ab", ""
	type span struct {
		id, parent uint64
		sides      string
	}
	for name, c := range map[string]struct {
		relation Relation
		spans    []span
		want     bool
	}{
		"grandchild":                  {RelDescendant, []span{{1, 0, a}, {2, 1, none}, {3, 2, b}}, true},
		"grandchild is no child":      {RelChild, []span{{1, 0, a}, {2, 1, none}, {3, 2, b}}, false},
		"broken path":                 {RelDescendant, []span{{1, 0, a}, {3, 2, b}}, false},
		"upwards":                     {RelDescendant, []span{{1, 0, b}, {2, 1, a}}, false},
		"itself":                      {RelDescendant, []span{{1, 0, both}}, false},
		"own parent":                  {RelDescendant, []span{{1, 1, both}}, false},
		"own parent with a child":     {RelChild, []span{{1, 1, a}, {2, 1, b}}, true},
		"a chain of one kind":         {RelDescendant, []span{{1, 0, both}, {2, 1, both}}, true},
		"a ring":                      {RelDescendant, []span{{1, 2, a}, {2, 3, none}, {3, 1, b}}, true},
		"a ring without b":            {RelDescendant, []span{{1, 2, a}, {2, 1, none}}, false},
		"in a ring a span below self": {RelDescendant, []span{{1, 2, both}, {2, 1, none}}, true},
		"id twice, below the second":  {RelDescendant, []span{{1, 0, none}, {2, 0, a}, {2, 1, none}, {3, 2, b}}, true},
		"child":                       {RelChild, []span{{1, 0, a}, {2, 1, b}}, true},
		"a child of a missing parent": {RelChild, []span{{1, 0, a}, {2, 7, b}}, false},
		"siblings":                    {RelSibling, []span{{1, 0, none}, {2, 1, a}, {3, 1, b}}, true},
		"siblings, parent missing":    {RelSibling, []span{{2, 1, a}, {3, 1, b}}, true},
		"two roots are no siblings":   {RelSibling, []span{{2, 0, a}, {3, 0, b}}, false},
		"one span is no sibling":      {RelSibling, []span{{2, 1, both}}, false},
		"id twice is no sibling":      {RelSibling, []span{{2, 1, a}, {2, 1, b}}, false},
		"siblings of both kinds":      {RelSibling, []span{{2, 1, both}, {3, 1, both}}, true},
		"siblings of one kind":        {RelSibling, []span{{2, 1, a}, {3, 1, a}}, false},
		"siblings, the third":         {RelSibling, []span{{2, 1, both}, {2, 1, both}, {3, 1, b}}, true},
		"cousins":                     {RelSibling, []span{{2, 1, a}, {3, 4, b}}, false},
	} {
		var spans []structureSpan
		for _, s := range c.spans {
			spans = append(spans, structureSpan{id: s.id, parent: s.parent, a: s.sides == a || s.sides == both, b: s.sides == b || s.sides == both})
		}
		if got := c.relation.holds(spans); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestRelationsOfDeepTraces has a chain of 200 000 spans whose every span is an A, and a ring: time that grows with the square of the
// depth would not end.
func TestRelationsOfDeepTraces(t *testing.T) {
	const n = 200_000
	for _, ring := range []bool{false, true} {
		spans := make([]structureSpan, n)
		for i := range spans {
			spans[i] = structureSpan{id: uint64(i + 1), parent: uint64(i), a: true}
		}
		if ring {
			spans[0].parent = n
		}
		done := make(chan bool, 1)
		go func() { done <- RelDescendant.holds(spans) }()
		select {
		case got := <-done:
			if got {
				t.Error("found a B where there is none")
			}
		case <-time.After(time.Minute):
			t.Fatal("does not end")
		}
	}
}
