package storeexporter

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// rejected is the folder for what will never be stored: items the store refuses for good, as OTLP JSON that can be sent
// again, and bytes of the queue that cannot be read. It is bounded; the oldest files go first.
type rejected struct {
	dir      string
	maxBytes int64
	mu       sync.Mutex // protects the folder
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
	if err := r.makeRoom(int64(len(data) + len(reason))); err != nil {
		return err
	}
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path+".reason", []byte(reason+"\n"), 0o600)
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

// makeRoom removes the oldest files until n more bytes fit.
func (r *rejected) makeRoom(n int64) error {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return err
	}
	type old struct {
		name string
		size int64
		at   time.Time
	}
	var all []old
	total := n
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			all = append(all, old{e.Name(), info.Size(), info.ModTime()})
			total += info.Size()
		}
	}
	for total > r.maxBytes && len(all) > 0 {
		first := 0
		for i := range all {
			if all[i].at.Before(all[first].at) {
				first = i
			}
		}
		if err := os.Remove(filepath.Join(r.dir, all[first].name)); err != nil {
			return err
		}
		total -= all[first].size
		all = append(all[:first], all[first+1:]...)
	}
	return nil
}
