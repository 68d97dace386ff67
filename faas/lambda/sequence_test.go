package lambda

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"weft/faas/contract"
)

// sequences are what a program and the runtime do in turn, and what each gets. A line is a step, "-> " and what comes of it:
//
//	invoke a      the runtime invokes a, and does not wait
//	cancel a      the caller of a goes away
//	next          the program polls, and waits
//	poll, polled  the program polls and does not wait; what came of it
//	drop          the program hangs up its poll
//	response a x  the program answers a with x
//	open a x      the program begins to answer a with x; close ends that answer
//	error a T     the program reports an error of type T
//	init T        the program reports that its start failed
//	outcome a     what the caller of a got
//	free a        whether the program is ready for another in a's place
//	ready         what Ready returns
//	exit T        the program has ended
//
// Statuses and error types are those of the vendor's emulator.
var sequences = map[string]string{
	"one invocation": `
		poll
		invoke a
		polled -> 200 a
		response a x -> 202
		outcome a -> x`,
	"invoked before the poll": `
		invoke a
		next -> 200 a
		response a x -> 202
		outcome a -> x`,
	"two in turn": `
		invoke a
		next -> 200 a
		response a x -> 202
		outcome a -> x
		invoke b
		next -> 200 b
		response b y -> 202
		outcome b -> y`,
	"ready with the first poll": `
		poll
		ready -> ok`,
	"free with the next poll": `
		invoke a
		next -> 200 a
		free a -> no
		response a x -> 202
		outcome a -> x
		free a -> no
		poll
		free a -> yes`,
	"an error": `
		invoke a
		next -> 200 a
		error a ValueError -> 202
		outcome a -> error ValueError
		free a -> no
		poll
		free a -> yes`,
	"an error does not end the program": `
		invoke a
		next -> 200 a
		error a ValueError -> 202
		invoke b
		next -> 200 b
		response b y -> 202
		outcome b -> y`,
	"an empty answer": `
		invoke a
		next -> 200 a
		response a -> 202
		outcome a ->`,
	"answer before any poll": `
		response a x -> 400 InvalidRequestID
		error a T -> 400 InvalidRequestID`,
	"answer to an unknown id": `
		invoke a
		next -> 200 a
		response z x -> 400 InvalidRequestID
		error z T -> 400 InvalidRequestID
		response a x -> 202
		outcome a -> x`,
	"answer while it waits": `
		poll
		response a x -> 400 InvalidRequestID`,
	"answers twice": `
		invoke a
		next -> 200 a
		response a x -> 202
		response a y -> 403 InvalidStateTransition
		outcome a -> x`,
	"error after the answer": `
		invoke a
		next -> 200 a
		response a x -> 202
		error a T -> 403 InvalidStateTransition
		outcome a -> x`,
	"answer after the error": `
		invoke a
		next -> 200 a
		error a T -> 202
		response a x -> 403 InvalidStateTransition
		outcome a -> error T`,
	"two errors": `
		invoke a
		next -> 200 a
		error a T -> 202
		error a U -> 403 InvalidStateTransition
		outcome a -> error T`,
	"answer to the one before": `
		invoke a
		next -> 200 a
		response a x -> 202
		invoke b
		next -> 200 b
		response a z -> 400 InvalidRequestID
		response b y -> 202
		outcome b -> y`,
	"answer after the next poll": `
		invoke a
		next -> 200 a
		response a x -> 202
		poll
		response a x -> 400 InvalidRequestID`,
	"polls while it answers": `
		invoke a
		next -> 200 a
		open a x
		next -> 403 InvalidStateTransition
		close -> 202
		outcome a -> x`,
	"a second answer while it answers": `
		invoke a
		next -> 200 a
		open a x
		response a y -> 403 InvalidStateTransition
		error a T -> 403 InvalidStateTransition
		close -> 202
		outcome a -> x`,
	"polls again without an answer: it gets the same": `
		invoke a
		next -> 200 a
		next -> 200 a
		response a x -> 202
		outcome a -> x`,
	"the start fails": `
		init ImportError -> 202
		ready -> ImportError`,
	"the start fails twice": `
		init ImportError -> 202
		init ImportError -> 403 InvalidStateTransition
		ready -> ImportError`,
	"polls after its start failed": `
		init ImportError -> 202
		next -> 403 InvalidStateTransition`,
	"invoked after its start failed": `
		init ImportError -> 202
		invoke a
		outcome a -> error ImportError`,
	"the start fails while an invocation waits": `
		invoke a
		init ImportError -> 202
		outcome a -> error ImportError`,
	"start error while it waits": `
		poll
		init T -> 403 InvalidStateTransition`,
	"start error while it runs": `
		invoke a
		next -> 200 a
		init T -> 403 InvalidStateTransition
		response a x -> 202
		outcome a -> x`,
	"start error after an answer": `
		invoke a
		next -> 200 a
		response a x -> 202
		init T -> 403 InvalidStateTransition`,
	"ends before it polls": `
		exit Runtime.ExitError
		ready -> Runtime.ExitError`,
	"ends while it runs": `
		invoke a
		next -> 200 a
		exit Runtime.ExitError
		outcome a -> error Runtime.ExitError
		free a -> yes`,
	"ends while invocations wait": `
		invoke a
		invoke b
		exit Sandbox.Timedout
		outcome a -> error Sandbox.Timedout
		outcome b -> error Sandbox.Timedout
		invoke c
		outcome c -> error Sandbox.Timedout`,
	"ends after its answer": `
		invoke a
		next -> 200 a
		response a x -> 202
		exit Runtime.ExitError
		outcome a -> x
		free a -> yes`,
	"the caller leaves before the poll": `
		invoke a
		cancel a
		outcome a -> context canceled
		invoke b
		next -> 200 b`,
	"the caller leaves while it runs": `
		invoke a
		next -> 200 a
		cancel a
		outcome a -> context canceled
		free a -> no
		response a x -> 202
		poll
		free a -> yes`,
	"the caller leaves and the program polls without an answer": `
		invoke a
		next -> 200 a
		cancel a
		outcome a -> context canceled
		poll
		free a -> yes
		response a x -> 400 InvalidRequestID`,
	"hangs up its poll": `
		poll
		drop
		invoke a
		next -> 200 a
		response a x -> 202
		outcome a -> x`,
}

