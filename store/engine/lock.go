package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// orphanGrace is how long Start waits for the child of a killed parent to let go of the data folder. Such a child
// exits as soon as it sees its parent gone, within milliseconds on an idle machine.
const orphanGrace = 10 * time.Second

// lockFolder takes the data folder for this process. The child inherits the open file and with it the lock: a folder
// whose engine still lives is never free, even when the process that started it is gone. The file holds that process's
// id, for the message.
func lockFolder(folder string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	for deadline := time.Now().Add(orphanGrace); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
		owner := readOwner(f)
		if alive(owner) || time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf(
				"data folder %s is in use by process %s: stop that one, or choose another data folder", folder, owner), f.Close())
		}
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", f.Name(), err), f.Close())
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", f.Name(), err), f.Close())
	}
	return f, nil
}

// readOwner returns the id in the lock file; "unknown" when its owner has not written it yet.
func readOwner(f *os.File) string {
	text := make([]byte, 32)
	n, _ := f.ReadAt(text, 0) // a short read is the normal case
	if owner := strings.TrimSpace(string(text[:n])); owner != "" {
		return owner
	}
	return "unknown"
}

// alive says whether the owner of a lock may still run. An owner that is not a number counts as alive: it took the lock
// a moment ago.
func alive(owner string) bool {
	pid, err := strconv.Atoi(owner)
	if err != nil {
		return true
	}
	err = syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
