package faas

import "weft/faas/contract"

// crashed reads in what the program has printed where it died. All that it ran have that in common; a span of it has only who ran alone.
func (r *run) crashed(in *instance) {
	text := in.output.Crash()
	stack := contract.ParseCrash(text)
	if len(stack) == 0 || len(r.outcome.Error.Stack) > 0 {
		return
	}
	failure := *r.outcome.Error // which others have, too
	failure.Stack = stack
	r.outcome.Error, r.printed = &failure, text
	if r.target.fn.Concurrency <= 1 {
		r.stack = stack
	}
}
