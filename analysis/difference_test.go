package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Fisher's own example, of the lady who tasted tea: 3 of 4 right has a probability of 17/70 one-sided, 4 of 4 one of 1/70.
func TestFisherExact(t *testing.T) {
	near := func(got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12*max(1, want) {
			t.Errorf("got %g, want %g", got, want)
		}
	}
	f := newFisher(4, 4)
	near(f.p(3, 4), 2*17.0/70)
	near(f.p(1, 4), 2*17.0/70)
	near(f.p(4, 4), 2*1.0/70)
	near(f.p(0, 4), 2*1.0/70)
	near(f.p(2, 4), 1)
	near(f.leastP(4), 2*1.0/70)
	near(f.leastP(0), 1)
	near(f.leastP(8), 1)
	// 3 selected of 103, all of the 3 items with the value among them: 1 in C(103, 3).
	near(newFisher(3, 100).p(3, 3), 2.0/176851)
}

// The tail sum agrees with adding up every term.
func TestFisherTails(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 500 {
		f := newFisher(1+rng.IntN(60), 1+rng.IntN(60))
		having := rng.IntN(f.selected + f.baseline + 1)
		low, high := max(0, having-f.baseline), min(having, f.selected)
		k := low + rng.IntN(high-low+1)
		var upper, lower float64
		for i := low; i <= high; i++ {
			if i >= k {
				upper += f.probability(i, having)
			}
			if i <= k {
				lower += f.probability(i, having)
			}
		}
		tail := lower
		if k*(f.selected+f.baseline) >= having*f.selected {
			tail = upper
		}
		if got, want := f.p(k, having), min(1, 2*tail); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%d of %d, %d and %d items: got %g, want %g", k, having, f.selected, f.baseline, got, want)
		}
		if least := f.leastP(having); f.p(k, having) < least*(1-1e-9) {
			t.Fatalf("%d of %d: p %g is below the least, %g", k, having, f.p(k, having), least)
		}
	}
}

// sideCounts gives every item of both sides its values and counts them. Item i has value v when has(i, v, selected).
func sideCounts(values, selected, baseline int, has func(value int, selected bool) bool) []Count {
	counts := make([]Count, values)
	for v := range counts {
		for range selected {
			if has(v, true) {
				counts[v].Selected++
			}
		}
		for range baseline {
			if has(v, false) {
				counts[v].Baseline++
			}
		}
	}
	return counts
}

// Without a difference, at most one answer in 20 names anything at alpha 5 %: common and rare values, and identifiers.
func TestNoDifferenceNothingSignificant(t *testing.T) {
	const runs, alpha = 400, 0.05
	for _, sides := range [][2]int{{20, 200}, {300, 300}, {50, 1000}} {
		t.Run(fmt.Sprintf("selected=%d,baseline=%d", sides[0], sides[1]), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			share := make([]float64, 80)
			for v := range share {
				share[v] = math.Pow(rng.Float64(), 3)
			}
			named := 0
			for range runs {
				counts := sideCounts(len(share), sides[0], sides[1], func(v int, _ bool) bool { return rng.Float64() < share[v] })
				for i := range sides[0] + sides[1] { // an identifier for every item
					counts = append(counts, Count{1, 0})
					if i >= sides[0] {
						counts[len(counts)-1] = Count{0, 1}
					}
				}
				if len(WhatDiffers(counts, sides[0], sides[1], alpha)) > 0 {
					named++
				}
			}
			// The number is binomial: three standard deviations of room.
			if most := alpha*runs + 3*math.Sqrt(alpha*(1-alpha)*runs); float64(named) > most {
				t.Errorf("%d of %d answers name a difference, want at most %g", named, runs, most)
			}
		})
	}
}

// A planted difference is found and ranked first, among noise, weaker differences and a thousand identifiers.
func TestPlantedDifferenceIsFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for run := range 200 {
		selected, baseline := 30+rng.IntN(300), 100+rng.IntN(1000)
		share := make([]float64, 100)
		for v := range share {
			share[v] = rng.Float64()
		}
		planted := rng.IntN(len(share))
		strong := 0.7 + 0.3*rng.Float64() // of the selection, against 5 % of the baseline
		counts := sideCounts(len(share), selected, baseline, func(v int, sel bool) bool {
			switch {
			case v != planted:
				return rng.Float64() < share[v]
			case sel:
				return rng.Float64() < strong
			}
			return rng.Float64() < 0.05
		})
		weaker := len(counts)
		counts = append(counts, Count{selected / 3, 0})
		for range 1000 {
			counts = append(counts, Count{1, 0})
		}
		found := WhatDiffers(counts, selected, baseline, 0.01)
		if len(found) == 0 || found[0].Index != planted {
			t.Fatalf("run %d: found %+v, want %d first", run, found, planted)
		}
		if found[0].SelectedShare < 0.4 || found[0].Adjusted > 0.01 || found[0].Lift < 3 {
			t.Errorf("run %d: got %+v", run, found[0])
		}
		for _, d := range found[1:] {
			if d.Index > weaker {
				t.Errorf("run %d: an identifier is significant: %+v", run, d)
			}
			if d.Index == weaker && !math.IsInf(d.Lift, 1) {
				t.Errorf("run %d: lift without a baseline: got %g", run, d.Lift)
			}
		}
	}
}

// The order of the input does not matter, nor do values that cannot be significant.
func TestWhatDiffersProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		selected, baseline := 1+rng.IntN(40), 1+rng.IntN(40)
		counts := make([]Count, 30)
		for i := range counts {
			counts[i] = Count{rng.IntN(selected + 1), rng.IntN(baseline + 1)}
		}
		a := WhatDiffers(counts, selected, baseline, 0.05)
		for _, d := range a {
			if d.P > d.Adjusted || d.Adjusted > 0.05 {
				t.Fatalf("probabilities: %+v", d)
			}
		}
		constant := append(counts, Count{}, Count{selected, baseline})
		if b := WhatDiffers(constant, selected, baseline, 0.05); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("values that all or none have change the answer:\n%v\n%v", a, b)
		}
		swapped := make([]Count, len(counts))
		for i, c := range counts {
			swapped[i] = Count{c.Baseline, c.Selected}
		}
		if b := WhatDiffers(swapped, baseline, selected, 0.05); len(b) != len(a) {
			t.Fatalf("sides exchanged: %d differences, want %d", len(b), len(a))
		}
	}
	if got := WhatDiffers([]Count{{3, 0}}, 3, 0, 0.05); got != nil {
		t.Errorf("without a baseline: got %v", got)
	}
}

// What the selection lacks comes after what it has, though it differs more.
func TestAbsencesComeLast(t *testing.T) {
	found := WhatDiffers([]Count{{0, 300}, {60, 3}, {10, 300}, {90, 3}}, 100, 300, 0.01)
	var order []int
	for _, f := range found {
		order = append(order, f.Index)
	}
	if !slices.Equal(order, []int{3, 1, 0, 2}) {
		t.Errorf("got %v, want [3 1 0 2]", order)
	}
}
