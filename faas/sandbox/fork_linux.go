package sandbox

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fork is a process to be started by the thread that forks.
type fork struct {
	program string
	argv    []string
	attr    syscall.ProcAttr
	group   *group
	done    chan struct{}

	// What comes of it.
	pid, pidfd int
	started    Started
	err        error
}

// runForks starts processes, all on one thread that lives as long as the manager: they are killed when the thread that
// forked them ends (PR_SET_PDEATHSIG means the thread), and in v1 the thread goes into their groups while it forks.
func (m *Manager) runForks() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Gettid() == os.Getpid() {
		// Not this thread: the memory of the whole host is charged where its first thread is. A goroutine gets another one while
		// this one is held.
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.runForks()
		}()
		<-done
		return
	}
	for f := range m.forks {
		f.run()
		close(f.done)
	}
}

// do has the thread run f.
func (m *Manager) do(ctx context.Context, f *fork) error {
	f.done = make(chan struct{})
	select {
	case m.forks <- f:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	<-f.done
	return f.err
}

func (f *fork) run() {
	if f.err = f.group.enter(); f.err != nil {
		return
	}
	sys := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, PidFD: &f.pidfd}
	f.attr.Sys = sys
	adopt := false
	if p := f.group.unified(); p != nil {
		var dir *os.File
		if dir, f.err = os.Open(p.dir); f.err != nil {
			f.err = errors.Join(f.err, f.group.leave())
			return
		}
		defer dir.Close()
		sys.UseCgroupFD, sys.CgroupFD = true, int(dir.Fd())
	}
	f.pidfd = -1
	f.started.Fork = time.Now()
	f.pid, _, f.err = syscall.StartProcess(f.program, f.argv, &f.attr)
	if sys.UseCgroupFD && (errors.Is(f.err, syscall.ENOSYS) || errors.Is(f.err, syscall.EPERM)) {
		// clone3 is not there, or not allowed.
		sys.UseCgroupFD, adopt = false, true
		f.pid, _, f.err = syscall.StartProcess(f.program, f.argv, &f.attr)
	}
	f.started.Exec = time.Now()
	if f.err == nil && adopt {
		f.err = f.group.adopt(f.pid)
	} else if f.err != nil {
		f.err = explain(f.program, f.err)
	}
	f.err = errors.Join(f.err, f.group.leave())
}
