package analysis

import (
	"cmp"
	"math"
	"slices"
)

// Count says of one value how many items of each side have it.
type Count struct{ Selected, Baseline int }

// Finding is what WhatDiffers found out about one Count.
type Finding struct {
	// Index is the place of its Count in the input.
	Index int
	// SelectedShare is the coverage: the part of the selection that has the value. BaselineShare is the same of the baseline.
	SelectedShare, BaselineShare float64
	// Lift is SelectedShare / BaselineShare; +Inf when no item of the baseline has the value.
	Lift float64
	// P is the probability of a split at least as uneven by chance. Adjusted is P corrected for the number of comparisons.
	P, Adjusted float64
}

// WhatDiffers tests for every value whether it is more or less frequent in a selection of selected items than in a baseline of so
// many, and returns those with an adjusted probability of at most alpha. What is more frequent in the selection comes before what is less:
// a trace that fails early lacks all that would have followed, which is true of each such value and explains nothing. Of either the one
// whose shares differ most comes first, for it tells the sides apart best: a value of 90 % against 5 % stands before one of 10 % against
// 0 %, however great the latter's lift. Equal differences are ordered by probability, then by Index.
//
// The test is Fisher's exact one on the table of two by two, two-sided by doubling the smaller tail, so it holds for the smallest counts.
// The correction is Bonferroni's as Tarone modified it for discrete data (A modified Bonferroni method for discrete data,
// Biometrics 46, 1990): values so rare that even the most uneven split could not be significant do not count as
// comparisons, and thus a thousand identifiers neither appear nor hide what does differ. Where nothing differs, the
// probability that anything is returned is at most alpha, whatever depends on what.
func WhatDiffers(counts []Count, selected, baseline int, alpha float64) []Finding {
	if selected <= 0 || baseline <= 0 {
		return nil
	}
	f := newFisher(selected, baseline)
	least := make([]float64, len(counts))
	for i, c := range counts {
		least[i] = f.leastP(c.Selected + c.Baseline)
	}
	factor := comparisons(least, alpha)
	var found []Finding
	for i, c := range counts {
		if least[i]*factor > alpha {
			continue
		}
		p := f.p(c.Selected, c.Selected+c.Baseline)
		if p*factor > alpha {
			continue
		}
		d := Finding{Index: i, P: p, Adjusted: p * factor,
			SelectedShare: float64(c.Selected) / float64(selected), BaselineShare: float64(c.Baseline) / float64(baseline)}
		d.Lift = math.Inf(1)
		if c.Baseline > 0 {
			d.Lift = d.SelectedShare / d.BaselineShare
		}
		found = append(found, d)
	}
	slices.SortFunc(found, func(a, b Finding) int {
		x, y := a.SelectedShare-a.BaselineShare, b.SelectedShare-b.BaselineShare
		return cmp.Or(cmp.Compare(math.Copysign(1, y), math.Copysign(1, x)), cmp.Compare(math.Abs(y), math.Abs(x)), cmp.Compare(a.P, b.P),
			cmp.Compare(a.Index, b.Index))
	})
	return found
}

// comparisons is Tarone's factor: the least k such that at most k of the values can reach alpha/k.
func comparisons(least []float64, alpha float64) float64 {
	sorted := slices.Sorted(slices.Values(least))
	reach := len(sorted)
	for k := 1; k <= len(sorted); k++ {
		for reach > 0 && sorted[reach-1]*float64(k) > alpha {
			reach--
		}
		if reach <= k {
			return float64(k)
		}
	}
	return 1
}

// fisher is the exact test for two sides of fixed size.
type fisher struct {
	selected, baseline int
	logFactorial       []float64
}

func newFisher(selected, baseline int) *fisher {
	f := &fisher{selected: selected, baseline: baseline, logFactorial: make([]float64, selected+baseline+1)}
	for i := 2; i < len(f.logFactorial); i++ {
		f.logFactorial[i] = f.logFactorial[i-1] + math.Log(float64(i))
	}
	return f
}

func (f *fisher) logChoose(n, k int) float64 {
	return f.logFactorial[n] - f.logFactorial[k] - f.logFactorial[n-k]
}

// probability is that of exactly k among the selected when having items of both sides have the value.
func (f *fisher) probability(k, having int) float64 {
	return math.Exp(f.logChoose(f.selected, k) + f.logChoose(f.baseline, having-k) - f.logChoose(f.selected+f.baseline, having))
}

// leastP is the least value that p can have for the given number of items with the value.
func (f *fisher) leastP(having int) float64 {
	low, high := max(0, having-f.baseline), min(having, f.selected)
	return min(1, 2*min(f.probability(low, having), f.probability(high, having)))
}

// p is the two-sided probability of k among the selected. It sums the tail on the side where k is, away from the centre, until nothing
// is added any more.
func (f *fisher) p(k, having int) float64 {
	low, high := max(0, having-f.baseline), min(having, f.selected)
	term := f.probability(k, having)
	sum := term
	if float64(k)*float64(f.selected+f.baseline) >= float64(having)*float64(f.selected) {
		for ; k < high && term > sum*1e-17; k++ {
			term *= float64(f.selected-k) / float64(k+1) * float64(having-k) / float64(f.baseline-having+k+1)
			sum += term
		}
	} else {
		for ; k > low && term > sum*1e-17; k-- {
			term *= float64(k) / float64(f.selected-k+1) * float64(f.baseline-having+k) / float64(having-k+1)
			sum += term
		}
	}
	return min(1, 2*sum)
}
