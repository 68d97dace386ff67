package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// group is the control groups of one process: one in each hierarchy. It has no parts where none can be made.
type group struct {
	parts []part
	// late are set when the forking thread has left the v1 groups: until then they would bound it.
	late []setting
}

type part struct {
	*hierarchy
	dir string
	// These are read around every invocation.
	spent, peak meter
}

// setting is a value of a control group in the folder dir.
type setting struct{ dir, file, value string }

func (s *setting) apply() error {
	err := write(s.dir, s.file, s.value)
	if s.file == "cpu.cfs_quota_us" && errors.Is(err, syscall.EINVAL) {
		return nil // a group above allows less, and bounds the process as well
	}
	return err
}

// newGroup makes the groups and sets the bounds. Measured: 0.2 ms for four hierarchies, so none are kept ready.
func newGroup(in []*hierarchy, spec *Spec) (*group, error) {
	g := &group{}
	for _, h := range in {
		p := part{hierarchy: h, dir: filepath.Join(h.dir, spec.ID)}
		if err := os.Mkdir(p.dir, 0o755); err != nil {
			return nil, errors.Join(err, g.remove())
		}
		g.parts = append(g.parts, p)
		now, late := p.bounds(spec)
		g.late = append(g.late, late...)
		for _, s := range now {
			if err := s.apply(); err != nil {
				return nil, errors.Join(fmt.Errorf("control group of %s: %w", spec.ID, err), g.remove())
			}
		}
	}
	return g, nil
}

// cpuPeriod is over which a quota of processors is reckoned, in µs: the kernel's default.
const cpuPeriod = 100_000

// bounds returns what is to be set before the fork and after it.
func (p *part) bounds(spec *Spec) (now, late []setting) {
	set := func(to *[]setting, file, value string) { *to = append(*to, setting{p.dir, file, value}) }
	if spec.Memory > 0 && p.has("memory") {
		bytes := strconv.FormatInt(spec.Memory, 10)
		if p.v2 {
			set(&now, "memory.max", bytes)
			set(&now, "memory.oom.group", "1")
			if p.exists("memory.swap.max") {
				set(&now, "memory.swap.max", "0")
			}
		} else {
			set(&now, "memory.limit_in_bytes", bytes)
			if p.exists("memory.memsw.limit_in_bytes") {
				set(&now, "memory.memsw.limit_in_bytes", bytes)
			}
		}
	}
	if spec.CPU > 0 && p.has("cpu") {
		quota := strconv.Itoa(max(1000, int(spec.CPU*cpuPeriod))) // the kernel takes no less than 1 ms
		if p.v2 {
			set(&now, "cpu.max", quota+" "+strconv.Itoa(cpuPeriod))
		} else {
			set(&now, "cpu.cfs_period_us", strconv.Itoa(cpuPeriod))
			set(&late, "cpu.cfs_quota_us", quota)
		}
	}
	if spec.Processes > 0 && p.has("pids") {
		if p.v2 {
			set(&now, "pids.max", strconv.Itoa(spec.Processes))
		} else {
			set(&now, "pids.max", strconv.Itoa(spec.Processes+1)) // with the forking thread
			set(&late, "pids.max", strconv.Itoa(spec.Processes))
		}
	}
	return now, late
}

func (p *part) exists(file string) bool {
	_, err := os.Stat(filepath.Join(p.dir, file))
	return err == nil
}

// with returns the part that has the controller, nil when none has.
func (g *group) with(controller string) *part {
	for i := range g.parts {
		if g.parts[i].has(controller) {
			return &g.parts[i]
		}
	}
	return nil
}

// unified returns the part in the v2 hierarchy, nil when there is none.
func (g *group) unified() *part {
	if len(g.parts) > 0 && g.parts[0].v2 {
		return &g.parts[0]
	}
	return nil
}

