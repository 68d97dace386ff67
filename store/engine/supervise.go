package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// stopGrace is how long a child may take to end after it was asked to, before it is killed.
const stopGrace = 15 * time.Second

// finalError ends the supervisor at once: another child would end the same way.
type finalError struct{ error }

var errStopped = errors.New("stopped")

// supervise runs one child after the other until Stop, or until too many in a row never answered.
func (e *Engine) supervise(ready chan<- struct{}) {
	// On Linux the child gets its death signal when the thread that started it ends: keep that thread.
	runtime.LockOSThread()
	defer close(e.done)
	defer e.lock.Close()
	pause, silent := e.tuning.firstPause, 0
	for {
		began := time.Now()
		answered, err := e.runChild(ready)
		if errors.Is(err, errStopped) {
			return
		}
		if answered {
			ready, silent = nil, 0
		} else {
			silent++
		}
		if answered && time.Since(began) >= e.tuning.stableAfter {
			pause = e.tuning.firstPause
		}
		final, isFinal := errors.AsType[finalError](err)
		if isFinal {
			err = final.error
		}
		attempts := e.tuning.attempts
		if ready != nil {
			attempts = e.tuning.firstAttempts
		}
		if isFinal || silent >= attempts {
			e.mu.Lock()
			e.failure = fmt.Errorf("start the engine: %w", err)
			e.mu.Unlock()
			if ready == nil { // else Start returns it
				e.log.Error("the engine does not come back", "err", err, "attempts", silent, "log", e.files.log)
			}
			return
		}
		e.log.Warn("the engine ended; starting it again", "err", err, "pause", pause, "answered", answered)
		select {
		case <-e.asked:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, e.tuning.longestWait)
	}
}

// runChild runs one child to its end. answered says whether it ever answered a query. The error is never nil.
func (e *Engine) runChild(ready chan<- struct{}) (answered bool, err error) {
	if ready != nil { // nobody knows the ports yet, so each try may have others
		tcp, http, err := freePorts()
		if err != nil {
			return false, err
		}
		e.mu.Lock()
		e.tcp, e.http = tcp, http
		e.mu.Unlock()
	}
	c, err := e.launch()
	if err != nil {
		return false, err
	}
	defer c.release()
	defer func() {
		e.mu.Lock()
		e.process = nil
		e.mu.Unlock()
	}()
	if err := e.awaitAnswer(c, ready == nil); err != nil {
		c.kill()
		return false, err
	}
	e.mu.Lock()
	e.starts++
	e.mu.Unlock()
	if got := c.version(); !strings.HasPrefix(Version, got) {
		e.log.Warn("the engine library is not the tested one", "version", got, "tested", Version, "library", e.library)
	}
	if ready != nil {
		close(ready)
	}
	select {
	case <-c.exited:
		return true, e.epitaph(c, true)
	case <-e.asked:
	}
	e.end(c)
	return true, errStopped
}

// awaitAnswer returns nil when the child answers a query, else why it never will. For known see epitaph.
func (e *Engine) awaitAnswer(c *child, known bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), e.tuning.readyIn)
	defer cancel()
	poll, prompt := time.NewTicker(10*time.Millisecond), time.NewTicker(200*time.Millisecond)
	defer poll.Stop()
	defer prompt.Stop()
	for {
		select {
		case <-c.exited:
			return e.epitaph(c, known)
		case <-e.asked:
			return errStopped
		case <-ctx.Done():
			return fmt.Errorf("no answer within %v; its log is %s", e.tuning.readyIn, e.files.log)
		case <-prompt.C:
			c.hangUp() // heard only when the boot query failed
		case <-poll.C:
			if e.query(ctx, "SELECT 1") == nil {
				return nil
			}
		}
	}
}

// query sends one statement as our user over HTTP. Connections are not kept: the next child has none of them.
func (e *Engine) query(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.HTTPAddr()+"/", strings.NewReader(statement))
	if err != nil {
		return fmt.Errorf("query the engine: %w", err)
	}
	req.Close = true
	req.Header.Set("X-ClickHouse-User", user)
	req.Header.Set("X-ClickHouse-Key", e.password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("query the engine: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("query the engine: status %s", resp.Status)
	}
	return nil
}

// end lets the engine shut down as if the session at its terminal had ended, and kills it when it does not.
func (e *Engine) end(c *child) {
	// All queries: those of the clients would hold up the end, the boot query is what keeps the engine open.
	if err := e.query(context.Background(), "KILL QUERY WHERE 1 ASYNC"); err != nil {
		e.log.Warn("the engine does not take the request to stop", "err", err)
		c.kill()
		return
	}
	prompt, late := time.NewTicker(20*time.Millisecond), time.After(stopGrace)
	defer prompt.Stop()
	for {
		select {
		case <-c.exited:
			return
		case <-prompt.C:
			c.hangUp()
		case <-late:
			e.log.Warn("the engine does not end; killing it", "after", stopGrace)
			c.kill()
			return
		}
	}
}

// kill ends the child at once, when there is one.
func (e *Engine) kill() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process != nil {
		_ = e.process.Kill() // fails only when it is gone already
	}
}
