package sandbox

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wait ends the process: it waits for the first process, kills what that has left, and cleans up.
func (p *Process) wait() {
	defer p.manager.background.Done()
	p.awaitExit()
	at := time.Now()
	p.killRest()

	p.mu.Lock()
	usage := p.usage()
	oom := p.group.with("memory") != nil && p.group.with("memory").oomKills() > 0
	var status syscall.WaitStatus
	var spent syscall.Rusage
	for {
		if _, err := syscall.Wait4(p.pid, &status, 0, &spent); err != syscall.EINTR {
			break
		}
	}
	p.reaped = true
	if p.group.with("cpuacct") == nil {
		usage.CPU = time.Duration(spent.Utime.Nano() + spent.Stime.Nano())
	}
	p.exit.At, p.exit.Usage, p.exit.Code = at, usage, status.ExitStatus()
	if status.Signaled() {
		p.exit.Signal = status.Signal().String()
	}
	p.exit.OutOfMemory = p.exit.OutOfMemory || oom
	failed := p.exit.Code != 0 && !p.killed
	p.mu.Unlock()

	if p.spec.Disk > 0 && failed {
		// A program that cannot write what exceeds the bound on a file often ends itself.
		full := status.Signaled() && status.Signal() == syscall.SIGXFSZ || folderSize(p.dir) >= p.spec.Disk
		p.mu.Lock()
		p.exit.DiskFull = full
		p.mu.Unlock()
	}
	if p.pidfd != nil {
		p.pidfd.Close()
	}
	p.endOutput()
	trash := p.manager.dismiss(p)
	close(p.done)
	if err := removeFolder(trash); err != nil {
		p.manager.logger.Error("remove folder", "process", p.spec.ID, "error", err)
	}
}

// awaitExit returns when the first process has ended; it is not waited for yet and keeps its id.
func (p *Process) awaitExit() {
	if p.pidfd != nil {
		if conn, err := p.pidfd.SyscallConn(); err == nil {
			failed := false
			err := conn.Read(func(fd uintptr) bool {
				var info unix.Siginfo
				err := unix.Waitid(unix.P_PIDFD, int(fd), &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
				failed = err != nil && err != unix.EINTR
				return failed || info.Signo != 0
			})
			if err == nil && !failed {
				return
			}
		}
	}
	for unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// killRest kills what the first process has left until nothing is.
func (p *Process) killRest() {
	deadline := time.Now().Add(killPatience)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		p.mu.Lock()
		n := p.killOnce()
		p.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			p.manager.logger.Error("processes cannot be killed", "process", p.spec.ID, "number", n)
			return
		}
		time.Sleep(pause)
	}
}

// copy hands the output over and closes p.output when it has ended.
func (p *Process) copy() {
	var both sync.WaitGroup
	for i, r := range p.pipes {
		both.Go(func() { copyOutput(p.writers[i], r) })
	}
	both.Wait()
	close(p.output)
}

func (p *Process) endOutput() {
	timer := time.NewTimer(outputPatience)
	defer timer.Stop()
	select {
	case <-p.output:
	case <-timer.C:
	}
	closeAll(p.pipes)
}
