package logs

import (
	"fmt"
	"strings"
	"testing"
)

// A report is held until its invocation ends, and is dropped only for that failure.
func TestReports(t *testing.T) {
	printed := func(n int) string { return fmt.Sprintf("[ERROR] ValueError: no %d\n", n) }
	for name, c := range map[string]struct {
		do   func(in *Instance, out *Stream)
		want string // the bodies, by comma
	}{
		"the invocation does not fail": {func(_ *Instance, out *Stream) { fmt.Fprint(out, printed(1)) }, "ValueError: no 1"},
		"it fails with that": {func(in *Instance, out *Stream) {
			fmt.Fprint(out, printed(1))
			in.Failed(idA, Failure{"ValueError", "no 1"})
		}, ""},
		"it fails with something else": {func(in *Instance, out *Stream) {
			fmt.Fprint(out, printed(1))
			in.Failed(idA, Failure{"ValueError", "no 2"})
		}, "ValueError: no 1"},
		"a failure of another type": {func(in *Instance, out *Stream) {
			fmt.Fprint(out, printed(1))
			in.Failed(idA, Failure{"KeyError", "no 1"})
		}, "ValueError: no 1"},
		"an unknown invocation": {func(in *Instance, out *Stream) {
			fmt.Fprint(out, printed(1))
			in.Failed(idB, Failure{"ValueError", "no 1"})
		}, "ValueError: no 1"},
		"the answer is quicker than the text": {func(in *Instance, out *Stream) {
			in.Failed(idA, Failure{"ValueError", "no 1"})
			in.End(idA)
			fmt.Fprint(out, printed(1))
		}, ""},
		"once": {func(in *Instance, out *Stream) {
			in.Failed(idA, Failure{"ValueError", "no 1"})
			in.End(idA)
			fmt.Fprint(out, printed(1))
			in.Flush()
			fmt.Fprint(out, printed(1))
		}, "ValueError: no 1"},
		"the program has died before": {func(in *Instance, out *Stream) {
			fmt.Fprint(out, printed(1))
			in.Close()
			in.Failed(idA, Failure{"ValueError", "no 1"})
		}, ""},
		"several at once, none says whose": {func(in *Instance, out *Stream) {
			in.Begin(idB, span(2))
			for n := range 3 {
				fmt.Fprint(out, printed(n+1))
				in.Flush()
			}
			in.Failed(idB, Failure{"ValueError", "no 2"})
			in.End(idB)
			in.Failed(idA, Failure{"ValueError", "no 1"})
		}, "ValueError: no 3"},
		"a logger's record of it is the handler's own": {func(in *Instance, out *Stream) {
			fmt.Fprintln(out, `{"level":"ERROR","message":"no luck","errorType":"ValueError","errorMessage":"no 1"}`)
			in.Failed(idA, Failure{"ValueError", "no 1"})
		}, "no luck"},
		"too many": {func(in *Instance, out *Stream) {
			for n := range maxHeld + 1 {
				fmt.Fprint(out, printed(n))
				in.Flush()
			}
		}, strings.TrimPrefix(func() (all string) {
			for n := range maxHeld + 1 {
				all += fmt.Sprintf(",ValueError: no %d", n)
			}
			return all
		}(), ",")},
	} {
		s := newSink(Config{})
		in := s.Instance("i-1", span(9))
		out := in.Stream(Stderr)
		in.Begin(idA, span(1))
		c.do(in, out)
		in.End(idA)
		in.Close()
		s.Close()
		var got []string
		for _, r := range s.got {
			got = append(got, r.Body.AsString())
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: got records %q, want %q", name, got, c.want)
		}
	}
}
