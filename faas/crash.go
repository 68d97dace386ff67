package faas

import "weft/faas/contract"

// crashed reads in what the program has printed where it died. All that it ran have that in common; a span of it has only who ran alone.
func (r *run) crashed(in *instance) {
	failure, text := diedAt(r.outcome.Error, in.output.Crash())
	if text == "" {
		return
	}
	r.outcome.Error, r.printed = failure, text
	if r.target.fn.Concurrency <= 1 {
		r.stack = failure.Stack
	}
}

// crashed reads in what the program has printed where it died before it was ready.
func (st *startup) crashed(printed string) {
	if failure, text := diedAt(st.err, printed); text != "" {
		st.err, st.printed = failure, text
	}
}

// diedAt is failure with the stack in what the program has printed last, and that text; it is empty when there is none, or failure has one
// already.
func diedAt(failure *contract.Error, printed string) (*contract.Error, string) {
	stack := contract.ParseCrash(printed)
	if len(stack) == 0 || len(failure.Stack) > 0 {
		return failure, ""
	}
	with := *failure // which others have, too
	with.Stack = stack
	return &with, printed
}
