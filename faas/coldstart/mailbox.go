package coldstart

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lines cuts what comes into lines.
type lines struct {
	line func(string)
	rest []byte
}

func (l *lines) add(b []byte) {
	l.rest = append(l.rest, b...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			break
		}
		l.line(string(l.rest[:i]))
		l.rest = l.rest[i+1:]
	}
	if len(l.rest) > maxLine {
		l.rest = nil
	}
}

// look is how often a mailbox is emptied while the program starts.
const look = 5 * time.Millisecond

// mailbox reads records when it looks, not when they come: to be woken for each would cost the program several microseconds
// a record, which with hundreds of modules is a tenth of its start. What does not fit meanwhile the hook keeps.
type mailbox struct {
	file *os.File
	stop chan struct{} // closed when nobody looks any more
	done chan struct{}
	once sync.Once

	mu  sync.Mutex
	in  lines
	buf [64 << 10]byte
	end bool
}

func newMailbox(ours *os.File, line func(string)) (*mailbox, error) {
	m := &mailbox{file: ours, stop: make(chan struct{}), done: make(chan struct{}), in: lines{line: line}}
	if err := unix.SetNonblock(int(ours.Fd()), true); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	go func() {
		defer close(m.done)
		tick := time.NewTicker(look)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				m.empty()
			case <-m.stop:
				return
			}
		}
	}()
	return m, nil
}

// empty takes all records that the program has written so far.
func (m *mailbox) empty() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.end {
		n, err := unix.Read(int(m.file.Fd()), m.buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.EAGAIN) {
			return
		}
		m.end = err != nil || n == 0
		m.in.add(m.buf[:max(n, 0)])
	}
}

// rest ends the looking; empty still works.
func (m *mailbox) rest() {
	m.once.Do(func() { close(m.stop) })
	<-m.done
}

func (m *mailbox) close() error {
	m.rest()
	m.empty()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end = true
	return m.file.Close()
}
