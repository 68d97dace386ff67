package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// markerName is the variable by which a program's descendants are known when nothing else holds them.
const markerName = "WEFT_SANDBOX"

// clockTick is the kernel's unit of times in /proc: USER_HZ is 100 on every platform of Go's.
const clockTick = 10 * time.Millisecond

// entry is one process of the machine.
type entry struct {
	parent, group, session int
	threads                int
	// started is the kernel's clock ticks since boot; with the pid it names a process for good.
	started uint64
	// resident is in bytes.
	resident int64
	// waited is the processor time of ended children that it has waited for.
	waited time.Duration
	// marker is the value of the marker variable; only readTable sets it.
	marker string
}

// table is the machine's processes by pid.
type table map[int]entry

// readTable looks at every process but the host, which takes 30 µs each.
func readTable() table {
	t := make(table)
	dir, err := os.Open("/proc")
	if err != nil {
		return t
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue
		}
		if e, ok := readEntry(pid); ok {
			e.marker = readMarker(pid)
			t[pid] = e
		}
	}
	return t
}

// readEntry reads /proc/PID/stat; not of a process that has ended. Source: proc_pid_stat(5).
func readEntry(pid int) (entry, bool) {
	var buf [1 << 10]byte
	text := read("/proc/"+strconv.Itoa(pid)+"/stat", buf[:])
	// The name, in parentheses, may hold spaces and parentheses. The state, field 3, is the first after it.
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(f) < 22 || f[0] == "Z" || f[0] == "X" {
		return entry{}, false
	}
	var e entry
	e.parent, _ = strconv.Atoi(f[1])
	e.group, _ = strconv.Atoi(f[2])
	e.session, _ = strconv.Atoi(f[3])
	e.threads, _ = strconv.Atoi(f[17])
	e.started, _ = strconv.ParseUint(f[19], 10, 64)
	pages, _ := strconv.ParseInt(f[21], 10, 64)
	user, _ := strconv.ParseInt(f[13], 10, 64)
	system, _ := strconv.ParseInt(f[14], 10, 64)
	e.waited = time.Duration(user+system) * clockTick
	e.resident = pages * int64(os.Getpagesize())
	return e, true
}

// descends reports whether pid is ancestor, or was started by it or by one that it has started.
func (t table) descends(pid, ancestor int) bool {
	for range len(t) + 1 {
		if pid == ancestor {
			return true
		}
		e, ok := t[pid]
		if !ok || pid == e.parent {
			return false
		}
		pid = e.parent
	}
	return false
}

// readMarker returns the value of the marker in the environment that the process was executed with, "" without one.
func readMarker(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	for variable := range bytes.SplitSeq(text, []byte{0}) {
		if value, ok := bytes.CutPrefix(variable, []byte(markerName+"=")); ok {
			return string(value)
		}
	}
	return ""
}

// tree returns the processes that root has started, itself included, by every sign there is: parents, process group,
// session and marker.
func (t table) tree(root int, marker string) []int {
	var pids []int
	for pid, e := range t {
		if e.group == root || e.session == root || e.marker == marker || t.descends(pid, root) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// children appends what the processes' threads have started and still lives.
func children(pid int, to []int) []int {
	files, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				to = append(to, child)
			}
		}
	}
	return to
}

// killMarked kills every process whose marker begins with prefix and returns how many there were.
func killMarked(prefix string) int {
	n := 0
	for pid, e := range readTable() {
		if strings.HasPrefix(e.marker, prefix) {
			_ = unix.Kill(pid, unix.SIGKILL)
			n++
		}
	}
	return n
}
