package storeexporter

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// file is what the queue needs of an open file; tests put one in that fails.
type file interface {
	io.Writer
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// files opens the queue's files.
type files struct {
	open func(path string, flag int) (file, error)
}

var osFiles = files{open: func(path string, flag int) (file, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err // not f: a nil *os.File is no nil file
	}
	return f, nil
}}

// lockDir takes the exclusive lock of a queue directory. The kernel drops it with the process.
func lockDir(dir string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("in use by another process or exporter")
		}
		return nil, fmt.Errorf("lock queue directory %s: %w", dir, err)
	}
	return f, nil
}

// syncDir makes names created in or removed from dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
