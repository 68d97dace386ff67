package sandbox

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// killPatience is how long killed processes may take to be gone, and their control groups to be removable.
const killPatience = 5 * time.Second

// lockPatience is how long a host that was killed may take to be gone.
const lockPatience = 2 * time.Second

// Manager starts processes and leaves nothing of them behind.
type Manager struct {
	logger      *slog.Logger
	dir         string // of the processes' folders
	trash       string // folders of ended processes, until they are removed
	lock        *os.File
	token       string // how the markers of this manager's processes begin
	hierarchies []*hierarchy
	total       int64
	null        *os.File
	keeper      *keeper
	forks       chan *fork
	closed      chan struct{}
	background  sync.WaitGroup // of goroutines; Close waits for it
	close       func() error

	mu        sync.Mutex // guards what follows
	ended     bool
	promised  int64
	removed   int // folders moved to the trash
	processes map[string]*Process
}

// New looks at the machine, ends and removes what an earlier manager with the same folder has left, and starts the keeper,
// which does so at once should this host be killed.
func New(config Config) (*Manager, error) {
	if config.Memory < 0 {
		return nil, fmt.Errorf("memory is %d bytes: must not be negative", config.Memory)
	}
	root, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("sandbox folder: %w", err)
	}
	m := &Manager{
		logger: config.Logger, dir: filepath.Join(root, "processes"), trash: filepath.Join(root, "trash"), total: config.Memory,
		forks: make(chan *fork), closed: make(chan struct{}), processes: make(map[string]*Process),
	}
	m.close = sync.OnceValue(m.shutdown)
	if m.logger == nil {
		m.logger = slog.Default()
	}
	for _, dir := range []string{m.dir, m.trash} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("sandbox folder: %w", err)
		}
	}
	if m.lock, err = lockDir(root); err != nil {
		return nil, err
	}
	if err := m.prepare(root, config.without); err != nil {
		return nil, errors.Join(err, m.release())
	}
	m.background.Go(m.runForks)
	m.background.Go(m.runWatch)
	return m, nil
}

func (m *Manager) prepare(root string, without kinds) error {
	digest := sha256.Sum256([]byte(root))
	family := hex.EncodeToString(digest[:6])
	if err := m.sweep(root, family); err != nil {
		return err
	}
	m.token = family + "." + rand.Text()[:10]
	var err error
	if m.hierarchies, err = hierarchies("weft-"+m.token, without); err != nil {
		return fmt.Errorf("control groups: %w", err)
	}
	if err := m.note(root); err != nil {
		return err
	}
	if m.total == 0 {
		m.total = machineMemory()
		m.total -= m.total / 8
	}
	if m.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	if m.keeper, err = newKeeper(m.token, m.hierarchies, m.logger); err != nil {
		return fmt.Errorf("start the keeper of sandboxes: %w", err)
	}
	return nil
}

// lockDir keeps others from the folder; the kernel lets go of it when the host ends in any way.
func lockDir(root string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(root, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("sandbox folder: %w", err)
	}
	deadline := time.Now().Add(lockPatience)
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(deadline) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", root, ErrInUse)
		}
		return nil, fmt.Errorf("lock %s: %w", root, err)
	}
	return f, nil
}

// Limits says how bounds are kept, and what memory can still be promised.
func (m *Manager) Limits() Limits {
	var l Limits
	for _, h := range m.hierarchies {
		for _, c := range h.controllers {
			if c != "cpuacct" {
				l.Controllers = append(l.Controllers, c)
			}
		}
		switch {
		case h.has("memory") && h.v2:
			l.Groups = "v2"
		case h.has("memory"):
			l.Groups = "v1"
		}
	}
	slices.Sort(l.Controllers)
	m.mu.Lock()
	defer m.mu.Unlock()
	l.Memory = m.total - m.promised
	return l
}

// admit promises the memory and takes the ID.
func (m *Manager) admit(p *Process) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch spec := &p.spec; {
	case m.ended:
		return ErrClosed
	case m.processes[spec.ID] != nil:
		return fmt.Errorf("process %s exists", spec.ID)
	case spec.Memory > m.total-m.promised:
		return &CapacityError{Asked: spec.Memory, Free: m.total - m.promised, Total: m.total}
	}
	m.promised += p.spec.Memory
	m.processes[p.spec.ID] = p
	m.background.Add(1) // until the process has ended and its folder is removed
	return nil
}

// dismiss removes the control groups and takes the folder away, and only then gives the ID and the memory back. It returns
// where the folder has gone.
func (m *Manager) dismiss(p *Process) (trash string) {
	if p.group != nil {
		if err := p.group.remove(); err != nil {
			m.logger.Error("remove control group", "process", p.spec.ID, "error", err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removed++
	trash = filepath.Join(m.trash, strconv.Itoa(m.removed))
	_ = os.Chmod(p.dir, 0o700) // the process may have taken away the right to move it
	if err := os.Rename(p.dir, trash); err != nil && !errors.Is(err, os.ErrNotExist) {
		m.logger.Error("remove folder", "process", p.spec.ID, "error", err)
	}
	m.promised -= p.spec.Memory
	delete(m.processes, p.spec.ID)
	return trash
}

func (m *Manager) living() []*Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*Process, 0, len(m.processes))
	for _, p := range m.processes {
		if p.pid != 0 {
			all = append(all, p)
		}
	}
	return all
}

// Close kills every process, and returns when they, their folders and their control groups are gone.
func (m *Manager) Close() error { return m.close() }

func (m *Manager) shutdown() error {
	m.mu.Lock()
	m.ended = true
	m.mu.Unlock()
	close(m.closed)
	for {
		living := m.living()
		for _, p := range living {
			p.Kill()
		}
		for _, p := range living {
			<-p.Done()
		}
		m.mu.Lock()
		n := len(m.processes) // some may just be starting
		m.mu.Unlock()
		if n == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	close(m.forks)
	m.background.Wait()
	return m.release()
}

// release gives back what New took.
func (m *Manager) release() error {
	var errs []error
	if m.keeper != nil {
		m.keeper.close()
	}
	for _, h := range m.hierarchies {
		errs = append(errs, removeGroup(h.dir))
	}
	if m.null != nil {
		errs = append(errs, m.null.Close())
	}
	errs = append(errs, m.lock.Close())
	return errors.Join(errs...)
}

// Start runs a program. It returns when the program is executed, or an *ExecError when it cannot be, or a *CapacityError.
// ctx bounds the start only.
func (m *Manager) Start(ctx context.Context, spec Spec) (*Process, error) {
	defer closeAll(spec.Files)
	return m.start(ctx, spec)
}