// enter moves the calling thread into the v1 groups, where a process that it forks is born. The thread writes 0 for itself:
// the kernel then need not stop every fork and exit on the machine, as it must for another's id (milliseconds).
func (g *group) enter() error {
	for i := range g.parts {
		if p := &g.parts[i]; !p.v2 {
			if err := write(p.dir, "tasks", "0"); err != nil {
				return errors.Join(err, g.leave())
			}
		}
	}
	return nil
}

// leave moves the calling thread back to the host's own groups, and sets the bounds that waited for this.
func (g *group) leave() error {
	var errs []error
	for i := range g.parts {
		if p := &g.parts[i]; !p.v2 {
			errs = append(errs, write(p.own, "tasks", "0"))
		}
	}
	for i := range g.late {
		errs = append(errs, g.late[i].apply())
	}
	return errors.Join(errs...)
}

// adopt moves a process into the v2 group, on kernels that cannot fork into it (before 5.7).
func (g *group) adopt(pid int) error {
	if p := g.unified(); p != nil {
		return write(p.dir, "cgroup.procs", strconv.Itoa(pid))
	}
	return nil
}

// members returns the processes in the groups; some may be in it twice.
func (g *group) members() []int {
	var pids []int
	for i := range g.parts {
		pids = procs(g.parts[i].dir, pids)
	}
	return pids
}

// kill sends SIGKILL to every member.
func (g *group) kill() {
	if p := g.unified(); p != nil {
		_ = write(p.dir, "cgroup.kill", "1") // from kernel 5.14 on; it misses none that is just being forked
	}
	for _, pid := range g.members() {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// freeze stops or continues every member.
func (g *group) freeze(on bool) error {
	p := g.with("freezer")
	switch {
	case p.v2 && on:
		return write(p.dir, "cgroup.freeze", "1")
	case p.v2:
		return write(p.dir, "cgroup.freeze", "0")
	case on:
		return write(p.dir, "freezer.state", "FROZEN")
	default:
		return write(p.dir, "freezer.state", "THAWED")
	}
}

// cpu is the time that all members took so far.
func (p *part) cpu() time.Duration {
	var buf [statSize]byte
	if p.v2 {
		return time.Duration(sum(p.spent.read(p.dir, "cpu.stat", buf[:]), "usage_usec")) * time.Microsecond
	}
	return time.Duration(number(p.spent.read(p.dir, "cpuacct.usage", buf[:])))
}

// memory is what the members hold now without file pages, in bytes.
func (p *part) memory() int64 {
	var buf [statSize]byte
	if p.v2 {
		return sum(read(p.dir+"/memory.stat", buf[:]), "anon", "shmem")
	}
	return sum(read(p.dir+"/memory.stat", buf[:]), "rss", "shmem")
}

// greatest is the greatest charge so far, in bytes; 0 when the kernel does not know.
func (p *part) greatest() int64 {
	var buf [64]byte
	if p.v2 {
		return number(p.peak.read(p.dir, "memory.peak", buf[:])) // from kernel 5.19 on
	}
	return number(p.peak.read(p.dir, "memory.max_usage_in_bytes", buf[:]))
}

// oomKills is how many members the kernel has killed for want of memory.
func (p *part) oomKills() int64 {
	var buf [statSize]byte
	if p.v2 {
		return sum(read(p.dir+"/memory.events", buf[:]), "oom_kill")
	}
	return sum(read(p.dir+"/memory.oom_control", buf[:]), "oom_kill")
}

// remove removes the groups. The kernel refuses while a killed member is not gone entirely.
func (g *group) remove() error {
	var errs []error
	for i := range g.parts {
		g.parts[i].spent.close()
		g.parts[i].peak.close()
		errs = append(errs, removeGroup(g.parts[i].dir))
	}
	return errors.Join(errs...)
}

func removeGroup(dir string) error {
	deadline := time.Now().Add(killPatience)
	for {
		err := os.Remove(dir)
		if err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}
