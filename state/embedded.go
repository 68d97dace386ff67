package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startEmbedded runs a server in this process: no port, no signal handlers, every write synced before it is acknowledged.
func (s *State) startEmbedded(ctx context.Context) error {
	if err := os.MkdirAll(s.config.Dir, 0o750); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	var err error
	if s.lock, err = lockFolder(s.config.Dir); err != nil {
		return err
	}
	log := &serverLog{to: s.log.With("component", "nats")}
	s.embedded, err = server.NewServer(&server.Options{
		ServerName: "weft",
		DontListen: true,
		NoSigs:     true,
		JetStream:  true,
		StoreDir:   s.config.Dir,
		SyncAlways: true,
	})
	if err != nil {
		return fmt.Errorf("make the server: %w", err)
	}
	s.embedded.SetLoggerV2(log, false, false, false)
	s.embedded.Start()
	// Recovery reads every file, so its time depends on what is there; only ctx and a failure end the wait.
	for !s.embedded.ReadyForConnections(50*time.Millisecond) || !s.embedded.JetStreamEnabled() {
		if why := log.failed.Load(); why != nil {
			return fmt.Errorf("start the server: %s", *why)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("start the server: %w", err)
		}
	}
	return nil
}

func (s *State) stopEmbedded() {
	if s.embedded != nil {
		s.embedded.Shutdown()
		s.embedded.WaitForShutdown()
	}
	if s.lock != nil {
		if err := s.lock.Close(); err != nil {
			s.log.Warn("unlock the state's folder", "error", err)
		}
	}
}

// lockFolder keeps a second process out: the server itself would let it in, and both would write the same files.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, errors.Join(fmt.Errorf("folder %s: %w", dir, err), f.Close())
	}
	return f, nil
}

// serverLog passes the server's messages on. They tell of a library inside, so its notices are debug messages here.
type serverLog struct {
	to *slog.Logger
	// failed is the first fatal message: the server does not start then. A default logger would end the process.
	failed atomic.Pointer[string]
}

func (l *serverLog) Noticef(format string, v ...any) { l.to.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Debugf(format string, v ...any)  { l.to.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Tracef(format string, v ...any)  { l.to.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Warnf(format string, v ...any)   { l.to.Warn(fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any)  { l.to.Error(fmt.Sprintf(format, v...)) }
func (l *serverLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.failed.CompareAndSwap(nil, &text)
	l.to.Error(text)
}
