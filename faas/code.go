package faas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"weft/faas/function"
	"weft/state"
)

// codeCache holds unpacked code, a folder for each digest, shared by all instances.
type codeCache struct {
	dir     string
	objects *state.Objects

	mu      sync.Mutex // protects loading
	loading map[string]*loading
}

// loading is an unpacking under way, which several starts may wait for.
type loading struct {
	done chan struct{}
	err  error
}

// newCodeCache empties dir: what an earlier process unpacked may be half of it, and is quickly unpacked again.
func newCodeCache(dir string, objects *state.Objects) (*codeCache, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("code cache: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("code cache: %w", err)
	}
	return &codeCache{dir: dir, objects: objects, loading: make(map[string]*loading)}, nil
}

// get returns the folder with a version's code, unpacked if it was not there. hit says that it was.
func (c *codeCache) get(ctx context.Context, digest string) (dir string, hit bool, err error) {
	dir = filepath.Join(c.dir, digest)
	if _, err := os.Stat(dir); err == nil {
		return dir, true, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("code cache: %w", err)
	}
	c.mu.Lock()
	l, waiting := c.loading[digest]
	if !waiting {
		l = &loading{done: make(chan struct{})}
		c.loading[digest] = l
		go func() {
			l.err = c.load(context.WithoutCancel(ctx), digest, dir)
			c.mu.Lock()
			delete(c.loading, digest)
			c.mu.Unlock()
			close(l.done)
		}()
	}
	c.mu.Unlock()
	select {
	case <-l.done:
		return dir, false, l.err
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
}

// load fetches the package into a file, because a zip is read from its end, and unpacks it.
func (c *codeCache) load(ctx context.Context, digest, dir string) (err error) {
	r, _, err := c.objects.Open(ctx, digest)
	if err != nil {
		return fmt.Errorf("code %s: %w", digest, err)
	}
	defer r.Close()
	zip, err := os.CreateTemp(c.dir, ".zip-*")
	if err != nil {
		return fmt.Errorf("code cache: %w", err)
	}
	defer func() { err = errors.Join(err, zip.Close(), os.Remove(zip.Name())) }()
	size, err := io.Copy(zip, r)
	if err != nil {
		return fmt.Errorf("code %s: %w", digest, err)
	}
	if err := function.Unpack(zip, size, dir); err != nil {
		return &CodeError{err}
	}
	return nil
}

// check unpacks fn's code, so that a package that cannot be is refused when it is deployed.
func (c *codeCache) check(ctx context.Context, fn *function.Function) error {
	_, _, err := c.get(ctx, fn.CodeDigest)
	return err
}
