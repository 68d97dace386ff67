package coldstart

import "time"

// Coverage is the share of the time between from and to that steps account for, 0 to 1: leaf counts the steps that hold no
// others and stretches of own code of at least 0.1 ms, all counts whatever is within a step. What all leaves over is
// unexplained.
func Coverage(steps []*Step, from, to time.Time) (leaf, all float64) {
	total := to.Sub(from)
	if total <= 0 {
		return 1, 1
	}
	within := func(s *Step) time.Duration {
		start, end := later(s.Start, from), earlier(s.End, to)
		return max(0, end.Sub(start))
	}
	var leaves func(steps []*Step) time.Duration
	leaves = func(steps []*Step) (d time.Duration) {
		for _, s := range steps {
			if len(s.Steps) == 0 {
				d += within(s)
				continue
			}
			d += leaves(s.Steps)
			last := s.Start
			for _, c := range append(s.Steps[:len(s.Steps):len(s.Steps)], &Step{Start: s.End}) {
				if own := c.Start.Sub(last); own >= stretch {
					d += within(&Step{Start: last, End: c.Start})
				}
				last = c.End
			}
		}
		return d
	}
	var top time.Duration
	for _, s := range steps {
		top += within(s)
	}
	return float64(leaves(steps)) / float64(total), float64(top) / float64(total)
}
