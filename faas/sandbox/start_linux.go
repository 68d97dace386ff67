package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var validID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

func (s *Spec) validate() error {
	switch {
	case !validID.MatchString(s.ID):
		return fmt.Errorf("process id %q: must be 1 to 64 letters, digits and -", s.ID)
	case len(s.Command) == 0 || s.Command[0] == "":
		return errors.New("command is empty")
	case s.Memory < 0 || s.CPU < 0 || s.Processes < 0 || s.Disk < 0:
		return fmt.Errorf("bounds are memory %d bytes, cpu %g, processes %d, disk %d bytes: none may be negative",
			s.Memory, s.CPU, s.Processes, s.Disk)
	}
	if info, err := os.Stat(s.Dir); err != nil {
		return fmt.Errorf("working folder: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("working folder %s: %w", s.Dir, syscall.ENOTDIR)
	}
	return nil
}

func (m *Manager) start(ctx context.Context, spec Spec) (*Process, error) {
	if err := spec.validate(); err != nil {
		return nil, err
	}
	program, err := lookup(spec.Command[0], spec.Dir, spec.Environment)
	if err != nil {
		return nil, err
	}
	p := &Process{manager: m, spec: spec, dir: filepath.Join(m.dir, spec.ID), marker: m.token + "/" + spec.ID,
		done: make(chan struct{}), output: make(chan struct{}), known: make(map[int]uint64)}
	if err := m.admit(p); err != nil {
		return nil, err
	}
	if err := p.start(ctx, program); err != nil {
		for _, r := range p.pipes {
			r.Close()
		}
		trash := m.dismiss(p)
		err = errors.Join(err, removeFolder(trash))
		m.background.Done()
		return nil, err
	}
	return p, nil
}

func (p *Process) start(ctx context.Context, program string) error {
	m := p.manager
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return fmt.Errorf("folder of the process: %w", err)
	}
	var err error
	if p.group, err = newGroup(m.hierarchies, &p.spec); err != nil {
		return err
	}
	files, err := p.openOutput()
	defer closeAll(files)
	if err != nil {
		return err
	}
	descriptors := append([]uintptr{m.null.Fd()}, descriptorsOf(files)...)
	for len(descriptors) < 3 { // one pipe for both
		descriptors = append(descriptors, descriptors[1])
	}
	f := &fork{program: program, argv: p.spec.Command, group: p.group}
	f.attr = syscall.ProcAttr{Dir: p.spec.Dir, Env: p.environment(), Files: append(descriptors, descriptorsOf(p.spec.Files)...)}
	err = m.do(ctx, f)
	if f.pid > 0 && err == nil {
		err = limit(f.pid, &p.spec, p.group.with("memory") == nil)
	}
	if err != nil {
		if f.pid > 0 {
			p.abandon(f)
		}
		return err
	}
	p.started = f.started
	if f.pidfd >= 0 {
		_ = unix.SetNonblock(f.pidfd, true) // so that waiting takes no thread
		p.pidfd = os.NewFile(uintptr(f.pidfd), "pidfd")
	}
	m.mu.Lock()
	p.pid = f.pid
	m.mu.Unlock()
	go p.copy()
	go p.wait()
	return nil
}

// abandon ends a process that was started but could not be set up.
func (p *Process) abandon(f *fork) {
	_ = unix.Kill(-f.pid, unix.SIGKILL)
	p.group.kill()
	_, _ = unix.Wait4(f.pid, nil, 0, nil)
	if f.pidfd >= 0 {
		unix.Close(f.pidfd)
	}
}

// environment is the spec's with the process's own folder and the marker.
func (p *Process) environment() []string {
	own := []string{"HOME=" + p.dir, "TMPDIR=" + p.dir, markerName + "=" + p.marker}
	return append(own, slices.DeleteFunc(slices.Clone(p.spec.Environment), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return name == "HOME" || name == "TMPDIR" || name == markerName
	})...)
}

// openOutput makes the pipes and returns the process's ends: one when both outputs go to the same writer.
func (p *Process) openOutput() ([]*os.File, error) {
	p.writers = []io.Writer{p.spec.Stdout, p.spec.Stderr}
	if same(p.spec.Stdout, p.spec.Stderr) {
		p.writers = p.writers[:1]
	}
	var ends []*os.File
	for range p.writers {
		var fd [2]int
		if err := unix.Pipe2(fd[:], unix.O_CLOEXEC); err != nil {
			return ends, fmt.Errorf("pipe: %w", err)
		}
		_ = unix.SetNonblock(fd[0], true) // so that reading takes no thread, and ends when it is closed
		p.pipes = append(p.pipes, os.NewFile(uintptr(fd[0]), "output"))
		ends = append(ends, os.NewFile(uintptr(fd[1]), "output"))
	}
	return ends, nil
}

func same(a, b io.Writer) bool {
	return a == nil && b == nil ||
		a != nil && b != nil && reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}

func descriptorsOf(files []*os.File) []uintptr {
	var fds []uintptr
	for _, f := range files {
		fds = append(fds, f.Fd())
	}
	return fds
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
