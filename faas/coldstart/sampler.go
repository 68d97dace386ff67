package coldstart

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/google/pprof/profile"
)

// SpanLabel is the pprof label by which a Sampler knows whose a sample is. Whoever runs a function in this process sets it on
// the goroutine: pprof.Do(ctx, pprof.Labels(SpanLabel, id), …); goroutines that the function starts inherit it.
const SpanLabel = "span_id"

// Slices of a Sampler. Stopping a CPU profile takes up to 0.2 s, because its reader sleeps 0.1 s between looks.
const (
	sliceLength = 10 * time.Second
	slicesKept  = 3 // 30 s, besides the one under way
)

// A Sampler samples the CPU of the process that it is in, all the time, for functions that run inside it, and gives out the samples of
// one span. While the host program takes a CPU profile of its own there are no samples: a process has one.
type Sampler struct {
	asks chan ask
	done chan struct{}
}

type ask struct {
	span     string
	from, to time.Time
	answer   chan *profile.Profile
}

type slice struct {
	from, to time.Time
	profile  *profile.Profile
}

// NewSampler starts sampling. It ends with ctx; Wait waits for that.
func NewSampler(ctx context.Context) *Sampler {
	s := &Sampler{asks: make(chan ask), done: make(chan struct{})}
	go s.run(ctx)
	return s
}

// Wait waits until the CPU profiler is free again, after the Sampler's ctx has ended.
func (s *Sampler) Wait() { <-s.done }

// Take returns the samples between from and to whose label SpanLabel is span; the profile has no samples when the span took
// less than about 10 ms of CPU. It ends the slice under way, which takes up to 0.2 s. Take is for spans of the last 30 s.
func (s *Sampler) Take(ctx context.Context, span string, from, to time.Time) (*profile.Profile, error) {
	a := ask{span, from, to, make(chan *profile.Profile, 1)}
	select {
	case s.asks <- a:
	case <-s.done:
		return nil, ErrNoProfile
	case <-ctx.Done():
		return nil, fmt.Errorf("take a CPU profile: %w", ctx.Err())
	}
	select {
	case p := <-a.answer:
		if p == nil {
			return nil, ErrNoProfile
		}
		return p, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("take a CPU profile: %w", ctx.Err())
	}
}

func (s *Sampler) run(ctx context.Context) {
	defer close(s.done)
	var kept []slice
	for ctx.Err() == nil {
		next, asked := s.slice(ctx)
		if next.profile != nil {
			kept = append(kept, next)
			kept = kept[max(0, len(kept)-slicesKept-1):]
		}
		for _, a := range asked {
			a.answer <- split(kept, a)
		}
	}
}

// slice profiles until it is long enough, or somebody asks. Those who asked while it ended are answered together.
func (s *Sampler) slice(ctx context.Context) (slice, []ask) {
	var out bytes.Buffer
	began := time.Now()
	err := pprof.StartCPUProfile(&out)
	var asked []ask
	timer := time.NewTimer(sliceLength)
	defer timer.Stop()
	select {
	case a := <-s.asks:
		asked = append(asked, a)
	case <-timer.C:
	case <-ctx.Done():
	}
	if err != nil {
		return slice{}, asked // the host program profiles
	}
	pprof.StopCPUProfile()
	for more := true; more; {
		select {
		case a := <-s.asks:
			// Its span may have run on after the slice's end, for less than it took to end it.
			asked = append(asked, a)
		default:
			more = false
		}
	}
	p, err := profile.Parse(&out)
	if err != nil {
		return slice{}, asked
	}
	return slice{began, time.Now(), p}, asked
}

// split merges the samples that a is about. Nil: there is no slice of that time.
func split(kept []slice, a ask) *profile.Profile {
	var parts []*profile.Profile
	for _, k := range kept {
		if k.to.Before(a.from) || k.from.After(a.to) {
			continue
		}
		p := k.profile.Copy()
		p.Sample = slices.DeleteFunc(p.Sample, func(s *profile.Sample) bool { return !s.HasLabel(SpanLabel, a.span) })
		parts = append(parts, p.Compact())
	}
	if len(parts) == 0 {
		return nil
	}
	merged, err := profile.Merge(parts)
	if err != nil {
		return nil // not of one kind, which those of one process are
	}
	return merged
}
