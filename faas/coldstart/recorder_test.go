package coldstart_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/faas/bootstrap"
	"weft/faas/coldstart"
	"weft/faas/function"
)

// program is one that was started with a Recorder. It says that it is ready by connecting to the address in READY.
type program struct {
	t              *testing.T
	rec            *coldstart.Recorder
	cmd            *exec.Cmd
	exec, ready    time.Time
	stdout, stderr syncBuffer
	exited         chan error
	listener       net.Listener
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type options struct {
	dir     string
	env     []string
	off     bool // Modules false
	profile bool
	noFiles bool       // the descriptors are not passed on
	extra   []*os.File // in their place
	stdin   *os.File
	set     bootstrap.Set // zero: one of its own
	lambda  bool          // READY is the address of a runtime API, which is asked for work
}

// start starts a program and waits until it is ready.
func start(t *testing.T, o options, command ...string) *program {
	t.Helper()
	p := launch(t, o, command...)
	conn, err := p.listener.Accept()
	p.ready = time.Now()
	if err != nil {
		t.Fatalf("the program ended before it was ready: stdout %q, stderr %q", p.stdout.String(), p.stderr.String())
	}
	if o.lambda {
		t.Cleanup(func() { conn.Close() })
		return p
	}
	conn.Close()
	return p
}

func launch(t *testing.T, o options, command ...string) *program {
	t.Helper()
	set := o.set
	if set.Dir == "" {
		var err error
		if set, err = bootstrap.Install(t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, exited: make(chan error, 1)}
	tracing := function.Tracing{Modules: !o.off, Profile: o.profile}
	p.rec, err = coldstart.New(coldstart.Config{Hooks: set, Command: command, Dir: o.dir, Tracing: tracing})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.listener = listener
	p.cmd = exec.Command(path, command[1:]...)
	p.cmd.Dir = o.dir
	if o.stdin != nil {
		p.cmd.Stdin = o.stdin
	}
	p.cmd.Env = p.rec.Environment(append([]string{"PATH=" + os.Getenv("PATH"), "READY=" + listener.Addr().String(),
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String()}, o.env...))
	p.cmd.ExtraFiles = o.extra
	if !o.noFiles {
		p.cmd.ExtraFiles = p.rec.Files()
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, p.rec.Stderr(&p.stderr)
	p.exec = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.rec.Started()
	gone := make(chan struct{})
	go func() {
		err := p.cmd.Wait()
		close(gone)
		listener.Close()
		p.exited <- err
	}()
	t.Cleanup(func() {
		select {
		case <-gone:
		default:
			p.cmd.Process.Kill()
			<-gone
		}
		if err := p.rec.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// wait waits for the program's end and returns what it has printed.
func (p *program) wait() (stdout, stderr string) {
	p.t.Helper()
	stdout, stderr, err := p.outcome()
	if err != nil {
		p.t.Errorf("the program ended with %v", err)
	}
	return stdout, stderr
}

// outcome waits for the end of a program that may fail.
func (p *program) outcome() (stdout, stderr string, err error) {
	p.t.Helper()
	select {
	case err = <-p.exited:
		p.exited <- err
	case <-time.After(30 * time.Second):
		p.t.Fatal("the program did not end")
	}
	return p.stdout.String(), p.stderr.String(), err
}

func (p *program) steps() []*coldstart.Step {
	p.t.Helper()
	steps := p.rec.Finish(p.exec, p.ready)
	check(p.t, steps, p.exec, p.ready)
	return steps
}

// check fails unless steps are in order, within bounds and do not overlap.
func check(t *testing.T, steps []*coldstart.Step, from, to time.Time) {
	t.Helper()
	for _, s := range steps {
		if s.Start.Before(from) || s.End.Before(s.Start) || s.End.After(to) {
			t.Errorf("step %s is from %v to %v, want within %v to %v", s.Name, s.Start, s.End, from, to)
		}
		check(t, s.Steps, s.Start, s.End)
		from = s.End
	}
}

func find(steps []*coldstart.Step, name string) *coldstart.Step {
	for _, s := range steps {
		if s.Name == name {
			return s
		}
		if f := find(s.Steps, name); f != nil {
			return f
		}
	}
	return nil
}

func must(t *testing.T, steps []*coldstart.Step, name string) *coldstart.Step {
	t.Helper()
	s := find(steps, name)
	if s == nil {
		t.Fatalf("there is no step %q in\n%s", name, draw(steps, ""))
	}
	return s
}

func draw(steps []*coldstart.Step, indent string) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(indent + s.Name + " " + s.End.Sub(s.Start).String() + " self " + s.Self().String() + " " + string(s.Kind) + " " + s.Version + "\n")
		b.WriteString(draw(s.Steps, indent+"  "))
	}
	return b.String()
}

// nested runs a program whose modules a, b and c load one another, until their steps and the times that they have measured
// themselves agree within 2 ms or 2 %, in all and without those within. A busy machine may stop the program between the two
// looks at the clock; it does not do so every time.
func nested(t *testing.T, o options, command []string, names ...string) (*program, []*coldstart.Step) {
	t.Helper()
	var apart string
	for range 5 {
		p := start(t, o, command...)
		stdout, stderr := p.wait()
		if stderr != "" {
			t.Errorf("stderr: %q", stderr)
		}
		want, steps := slept(t, stdout), p.steps()
		inner := time.Duration(0)
		apart = ""
		for i, module := range []string{"c", "b", "a"} {
			s := must(t, steps, names[2-i])
			for _, d := range [][2]time.Duration{{s.End.Sub(s.Start), want[module]}, {s.Self(), want[module] - inner}} {
				if (d[0]-d[1]).Abs() > max(2*time.Millisecond, d[1]/50) || d[1] < 30*time.Millisecond {
					apart += fmt.Sprintf("%s is %v, want %v\n", s.Name, d[0], d[1])
				}
			}
			inner = want[module]
		}
		if apart == "" {
			return p, steps
		}
	}
	t.Fatal(apart)
	return nil, nil
}

func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func covered(t *testing.T, p *program, steps []*coldstart.Step) {
	t.Helper()
	leaf, all := coldstart.Coverage(steps, p.exec, p.ready)
	t.Logf("%v from exec to ready: leaf steps cover %.1f %%, steps and their own code %.1f %%", p.ready.Sub(p.exec), leaf*100, all*100)
	if leaf < 0.95 || all < 0.95 {
		t.Errorf("steps cover %.3f (leaves) and %.3f (all) of the start, want 0.95 of\n%s", leaf, all, draw(steps, ""))
	}
}
