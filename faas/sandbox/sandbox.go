package sandbox

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Config is what a Manager needs.
type Config struct {
	// Dir holds a folder for each process while it lives. Two managers cannot share it: New refuses.
	Dir string
	// Memory is what all processes together may be promised, in bytes. 0: what the machine has, or the host's own control
	// group allows, less an eighth.
	Memory int64
	// Logger is slog.Default() when nil.
	Logger *slog.Logger

	// without turns off kinds of control groups, for tests.
	without kinds
}

// kinds of control groups.
type kinds uint8

const (
	v1 kinds = 1 << iota
	v2
)

// Spec says what to run and within which bounds.
type Spec struct {
	// ID names the process, its folder and its control group: 1 to 64 letters, digits and -.
	ID string
	// Command is the program and its arguments. The program is an absolute path, or a file of Dir, or looked up in PATH of
	// Environment.
	Command []string
	// Environment is all of it: NAME=value. HOME and TMPDIR are set to the process's own folder, whatever it says.
	Environment []string
	// Dir is the working folder: the code.
	Dir string
	// Memory, CPU, Processes and Disk are bounds: bytes, processors, a number (threads count as well), bytes of its own
	// folder. 0: not bounded.
	Memory    int64
	CPU       float64
	Processes int
	Disk      int64
	// Stdout and Stderr receive what the process prints; each is used by one goroutine until the output ends. When one is
	// slow, the process waits when it prints. Nil: the output is thrown away.
	Stdout, Stderr io.Writer
	// Files become the file descriptors 3 and up. Start closes them, whether it succeeds or not.
	Files []*os.File
}

// Limits says how bounds are kept on this machine.
type Limits struct {
	// Groups is "v2" or "v1": the control groups that bound memory; "" when none do: then memory is watched and limited by
	// resource limits.
	Groups string
	// Controllers are what control groups bound or do here, out of cpu, freezer, memory and pids. Without pids, processes are
	// counted by watching; without cpu, processors are not bounded; without freezer, freezing is SIGSTOP.
	Controllers []string
	// Memory is what can still be promised, in bytes.
	Memory int64
}

// Started says when a process was started: just before the fork, and when the program was executed.
type Started struct {
	Fork, Exec time.Time
}

// Exit is how a process ended.
type Exit struct {
	At time.Time
	// Code is the exit code, -1 when a signal ended it; Signal is its name then, such as "killed".
	Code   int
	Signal string
	// OutOfMemory, DiskFull and TooManyProcesses say that a bound was the reason. Where control groups bound the number of
	// processes, the program sees fork fail instead.
	OutOfMemory, DiskFull, TooManyProcesses bool
	// Usage is the whole life's.
	Usage Usage
}

// Usage is what a process and its children have taken.
type Usage struct {
	CPU time.Duration
	// Memory is the resident size at the moment, without files that are merely cached, in bytes.
	Memory int64
	// MaxMemory is the greatest so far of what is compared with the bound, in bytes. A control group counts cached files, too.
	MaxMemory int64
}

// CapacityError says that more memory was asked for than can still be promised. All are bytes.
type CapacityError struct {
	Asked, Free, Total int64
}

func (e *CapacityError) Error() string {
	return fmt.Sprintf("memory of %d bytes cannot be promised: %d of %d are free", e.Asked, e.Free, e.Total)
}

// ExecError says that the program could not be executed.
type ExecError struct {
	Program string
	Err     error
}

func (e *ExecError) Error() string { return fmt.Sprintf("execute %s: %v", e.Program, e.Err) }
func (e *ExecError) Unwrap() error { return e.Err }

// Errors of a Manager.
var (
	ErrClosed       = errors.New("sandbox is closed")
	ErrInUse        = errors.New("folder is in use by another sandbox")
	ErrNotSupported = errors.New("sandbox is not supported on this operating system")
)
