package engine

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/creack/pty"
)

// child is one run of the engine process.
type child struct {
	cmd      *exec.Cmd
	lifeline *os.File // our end: the child ends when it closes
	terminal *os.File // our end of its standard input
	out      capture  // standard output: the word `loaded`, then what an interactive session says
	words    capture  // standard error: its last words
	exited   chan struct{}
}

// launch starts the process. The caller releases the child when it has exited.
func (e *Engine) launch() (_ *child, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe: %w", err)
	}
	defer theirs.Close()
	master, stdin, err := pty.Open()
	if err != nil {
		ours.Close()
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	defer stdin.Close()
	c := &child{lifeline: ours, terminal: master, exited: make(chan struct{})}
	c.cmd = command(self, e.library, e.files, e.tcp, e.http)
	c.cmd.ExtraFiles = []*os.File{theirs, e.lock} // 3 is the lifeline; 4 keeps the lock for as long as the child lives
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = stdin, &c.out, &c.words
	if err := c.cmd.Start(); err != nil {
		c.release()
		return nil, fmt.Errorf("start the engine process: %w", err)
	}
	e.mu.Lock()
	e.process = c.cmd.Process
	e.mu.Unlock()
	go func() {
		_ = c.cmd.Wait() // how it ended is in ProcessState
		close(c.exited)
	}()
	return c, nil
}

// version is what the library calls itself, such as 26.7.3; "" before it is loaded.
func (c *child) version() string {
	line, _, _ := strings.Cut(c.out.String(), "\n")
	version, _ := strings.CutPrefix(line, loaded+" ")
	return version
}

func (c *child) release() {
	c.lifeline.Close()
	c.terminal.Close()
}

// kill ends the child at once and waits for it.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // fails only when it is gone already
	<-c.exited
}

// hangUp types an end of file. The engine reads its terminal only when it is at its prompt, where it gets after its
// boot query failed or was cancelled, so this is repeated until it is heard.
func (c *child) hangUp() {
	const endOfFile = 4
	_, _ = c.terminal.Write([]byte{endOfFile}) // fails only when nobody holds the other end any more
}

// command is the child's command line; its files are still to be given.
func command(self, library string, files layout, tcp, http int) *exec.Cmd {
	cmd := exec.Command(self, childArg, library,
		"--path", files.data, "--config-file", files.config, "--log-level", "warning",
		"--listen_host", "127.0.0.1", "--tcp_port", strconv.Itoa(tcp), "--http_port", strconv.Itoa(http),
		// Interactive, on a terminal: otherwise it aborts as soon as one connection ends in an error
		// (github.com/ClickHouse/ClickHouse issue 115666, not yet fixed in this release).
		"--interactive", "--progress", "off", "--disable_suggestion", "--query", bootQuery)
	cmd.Dir = files.root
	// Nothing else of the environment: what is secret there is none of the engine's business. Its time zone is UTC.
	cmd.Env = []string{
		childEnv + "=1", "TZ=UTC", "HOME=" + files.root, "TMPDIR=" + os.TempDir(),
		"CLICKHOUSE_HISTORY_FILE=" + os.DevNull, "TERM=dumb",
	}
	cmd.SysProcAttr = childAttr()
	return cmd
}

// epitaph says in one line why a child ended, and leaves its last words in a file. known says that the library worked
// before: what ends a child while it loads is then not the file.
func (e *Engine) epitaph(c *child, known bool) error {
	words := strings.TrimSpace(c.words.String())
	if words != "" {
		if err := os.WriteFile(e.files.crash, []byte(words+"\n"), 0o600); err != nil {
			e.log.Warn("cannot keep the engine's last words", "err", err)
		}
	}
	state, reason := c.cmd.ProcessState, reason(words)
	switch {
	case state.ExitCode() == exitUnloadable:
		return finalError{fmt.Errorf("load %s: run 'make engine' for a fresh one", reason)}
	case !known && !strings.Contains(c.out.String(), loaded):
		return finalError{fmt.Errorf("load %s: the process died of it (%v), the file may be damaged: run 'make engine' for a fresh one",
			e.library, state)}
	case state.Exited() && reason != "":
		return fmt.Errorf("the engine ended by itself: %s", reason)
	}
	return fmt.Errorf("the engine process ended: %v; its log is %s", state, e.files.log)
}

// reason picks the line that says most: the engine's exception without its stack trace, else the last one.
func reason(words string) string {
	lines := strings.Split(words, "\n")
	for _, line := range lines {
		if strings.Contains(line, "Code: ") && strings.Contains(line, "Exception") {
			line, _, _ = strings.Cut(line, ", Stack trace")
			return strings.TrimSpace(line)
		}
	}
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
