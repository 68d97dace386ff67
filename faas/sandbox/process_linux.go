package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// outputPatience is how long the output of an ended process is read: what it has printed is in the pipe, so this is only for
// a slow writer, or for a descendant that could not be killed and holds the pipe.
const outputPatience = time.Second

// Process is a started program with everything that it starts.
type Process struct {
	manager *Manager
	spec    Spec
	dir     string
	group   *group
	marker  string
	pid     int
	pidfd   *os.File // nil before kernel 5.3
	started Started
	pipes   []*os.File
	writers []io.Writer
	output  chan struct{} // closed when the output has ended
	done    chan struct{}

	mu     sync.Mutex // guards what follows
	frozen bool
	killed bool
	reaped bool // the pid may be another process's
	// known are descendants seen while they still were to be recognised, with their times of start; only without control groups.
	known map[int]uint64
	// watched is the resident size of all, and the greatest that was seen; only without control groups.
	watched, greatest int64
	exit              Exit
}

// PID is the process's id, which is the id of its process group and session as well.
func (p *Process) PID() int { return p.pid }

// Started says when the process was started.
func (p *Process) Started() Started { return p.started }

// Dir is the process's own folder: its HOME and TMPDIR. It is removed when the process has ended.
func (p *Process) Dir() string { return p.dir }

// Done is closed when the process and all that it has started are gone, its output is handed over and its ID is free.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit is how the process ended; the zero value before Done is closed.
func (p *Process) Exit() Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

// Usage is what the process has taken until now; the whole life's when it has ended. It takes about 30 µs. Without control
// groups, children's processor time is counted once they have ended, and their memory as it was last seen.
func (p *Process) Usage() Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return p.exit.Usage
	}
	return p.usage()
}

// Spent is Usage without Memory, for a fraction of what it takes: the kernel gathers the statistics of a group's memory when they are read.
func (p *Process) Spent() Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return p.exit.Usage
	}
	part := p.group.with("memory")
	if part == nil {
		return p.usage()
	}
	greatest := part.greatest()
	if greatest == 0 {
		return p.usage() // the kernel does not know
	}
	return Usage{CPU: p.cpu(), MaxMemory: greatest}
}

// CPU is Usage's processor time alone.
func (p *Process) CPU() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return p.exit.Usage.CPU
	}
	return p.cpu()
}

// usage is called with mu held and before the process is waited for, as cpu is.
func (p *Process) usage() Usage {
	u := Usage{CPU: p.cpu()}
	if part := p.group.with("memory"); part != nil {
		u.Memory, u.MaxMemory = part.memory(), part.greatest()
	} else {
		e, _ := readEntry(p.pid)
		u.Memory = max(e.resident, p.watched)
		p.greatest = max(p.greatest, u.Memory)
		u.MaxMemory = p.greatest
	}
	u.MaxMemory = max(u.MaxMemory, u.Memory)
	return u
}

func (p *Process) cpu() time.Duration {
	if part := p.group.with("cpuacct"); part != nil {
		return part.cpu()
	}
	e, _ := readEntry(p.pid)
	return processorTime(p.pid) + e.waited
}

// processorTime reads the clock that counts a process's time. Its number is made as glibc's clock_getcpuclockid does.
func processorTime(pid int) time.Duration {
	const scheduled = 2
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid<<3|scheduled), &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// Freeze stops the process and what it has started from running; its memory stays. Without a freezer it stops only its process
// group. It does nothing when the process is frozen.
func (p *Process) Freeze() error { return p.setFrozen(true) }

// Thaw lets a frozen process run on.
func (p *Process) Thaw() error { return p.setFrozen(false) }

func (p *Process) setFrozen(on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed || p.reaped {
		return fmt.Errorf("freeze %s: %w", p.spec.ID, os.ErrProcessDone)
	}
	if p.frozen == on {
		return nil
	}
	var err error
	switch {
	case p.group.with("freezer") != nil:
		err = p.group.freeze(on)
	case on:
		err = unix.Kill(-p.pid, unix.SIGSTOP)
	default:
		err = unix.Kill(-p.pid, unix.SIGCONT)
	}
	if err != nil {
		return fmt.Errorf("freeze %s: %w", p.spec.ID, err)
	}
	p.frozen = on
	return nil
}

// Stop asks the process group to end with SIGTERM, thawing it, and kills everything when grace has passed or ctx has ended. It
// returns when the process is gone.
func (p *Process) Stop(ctx context.Context, grace time.Duration) {
	p.mu.Lock()
	if !p.reaped {
		_ = unix.Kill(-p.pid, unix.SIGTERM)
	}
	p.mu.Unlock()
	_ = p.Thaw() // it fails when the process is killed already
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	p.Kill()
	<-p.done
}

// Kill kills the process and everything that it has started. Done is closed when they are gone.
func (p *Process) Kill() { p.end(nil) }

// end kills; reason is a field of exit that says why, and is set unless the process is being killed already.
func (p *Process) end(reason *bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return
	}
	if reason != nil && !p.killed {
		*reason = true
	}
	p.killed = true
	p.killOnce()
}

// killOnce kills what is there now, and returns how many there were besides the first process. It is called with mu held
// and before the first process is waited for, so that no other process can have its id.
func (p *Process) killOnce() int {
	var members []int
	if len(p.group.parts) > 0 {
		_ = unix.Kill(-p.pid, unix.SIGKILL)
		p.group.kill()
		members = p.group.members()
		if p.frozen && p.group.with("freezer") != nil {
			_ = p.group.freeze(false) // v1 kills a frozen process once it is thawed
		}
	} else {
		// The first look is before the first kill: then the kernel gives orphans to another parent.
		// What has been found stays known: one that is ending has no environment any more.
		all := readTable()
		for _, pid := range all.tree(p.pid, p.marker) {
			p.known[pid] = all[pid].started
		}
		for pid, started := range p.known {
			if e, ok := readEntry(pid); ok && e.started == started {
				members = append(members, pid)
			}
		}
		_ = unix.Kill(-p.pid, unix.SIGKILL)
	}
	others := 0
	for _, pid := range members {
		if pid != p.pid {
			others++
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
	return others
}
