package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// hierarchy is one mounted tree of control groups in which the host may make groups.
type hierarchy struct {
	v2 bool
	// controllers are those of cpu, cpuacct, freezer, memory and pids that work in it.
	controllers []string
	// own is the host's group, dir the manager's below it, which holds one group for each process.
	own, dir string
}

func (h *hierarchy) has(controller string) bool { return slices.Contains(h.controllers, controller) }

// hostLeaf is where the host moves in a v2 hierarchy: a group with controllers for its children may hold no process itself.
const hostLeaf = "weft-host"

// hierarchies returns those that the host can use, each with a group called name made in it. The v2 one comes first.
func hierarchies(name string, without kinds) ([]*hierarchy, error) {
	mounted, err := mountedHierarchies()
	if err != nil {
		return nil, err
	}
	var usable []*hierarchy
	taken := make(map[string]bool)
	for _, h := range mounted {
		if h.v2 && without&v2 != 0 || !h.v2 && without&v1 != 0 {
			continue
		}
		h.controllers = slices.DeleteFunc(h.controllers, func(c string) bool { return taken[c] })
		if len(h.controllers) == 0 {
			continue
		}
		h.dir = filepath.Join(h.own, name)
		if err := os.Mkdir(h.dir, 0o755); err != nil {
			continue // not ours to write: read-only, or no right
		}
		if h.v2 {
			h.delegate()
		}
		for _, c := range h.controllers {
			taken[c] = true
		}
		usable = append(usable, h)
	}
	return usable, nil
}

// delegate gives the groups below h.dir the controllers that are to be had. What is not is taken off h.controllers.
func (h *hierarchy) delegate() {
	vacant := h.vacate()
	h.controllers = slices.DeleteFunc(h.controllers, func(c string) bool {
		switch c {
		case "cpuacct":
			return false // every v2 group counts
		case "freezer": // from kernel 5.2 on
			_, err := os.Stat(filepath.Join(h.dir, "cgroup.freeze"))
			return err != nil
		}
		return !vacant || write(h.own, "cgroup.subtree_control", "+"+c) != nil || write(h.dir, "cgroup.subtree_control", "+"+c) != nil
	})
}

// vacate moves the host and what it has started out of h.own into a group below it, and reports whether h.own may give
// controllers to groups: when it is the machine's root, or holds no process. Nothing is moved when others' processes are there.
// It is to come first: the kernel lets a group with processes give cpu and pids, and then refuses processes to its groups.
func (h *hierarchy) vacate() bool {
	if _, err := os.Stat(filepath.Join(h.own, "cgroup.type")); errors.Is(err, os.ErrNotExist) {
		return true // only the root has none
	}
	table := readTable()
	leaf := filepath.Join(h.own, hostLeaf)
	for range 10 { // they may be forking
		text, err := os.ReadFile(filepath.Join(h.own, "cgroup.procs"))
		pids := strings.Fields(string(text))
		if err != nil || len(pids) == 0 {
			return err == nil
		}
		for _, pid := range pids {
			if n, err := strconv.Atoi(pid); err != nil || !table.descends(n, os.Getpid()) {
				return false
			}
		}
		if err := os.Mkdir(leaf, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return false
		}
		for _, pid := range pids {
			if err := write(leaf, "cgroup.procs", pid); err != nil && !errors.Is(err, syscall.ESRCH) {
				return false
			}
		}
		table = readTable()
	}
	return false
}

// mountedHierarchies reads what is mounted, and where the host is in it. Source: cgroups(7), proc_pid_mountinfo(5).
func mountedHierarchies() ([]*hierarchy, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	return parseHierarchies(string(mounts), string(own)), nil
}

func parseHierarchies(mounts, own string) []*hierarchy {
	paths := make(map[string]string) // by controller; "" is v2
	for line := range strings.Lines(own) {
		if f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3); len(f) == 3 {
			for c := range strings.SplitSeq(f[1], ",") {
				paths[c] = f[2]
			}
		}
	}
	var found []*hierarchy
	for line := range strings.Lines(mounts) {
		left, right, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		mount, fs := strings.Fields(left), strings.Fields(right)
		if !ok || len(mount) < 5 || len(fs) < 3 {
			continue
		}
		h := &hierarchy{}
		path, known := "", false
		switch fs[0] {
		case "cgroup2":
			h.v2 = true
			h.controllers = []string{"cpu", "cpuacct", "freezer", "memory", "pids"}
			path, known = paths[""]
		case "cgroup":
			for c := range strings.SplitSeq(fs[2], ",") {
				if slices.Contains([]string{"cpu", "cpuacct", "freezer", "memory", "pids"}, c) {
					h.controllers = append(h.controllers, c)
					path, known = paths[c]
				}
			}
		}
		if !known {
			continue
		}
		// In a container the mount may begin at the host's own group.
		if root := mount[3]; root != "/" {
			if path != root && !strings.HasPrefix(path, root+"/") {
				path = root
			}
			path = strings.TrimPrefix(path, root)
		}
		h.own = filepath.Join(mount[4], path)
		if h.v2 && filepath.Base(h.own) == hostLeaf {
			h.own = filepath.Dir(h.own)
		}
		if h.v2 {
			found = slices.Insert(found, 0, h)
		} else {
			found = append(found, h)
		}
	}
	return found
}

// write writes one value of a control group.
func write(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("set %s: %w", value, err)
	}
	return nil
}

// read reads a small file of a control group or of /proc: in one call, and with none of os's care for files that grow or block,
// because it is done around every invocation. What cannot be read is empty.
func read(file string, buf []byte) []byte {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

// statSize is more than a file of statistics has, in bytes.
const statSize = 8 << 10

// number is that of a file that holds one; 0 of an empty one.
func number(text []byte) int64 {
	n, _ := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	return n
}

// sum adds up the numbers of those named, in a file with lines of a name and a number.
func sum(text []byte, names ...string) int64 {
	var total int64
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		for _, wanted := range names {
			if string(name) == wanted {
				total += number(value)
			}
		}
	}
	return total
}

// procs appends the processes of a control group, never the host itself, whose thread is in a v1 group while it forks.
func procs(dir string, to []int) []int {
	text, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	for field := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 0 && pid != os.Getpid() {
			to = append(to, pid)
		}
	}
	return to
}
