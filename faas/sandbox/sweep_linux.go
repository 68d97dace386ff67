package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// groupsFile of the folder lists the manager's control groups, a folder a line: the next manager may run in other ones.
const groupsFile = "groups"

// note writes down the control groups.
func (m *Manager) note(root string) error {
	var text strings.Builder
	for _, h := range m.hierarchies {
		text.WriteString(h.dir + "\n")
	}
	if err := os.WriteFile(filepath.Join(root, groupsFile), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("sandbox folder: %w", err)
	}
	return nil
}

// sweep ends and removes what an earlier manager with this folder has left. family is how the markers of all of them begin.
func (m *Manager) sweep(root, family string) error {
	var dirs []string
	if text, err := os.ReadFile(filepath.Join(root, groupsFile)); err == nil {
		for dir := range strings.Lines(string(text)) {
			// It was killed before it could write, or somebody else did: only folders that are named as ours.
			if dir = strings.TrimSuffix(dir, "\n"); strings.HasPrefix(filepath.Base(dir), "weft-"+family+".") {
				dirs = append(dirs, dir)
			}
		}
	}
	mounted, err := mountedHierarchies()
	if err != nil {
		return fmt.Errorf("control groups: %w", err)
	}
	for _, h := range mounted {
		left, _ := filepath.Glob(filepath.Join(h.own, "weft-"+family+".*"))
		dirs = append(dirs, left...)
	}
	deadline := time.Now().Add(killPatience)
	for {
		n := killMarked(family + ".")
		for _, dir := range dirs {
			n += killGroups(dir)
		}
		if n == 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes of an earlier sandbox of %s cannot be killed", n, root)
		}
		time.Sleep(5 * time.Millisecond)
	}
	var errs []error
	for _, dir := range dirs {
		left, _ := filepath.Glob(filepath.Join(dir, "*/"))
		for _, group := range append(left, dir) {
			if info, err := os.Stat(group); err == nil && info.IsDir() {
				errs = append(errs, removeGroup(group))
			}
		}
	}
	for _, dir := range []string{m.dir, m.trash} {
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, folder := range left {
			errs = append(errs, removeFolder(folder))
		}
	}
	return errors.Join(errs...)
}

// killGroups kills, thawing them, the members of every group in dir and returns how many there were.
func killGroups(dir string) int {
	groups, _ := filepath.Glob(filepath.Join(dir, "*/cgroup.procs"))
	n := 0
	for _, file := range groups {
		group := filepath.Dir(file)
		for _, pid := range procs(group, nil) {
			_ = unix.Kill(pid, unix.SIGKILL)
			n++
		}
		// Only one of them exists.
		_ = write(group, "freezer.state", "THAWED")
		_ = write(group, "cgroup.freeze", "0")
	}
	return n
}

// removeFolder removes a process's folder, even when the process has made folders that may not be written.
func removeFolder(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// machineMemory is what the machine has, or what the host's own control groups allow when that is less, in bytes.
func machineMemory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	total := int64(info.Totalram) * int64(info.Unit)
	mounted, _ := mountedHierarchies()
	for _, h := range mounted {
		if !h.has("memory") {
			continue
		}
		file := "memory.limit_in_bytes"
		if h.v2 {
			file = "memory.max"
		}
		for dir := h.own; len(dir) > 1; dir = filepath.Dir(dir) {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				break // above the mount, or the root, which has no bound in v2
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
				total = min(total, n)
			}
		}
	}
	return total
}
