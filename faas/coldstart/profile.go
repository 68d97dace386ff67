package coldstart

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/pprof/profile"

	"weft/faas/contract"
)

// samples is what a hook answers.
type samples struct {
	ID     uint64 `json:"id"`
	Frames []struct {
		Name string `json:"n"`
		File string `json:"f"`
		Line int    `json:"l"`
	} `json:"frames"`
	Stacks []struct {
		Count  int64 `json:"n"`
		CPU    int64 `json:"cpu"` // ns
		Frames []int `json:"f"`   // innermost first
	} `json:"stacks"`
}

func (s *samples) valid() bool {
	for _, stack := range s.Stacks {
		for _, f := range stack.Frames {
			if f < 0 || f >= len(s.Frames) {
				return false
			}
		}
	}
	return true
}

// answered hands an answer to who asked. The function can write to the descriptor too, so that all of it is checked.
func (r *Recorder) answered(line []byte) {
	var s samples
	if json.Unmarshal(line, &s) != nil || !s.valid() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.waiting[s.ID]; c != nil {
		delete(r.waiting, s.ID)
		c <- s
	}
}

// ask puts a question to the hook: a word, and what follows its number.
func (r *Recorder) ask(ctx context.Context, word, rest string) (samples, error) {
	c := make(chan samples, 1)
	r.mu.Lock()
	r.asked++
	id := r.asked
	r.waiting[id] = c
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.waiting, id)
		r.mu.Unlock()
	}()
	// A question is far shorter than the socket's buffer: when it does not fit at once, nobody reads.
	if err := r.ours.SetWriteDeadline(time.Now().Add(settle)); err != nil {
		return samples{}, fmt.Errorf("ask the hook: %w", err)
	}
	if _, err := fmt.Fprintf(r.ours, "%s %d%s\n", word, id, rest); err != nil {
		return samples{}, fmt.Errorf("ask the hook: %w", err)
	}
	select {
	case s := <-c:
		return s, nil
	case <-r.ended:
		return samples{}, fmt.Errorf("ask the hook: the program has ended")
	case <-ctx.Done():
		return samples{}, fmt.Errorf("ask the hook: %w", ctx.Err())
	}
}

// samples reports whether the program samples itself.
func (r *Recorder) samples() bool { return r.ours != nil && r.cfg.Tracing.Profile }

// Profile is where the program spent its CPU between two moments of the last minute, with labels on every sample; nil when there are no
// samples, or the program has no hook. Node answers when its loop turns, and samples from a tenth of a second after its start on. A sample
// is about 10 ms apart from the next.
func (r *Recorder) Profile(ctx context.Context, from, to time.Time, labels map[string]string) (*profile.Profile, error) {
	if !r.samples() {
		return nil, nil
	}
	s, err := r.ask(ctx, "profile", fmt.Sprintf(" %d %d", from.UnixNano(), to.UnixNano()))
	if err != nil || len(s.Stacks) == 0 {
		return nil, err
	}
	p := &profile.Profile{
		SampleType:    []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType:    &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:        int64(10 * time.Millisecond),
		TimeNanos:     from.UnixNano(),
		DurationNanos: int64(to.Sub(from)),
	}
	type key struct{ name, file string }
	functions := make(map[key]*profile.Function)
	for i, f := range s.Frames {
		fn := functions[key{f.Name, f.File}]
		if fn == nil {
			fn = &profile.Function{ID: uint64(len(functions) + 1), Name: f.Name, SystemName: f.Name, Filename: f.File}
			functions[key{f.Name, f.File}] = fn
			p.Function = append(p.Function, fn)
		}
		p.Location = append(p.Location, &profile.Location{ID: uint64(i + 1), Line: []profile.Line{{Function: fn, Line: int64(f.Line)}}})
	}
	marks := make(map[string][]string, len(labels))
	for k, v := range labels {
		marks[k] = []string{v}
	}
	for _, stack := range s.Stacks {
		sample := &profile.Sample{Value: []int64{stack.Count, stack.CPU}, Label: marks}
		for _, f := range stack.Frames {
			sample.Location = append(sample.Location, p.Location[f])
		}
		p.Sample = append(p.Sample, sample)
	}
	if p = p.Compact(); p.CheckValid() != nil {
		return nil, fmt.Errorf("profile of the hook: %w", p.CheckValid())
	}
	return p, nil
}

// LastStack is where the program's main thread is now, innermost frame first; nil when it cannot say. Python says it from a thread of its
// own, also while the main thread is busy. Node only answers when its loop turns, and then runs no code of the function: nil.
func (r *Recorder) LastStack(ctx context.Context) []contract.Frame {
	if r.lang != python || !r.samples() {
		return nil
	}
	s, err := r.ask(ctx, "stack", "")
	if err != nil || len(s.Stacks) == 0 {
		return nil
	}
	var frames []contract.Frame
	for _, i := range s.Stacks[0].Frames {
		f := s.Frames[i]
		frames = append(frames, contract.Frame{Function: f.Name, File: f.File, Line: f.Line})
	}
	return frames
}
