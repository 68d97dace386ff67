package coldstart

import (
	"cmp"
	"slices"
)

// Unexplained names the span of what nothing is known of.
const Unexplained = "unexplained"

// Span is what Explained needs of one: StartNS and EndNS are nanoseconds since 1970.
type Span struct {
	ID, Parent, Name string
	StartNS, EndNS   int64
}

// Explained is the share of of's time, 0 to 1, that leaves below it among spans cover, those named Unexplained aside.
func Explained(of Span, spans []Span) float64 {
	children := make(map[string][]Span)
	for _, s := range spans {
		children[s.Parent] = append(children[s.Parent], s)
	}
	var leaves []Span
	var collect func(id string)
	collect = func(id string) {
		for _, s := range children[id] {
			if len(children[s.ID]) == 0 && s.Name != Unexplained {
				leaves = append(leaves, s)
			}
			collect(s.ID)
		}
	}
	collect(of.ID)
	slices.SortFunc(leaves, func(a, b Span) int { return cmp.Compare(a.StartNS, b.StartNS) })
	at, sum := of.StartNS, int64(0)
	for _, s := range leaves {
		if start, end := max(s.StartNS, at), min(s.EndNS, of.EndNS); end > start {
			sum += end - start
			at = end
		}
	}
	return float64(sum) / float64(of.EndNS-of.StartNS)
}