func TestSequences(t *testing.T) {
	for name, steps := range sequences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newPlay(t).play(steps)
		})
	}
}

// play is one sequence under way.
type play struct {
	t        *testing.T
	i        *Instance
	p        *program
	results  map[string]<-chan result
	outcomes map[string]result
	cancels  map[string]context.CancelFunc
	hangUp   context.CancelFunc
	polled   <-chan got
	body     func()
	answered chan got
}

func newPlay(t *testing.T) *play {
	i := newInstance(t)
	return &play{
		t: t, i: i, p: newProgram(t, i),
		results: map[string]<-chan result{}, outcomes: map[string]result{}, cancels: map[string]context.CancelFunc{},
	}
}

func (p *play) play(steps string) {
	p.t.Helper()
	for line := range strings.Lines(strings.TrimSpace(steps)) {
		step, want, _ := strings.Cut(strings.TrimSpace(line), "->")
		args := strings.Fields(step)
		if have := p.step(append(args, "", "")); have != strings.TrimSpace(want) {
			p.t.Fatalf("%s: got %q, want %q", strings.TrimSpace(step), have, strings.TrimSpace(want))
		}
	}
}

func (p *play) step(args []string) string {
	p.t.Helper()
	ctx := context.Background()
	id := args[1]
	switch args[0] {
	case "invoke":
		ctx, p.cancels[id] = context.WithCancel(ctx)
		p.t.Cleanup(p.cancels[id])
		p.i.mu.Lock()
		before := len(p.i.waiting) + len(p.i.runs)
		p.i.mu.Unlock()
		p.results[id] = invoke(ctx, p.i, event(id, `"`+id+`"`))
		until(p.t, p.i, "invoked", func() bool { return p.i.failure != nil || len(p.i.waiting)+len(p.i.runs) > before })
	case "cancel":
		p.cancels[id]()
	case "next":
		return p.p.next().String()
	case "poll":
		ctx, p.hangUp = context.WithCancel(ctx)
		p.t.Cleanup(p.hangUp)
		p.polled = p.p.poll(ctx)
		until(p.t, p.i, "a poll", func() bool { return len(p.i.polls) == 1 })
	case "polled":
		return await(p.t, p.polled).String()
	case "drop":
		p.hangUp()
		until(p.t, p.i, "no poll", func() bool { return len(p.i.polls) == 0 })
	case "response":
		return p.p.respond(id, args[2]).String()
	case "open":
		body, end := gated(args[2])
		p.body, p.answered = end, make(chan got, 1)
		go func() {
			resp, err := p.p.client.Post(p.p.base+runtimePath+"invocation/"+id+"/response", "", body)
			if err != nil {
				p.answered <- got{body: err.Error()}
				return
			}
			resp.Body.Close()
			p.answered <- got{status: resp.StatusCode}
		}()
		until(p.t, p.i, "an answer", func() bool { return p.i.runs[id].state == responding })
	case "close":
		p.body()
		return await(p.t, p.answered).String()
	case "error":
		return p.p.fail(id, fmt.Sprintf(`{"errorType":%q,"errorMessage":"m"}`, args[2])).String()
	case "init":
		return p.p.must("POST", runtimePath+"init/error", `{"errorMessage":"m"}`, headerErrorType, id).String()
	case "outcome":
		return p.outcome(id).String()
	case "free":
		p.i.mu.Lock()
		r := p.i.runs[id]
		p.i.mu.Unlock()
		var free <-chan struct{}
		if r != nil {
			free = r.free
		} else {
			free = p.outcome(id).Free
		}
		select {
		case <-free:
			return "yes"
		default:
			return "no"
		}
	case "ready":
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := p.i.Ready(ctx); err != nil {
			return err.(*contract.Error).Type
		}
		return "ok"
	case "exit":
		p.i.Exited(&contract.Error{Type: id, Message: "m"})
	default:
		p.t.Fatalf("no such step: %s", args[0])
	}
	return ""
}

