package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopGrace is how long a child may take to end after it was asked to, before it is killed.
const stopGrace = 15 * time.Second

// child is one run of the engine process.
type child struct {
	cmd      *exec.Cmd
	lifeline *os.File // our end: the child ends when it closes
	out      capture  // standard output: the word `loaded`
	words    capture  // standard error: its last words
	exited   chan struct{}
	err      error // of Wait; valid once exited is closed
}

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
		if isFinal || silent >= e.tuning.attempts {
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
		return false, finalError{err}
	}
	defer c.lifeline.Close()
	defer func() {
		e.mu.Lock()
		e.pid = 0
		e.mu.Unlock()
	}()
	if err := e.awaitAnswer(c); err != nil {
		_ = c.cmd.Process.Kill() // fails only when it is gone already
		<-c.exited
		return false, err
	}
	e.mu.Lock()
	e.starts++
	e.mu.Unlock()
	if ready != nil {
		close(ready)
	}
	select {
	case <-c.exited:
		return true, e.epitaph(c)
	case <-e.asked:
	}
	e.endBootQuery()
	select {
	case <-c.exited:
	case <-time.After(stopGrace):
		_ = c.cmd.Process.Kill() // fails only when it is gone already
		<-c.exited
	}
	return true, errStopped
}

// launch starts the process.
func (e *Engine) launch() (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe: %w", err)
	}
	defer theirs.Close()
	c := &child{lifeline: ours, exited: make(chan struct{})}
	c.cmd = exec.Command(self, childArg, e.library,
		"--path", e.files.data, "--config-file", e.files.config, "--log-level", "warning",
		"--listen_host", "127.0.0.1", "--tcp_port", strconv.Itoa(e.tcp), "--http_port", strconv.Itoa(e.http),
		"--query", bootQuery)
	c.cmd.Dir = e.files.root
	// Nothing else of the environment: what is secret there is none of the engine's business. Its time zone is UTC.
	c.cmd.Env = []string{childEnv + "=1", "TZ=UTC", "HOME=" + e.files.root, "TMPDIR=" + os.TempDir()}
	c.cmd.ExtraFiles = []*os.File{theirs, e.lock} // 3 is the lifeline; 4 keeps the lock for as long as the child lives
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.words
	c.cmd.SysProcAttr = childAttr()
	if err := c.cmd.Start(); err != nil {
		ours.Close()
		return nil, fmt.Errorf("start the engine process: %w", err)
	}
	e.mu.Lock()
	e.pid = c.cmd.Process.Pid
	e.mu.Unlock()
	go func() {
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	return c, nil
}

// awaitAnswer returns nil when the child answers a query, else why it never will.
func (e *Engine) awaitAnswer(c *child) error {
	ctx, cancel := context.WithTimeout(context.Background(), e.tuning.readyIn)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-c.exited:
			return e.epitaph(c)
		case <-e.asked:
			return errStopped
		case <-ctx.Done():
			return fmt.Errorf("no answer within %v; its log is %s", e.tuning.readyIn, e.files.log)
		case <-poll.C:
			if e.query(ctx, "SELECT 1") == nil {
				return nil
			}
		}
	}
}

// query sends one statement as our user over HTTP. Connections are not kept: the next child has none of them.
func (e *Engine) query(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
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

// endBootQuery lets the engine shut down as if its command line had ended. Only the boot session has no user name.
func (e *Engine) endBootQuery() {
	if err := e.query(context.Background(), "KILL QUERY WHERE user = '' ASYNC"); err != nil {
		e.log.Warn("the engine does not take the request to stop", "err", err)
		e.kill()
	}
}

// kill ends the child at once.
func (e *Engine) kill() {
	if pid := e.PID(); pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL) // fails only when it is gone already
	}
}

// epitaph says in one line why a child ended, and leaves its last words in a file.
func (e *Engine) epitaph(c *child) error {
	words := strings.TrimSpace(c.words.String())
	if words != "" {
		if err := os.WriteFile(e.files.crash, []byte(words+"\n"), 0o600); err != nil {
			e.log.Warn("cannot keep the engine's last words", "err", err)
		}
	}
	state := c.cmd.ProcessState
	switch {
	case state != nil && state.ExitCode() == exitUnloadable:
		return finalError{fmt.Errorf("load %s: %s: run 'make engine' for a fresh one", e.library, lastLine(words))}
	case state != nil && !strings.Contains(c.out.String(), loaded):
		return finalError{fmt.Errorf("load %s: the process died of it (%v); the file may be damaged: run 'make engine' for a fresh one",
			e.library, state)}
	case state != nil && state.ExitCode() == exitEngine:
		return fmt.Errorf("the engine ended by itself: %s", lastLine(words))
	}
	return fmt.Errorf("the engine process ended: %v; its last words are in %s", state, e.files.crash)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// captureLimit bounds what is kept of a child's output: the first and the last half of it.
const captureLimit = 16 << 10

// capture is a writer that keeps the beginning and the end of what is written to it.
type capture struct {
	mu         sync.Mutex
	head, tail bytes.Buffer
}

// Write implements io.Writer and never fails.
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	room := min(captureLimit/2-c.head.Len(), len(p))
	c.head.Write(p[:room])
	c.tail.Write(p[room:])
	if over := c.tail.Len() - captureLimit/2; over > 0 {
		c.tail.Next(over)
	}
	return n, nil
}

// String returns what was kept.
func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head.String() + c.tail.String()
}
