package storeexporter

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// rejected is the folder for what will never be stored: items the store refuses for good, as OTLP JSON that can be sent
// again, and bytes of the queue that cannot be read. It is bounded; the oldest files go first.
type rejected struct {
	dir      string
	maxBytes int64
	mu       sync.Mutex // protects the folder and what follows
	used     int64      // bytes in the folder; -1 while not known
}

// put writes one file, and beside it a text with the reason. It is best effort: the caller has counted the items.
func (r *rejected) put(name string, data []byte, reason string) error {
	if int64(len(data)+len(reason)) > r.maxBytes {
		return fmt.Errorf("set aside %s: %d bytes are more than rejected_bytes", name, len(data))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	n := int64(len(data) + len(reason))
	if r.used < 0 || r.used+n > r.maxBytes {
		if err := r.makeRoom(n); err != nil {
			return err
		}
	}
	r.used += n
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path+".reason", []byte(reason), 0o600)
}

// putRegion sets damaged bytes of a file aside.
func (r *rejected) putRegion(path string, f io.ReaderAt, d region) error {
	p := make([]byte, min(d.to-d.from, r.maxBytes/2))
	n, err := f.ReadAt(p, d.from)
	if n == 0 && err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%d.damaged", strings.TrimSuffix(filepath.Base(path), ".wal"), d.from)
	return r.put(name, p[:n], fmt.Sprintf("bytes %d to %d of %s are no valid records", d.from, d.to, filepath.Base(path)))
}

// makeRoom counts what is there and, if n more bytes do not fit, removes the oldest files until a quarter is free.
func (r *rejected) makeRoom(n int64) error {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return err
	}
	var all []os.FileInfo
	r.used = 0
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			all = append(all, info)
			r.used += info.Size()
		}
	}
	if r.used+n <= r.maxBytes {
		return nil
	}
	slices.SortFunc(all, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range all {
		if r.used+n <= r.maxBytes/4*3 {
			break
		}
		if err := os.Remove(filepath.Join(r.dir, info.Name())); err != nil {
			return err
		}
		r.used -= info.Size()
	}
	return nil
}
