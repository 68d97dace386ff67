package sandbox

import (
	"io"
	"log/slog"
	"os"
	"time"
)

// Config is what a Manager needs.
type Config struct {
	// Dir holds a folder for each process while it lives. Two managers must not share it.
	Dir string
	// Memory is what all processes together may be promised, in bytes. 0: what the machine has, less an eighth.
	Memory int64
	Logger *slog.Logger
}

// Spec says what to run and within which bounds.
type Spec struct {
	// ID names the process, its folder and its control group: letters, digits and -.
	ID string
	// Command is the program and its arguments. The program is an absolute path, or looked up in PATH of Environment.
	Command []string
	// Environment is all of it: NAME=value.
	Environment []string
	// Dir is the working folder: the code.
	Dir string
	// Memory, CPU, Processes and Disk are bounds: bytes, processors, a number, bytes. 0: not bounded.
	Memory    int64
	CPU       float64
	Processes int
	Disk      int64
	// Stdout and Stderr receive what the process prints; each is used by one goroutine until the output ends.
	Stdout, Stderr io.Writer
	// Files become the file descriptors 3 and up. The manager closes its copies once the process has started.
	Files []*os.File
}

// Limits says how bounds are kept on this machine.
type Limits struct {
	// Groups is "v2" or "v1" for control groups, "" when none can be written: then memory is watched and limited by resource
	// limits, processors are not bounded, and freezing is SIGSTOP.
	Groups string
	// Memory is what can still be promised, in bytes.
	Memory int64
}

// Exit is how a process ended.
type Exit struct {
	At time.Time
	// Code is the exit code, -1 when a signal ended it; Signal is its name then, such as "killed".
	Code   int
	Signal string
	// OutOfMemory and DiskFull say that a bound was the reason.
	OutOfMemory, DiskFull bool
	// Usage is the whole life's.
	Usage Usage
}

// Usage is what a process and its children have taken.
type Usage struct {
	CPU time.Duration
	// Memory is the resident size at the moment, MaxMemory the greatest so far, in bytes.
	Memory, MaxMemory int64
}
