package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"weft/faas/contract"
)

// Reason is why an instance is stopped, as extensions are told.
type Reason string

// Reasons.
const (
	Spindown Reason = "SPINDOWN" // it is not needed any more
	Timeout  Reason = "TIMEOUT"  // an invocation took too long
	Failure  Reason = "FAILURE"  // the program has died, or ran out of memory
)

// Budgets of a shutdown. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown.
const (
	internalBudget = 500 * time.Millisecond
	externalBudget = 2 * time.Second
)

// ExtensionsExpected are the external extensions that the runtime has to start before the program, each with
// ExtensionEnvironment: paths of executables.
func (i *Instance) ExtensionsExpected() []string { return slices.Clone(i.extensions.paths) }

// ExtensionsRegistered waits until all of ExtensionsExpected have registered, which is when the program may be started.
func (i *Instance) ExtensionsRegistered(ctx context.Context) error {
	select {
	case <-i.extensions.registered:
		return nil
	case <-i.broken:
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.failure
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ExtensionExited tells that the external extension of a path or name is gone. Before Shutdown that fails the instance.
func (i *Instance) ExtensionExited(path string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	x := i.extensions.find(func(x *extension) bool { return x.external && x.name == filepath.Base(path) })
	if x == nil || x.state == extExited {
		return
	}
	failed := x.state == extInitError || x.state == extExitError
	x.state = extExited
	i.finished(x)
	x.leave()
	if !x.told && !failed {
		i.extensionFailed(&contract.Error{Type: ErrExtensionCrash, Message: fmt.Sprintf("extension %s has exited", x.name)})
	}
}

// Failed receives an error when an extension fails after Ready: the instance is to be stopped then.
func (i *Instance) Failed() <-chan *contract.Error { return i.extFailed }

// ShutdownBudget is how long a shutdown may take: 2 s with external extensions, 500 ms with internal ones alone, 0 without any.
// With 0, the program is killed at once; else it gets SIGTERM first.
func (i *Instance) ShutdownBudget() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	var budget time.Duration
	for _, x := range i.extensions.all {
		switch {
		case x.external && x.state != extExited:
			budget = externalBudget
		case !x.external:
			budget = max(budget, internalBudget)
		}
	}
	return budget
}

// Shutdown tells the external extensions, once what telemetry there is has been delivered, and waits until they have exited or
// polled again, at most ShutdownBudget. Without extensions it returns at once. The program should have ended before: its last
// log lines are delivered then.
func (i *Instance) Shutdown(ctx context.Context, reason Reason) error {
	budget := i.ShutdownBudget()
	if budget < externalBudget {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	deadline, _ := ctx.Deadline()
	i.telemetry.flush(ctx)
	event, err := json.Marshal(struct {
		Type     string `json:"eventType"`
		Reason   Reason `json:"shutdownReason"`
		Deadline int64  `json:"deadlineMs"`
	}{"SHUTDOWN", reason, deadline.UnixMilli()})
	if err != nil {
		return fmt.Errorf("make the event SHUTDOWN: %w", err) // cannot happen
	}
	i.mu.Lock()
	var told []*extension
	for _, x := range i.extensions.all {
		if !x.external || x.state == extExited {
			continue
		}
		if x.shutdown && !x.told {
			select {
			case x.events <- extensionEvent{body: event}:
				told = append(told, x)
			default: // it does not take its events
			}
		}
		x.told = true
	}
	i.mu.Unlock()
	for _, x := range told {
		select {
		case <-x.gone:
		case <-ctx.Done():
			i.mu.Lock()
			x.state = extShutdownFailed
			i.mu.Unlock()
			return fmt.Errorf("extension %s has not stopped: %w", x.name, ctx.Err())
		}
	}
	return nil
}