func (p *play) outcome(id string) result {
	p.t.Helper()
	if c := p.results[id]; c != nil {
		p.outcomes[id] = await(p.t, c)
		delete(p.results, id)
	}
	return p.outcomes[id]
}

// TestIllegalTransitionTexts compares whole answers with the emulator's.
func TestIllegalTransitionTexts(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	results := invoke(context.Background(), i, event("a", "1"))
	p.next()
	p.respond("a", "2")
	await(t, results)
	for request, want := range map[string]string{
		"invocation/a/response": `{"errorMessage":"State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`,
		"invocation/a/error":    `{"errorMessage":"State transition from RuntimeResponseSentState to InvocationErrorResponse failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`,
		"init/error":            `{"errorMessage":"State transition from RuntimeResponseSentState to InitError failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`,
	} {
		if g := p.must("POST", runtimePath+request, ""); g.status != http.StatusForbidden || g.body != want {
			t.Errorf("%s: got %d %s, want 403 %s", request, g.status, g.body, want)
		}
	}
	if g := p.must("POST", runtimePath+"invocation/b/response", ""); g.body != `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}` {
		t.Errorf("unknown id: got %s", g.body)
	}
}

func TestRestoreIsRefused(t *testing.T) {
	p := newProgram(t, newInstance(t))
	for request, method := range map[string]string{"restore/next": "GET", "restore/error": "POST"} {
		if g := p.must(method, runtimePath+request, ""); g.String() != "404 NotFound" {
			t.Errorf("%s: got %v, want 404 NotFound", request, g)
		}
	}
}
