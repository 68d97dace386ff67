package sandbox

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How often bounds that no control group keeps are looked at.
const (
	watchEvery = 50 * time.Millisecond // the memory of a process's known descendants
	slowRounds = 5                     // its folder, and whether the kernel has killed one, in watchEvery
	scanRounds = 20                    // descendants that have hidden, in watchEvery
)

// runWatch ends processes that exceed what control groups do not bound.
func (m *Manager) runWatch() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for round := 0; ; round++ {
		select {
		case <-m.closed:
			return
		case <-ticker.C:
		}
		var all table // read once a round at most, when a process needs it
		for _, p := range m.living() {
			if p.idle() {
				continue
			}
			if part := p.group.with("memory"); part != nil && !part.v2 && round%slowRounds == 0 && part.oomKills() > 0 {
				// v1 kills one process only, and an instance without one of its processes is of no use.
				p.end(&p.exit.OutOfMemory)
			}
			if p.unbounded() {
				if round%scanRounds == 0 && all == nil {
					all = readTable()
				}
				p.checkTree(all)
			}
			if p.spec.Disk > 0 && round%slowRounds == 0 {
				p.checkDisk()
			}
		}
	}
}

// idle reports whether a process cannot exceed a bound.
func (p *Process) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frozen || p.killed || p.reaped
}

// unbounded reports whether a bound is set that only watching keeps.
func (p *Process) unbounded() bool {
	return p.spec.Memory > 0 && p.group.with("memory") == nil || p.spec.Processes > 0 && p.group.with("pids") == nil
}

// checkTree looks at the memory and the number of the processes. all is nil unless it is time to look for hidden ones.
func (p *Process) checkTree(all table) {
	var resident int64
	threads := 0
	seen := make(map[int]uint64)
	var visit func(pid int)
	visit = func(pid int) {
		e, ok := readEntry(pid)
		if _, again := seen[pid]; !ok || again {
			return
		}
		seen[pid] = e.started
		resident += e.resident
		threads += e.threads
		for _, child := range children(pid, nil) {
			visit(child)
		}
	}
	visit(p.pid)
	p.mu.Lock()
	known := maps.Clone(p.known)
	p.mu.Unlock()
	for pid, started := range known {
		if e, ok := readEntry(pid); ok && e.started == started {
			visit(pid)
		}
	}
	if all != nil {
		for _, pid := range all.tree(p.pid, p.marker) {
			visit(pid)
		}
	}
	p.mu.Lock()
	p.known, p.watched, p.greatest = seen, resident, max(p.greatest, resident)
	p.mu.Unlock()
	switch {
	case p.spec.Memory > 0 && p.group.with("memory") == nil && resident > p.spec.Memory:
		p.end(&p.exit.OutOfMemory)
	case p.spec.Processes > 0 && p.group.with("pids") == nil && threads > p.spec.Processes:
		p.end(&p.exit.TooManyProcesses)
	}
}

func (p *Process) checkDisk() {
	size := folderSize(p.dir)
	if size <= p.spec.Disk {
		size += p.deletedSize()
	}
	if size > p.spec.Disk {
		p.end(&p.exit.DiskFull)
	}
}

// folderSize is what the files of a folder occupy, in bytes. What cannot be read counts nothing.
func folderSize(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil {
			size += occupied(info)
		}
		return nil
	})
	return size
}

// deletedSize is what files of the process's folder occupy that were deleted and are still open, in bytes.
func (p *Process) deletedSize() int64 {
	members := p.group.members()
	if len(p.group.parts) == 0 {
		p.mu.Lock()
		for pid := range p.known {
			members = append(members, pid)
		}
		p.mu.Unlock()
		members = append(members, p.pid)
	}
	sizes := make(map[uint64]int64) // by inode: descriptors share files
	for _, pid := range members {
		dir := "/proc/" + strconv.Itoa(pid) + "/fd/"
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			target, err := os.Readlink(dir + e.Name())
			if err != nil || !strings.HasPrefix(target, p.dir+"/") || !strings.HasSuffix(target, " (deleted)") {
				continue
			}
			if info, err := os.Stat(dir + e.Name()); err == nil {
				sizes[info.Sys().(*syscall.Stat_t).Ino] = occupied(info)
			}
		}
	}
	var size int64
	for _, n := range sizes {
		size += n
	}
	return size
}

// occupied is what a file takes on disk, in bytes: holes count nothing. Source: stat(2), st_blocks.
func occupied(info os.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return info.Size()
}
