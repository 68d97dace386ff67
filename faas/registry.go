package faas

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"weft/faas/function"
	"weft/state"
)

// registry knows what was deployed. The state is the truth, which several runtimes may share; what it says is followed and kept
// here, so that a request never asks it.
type registry struct {
	rt      *Runtime
	own     *state.State // opened for this runtime alone; nil when it was given
	bucket  *state.Bucket
	objects *state.Objects
	done    chan struct{} // closed when following has ended

	mu      sync.RWMutex // protects what follows
	known   map[string]*known
	changed chan struct{} // closed when something has changed, and made anew
}

// known is what there is of one name.
type known struct {
	latest      *function.Function
	versions    map[string]*function.Function
	aliases     map[string]string // to versions
	deployments int               // of $LATEST that this process has seen
}

// Keys of the bucket: NAME/latest, NAME/version/N, NAME/alias/ALIAS.
const (
	latestKey  = "latest"
	versionKey = "version"
	aliasKey   = "alias"
)

// openRegistry makes rt's registry, which reads what there is and follows what changes until ctx ends.
func openRegistry(ctx context.Context, rt *Runtime) error {
	g := &registry{rt: rt, known: make(map[string]*known), changed: make(chan struct{}), done: make(chan struct{})}
	st := rt.cfg.State
	if st == nil {
		var err error
		if st, err = state.Open(ctx, state.Config{Dir: filepath.Join(rt.cfg.Dir, "state"), Logger: rt.log}); err != nil {
			return err
		}
		g.own = st
	}
	err := g.follow(ctx, st)
	if err != nil && g.own != nil {
		g.own.Close()
	}
	return err
}

func (g *registry) follow(ctx context.Context, st *state.State) (err error) {
	if g.bucket, err = st.Bucket(ctx, "functions"); err != nil {
		return err
	}
	if g.objects, err = st.Objects(ctx, "code"); err != nil {
		return err
	}
	entries, changes, err := g.bucket.Watch(ctx, "")
	if err != nil {
		return err
	}
	g.rt.registry = g // asked by the pools of provisioned instances, which come with the records
	forgotten, err := g.forget(ctx, entries)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name, _, _ := strings.Cut(e.Key, "/"); !forgotten[name] {
			g.take(e, false)
		}
	}
	go func() {
		defer close(g.done)
		for c := range changes {
			g.take(c.Entry, c.Deleted)
		}
	}()
	return nil
}

// forget deletes the records of those functions that Config.Forget names, and returns their names.
func (g *registry) forget(ctx context.Context, entries []state.Entry) (map[string]bool, error) {
	names := make(map[string]bool)
	if g.rt.cfg.Forget == nil {
		return names, nil
	}
	for _, e := range entries {
		name, kind, _ := strings.Cut(e.Key, "/")
		var fn function.Function
		if kind == latestKey && json.Unmarshal(e.Value, &fn) == nil && g.rt.cfg.Forget(&fn) {
			names[name] = true
			g.rt.log.Info("a function that was left behind is removed", "function", name, "owner", fn.Owner)
		}
	}
	for _, e := range entries {
		if name, _, _ := strings.Cut(e.Key, "/"); names[name] {
			// What somebody has changed meanwhile is theirs.
			if err := g.bucket.Delete(ctx, e.Key, e.Revision); err != nil && !errors.Is(err, state.ErrNotFound) && !errors.Is(err, state.ErrConflict) {
				return nil, fmt.Errorf("remove %s: %w", e.Key, err)
			}
		}
	}
	return names, nil
}

// take is apply, for records that nobody waits for.
func (g *registry) take(e state.Entry, deleted bool) {
	if err := g.apply(e, deleted); err != nil {
		g.rt.log.Error("a record of a function cannot be read", "key", e.Key, "error", err)
	}
}

func (g *registry) close() {
	<-g.done
	if g.own != nil {
		g.own.Close()
	}
}

// apply takes in one record as it is now.
func (g *registry) apply(e state.Entry, deleted bool) error {
	parts := strings.SplitN(e.Key, "/", 3)
	if len(parts) < 2 {
		return errors.New("want a key NAME/latest, NAME/version/N or NAME/alias/ALIAS")
	}
	name := parts[0]
	var fn *function.Function
	if !deleted && parts[1] != aliasKey {
		fn = new(function.Function)
		if err := json.Unmarshal(e.Value, fn); err != nil {
			return err
		}
		fn.Revision = e.Revision
	}
	g.mu.Lock()
	k := g.known[name]
	if k == nil {
		k = &known{versions: make(map[string]*function.Function), aliases: make(map[string]string)}
		g.known[name] = k
	}
	var old *function.Function
	switch {
	case parts[1] == latestKey:
		old, k.latest = k.latest, fn
		if fn != nil {
			k.deployments++
		}
	case parts[1] == versionKey && len(parts) == 3:
		old = k.versions[parts[2]]
		if k.versions[parts[2]] = fn; fn == nil {
			delete(k.versions, parts[2])
		}
	case parts[1] == aliasKey && len(parts) == 3:
		if k.aliases[parts[2]] = string(e.Value); deleted {
			delete(k.aliases, parts[2])
		}
	}
	if k.latest == nil && len(k.versions)+len(k.aliases) == 0 {
		delete(g.known, name)
	}
	close(g.changed)
	g.changed = make(chan struct{})
	g.mu.Unlock()
	if old != nil {
		g.rt.retire(old.Key())
	}
	if fn != nil && fn.Instances.Provisioned > 0 {
		_, err := g.rt.target(fn) // its instances are started without a request
		return err
	}
	return nil
}

// resolve finds the version that a qualifier means.
func (g *registry) resolve(name, qualifier string) (*function.Function, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.find(name, qualifier)
}

// find is resolve with g.mu held.
func (g *registry) find(name, qualifier string) (*function.Function, error) {
	k := g.known[name]
	if k == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	if qualifier == "" || qualifier == function.Latest {
		if k.latest == nil {
			return nil, fmt.Errorf("%w: %s has no %s", ErrNotFound, name, function.Latest)
		}
		return k.latest, nil
	}
	version := qualifier
	if v, ok := k.aliases[qualifier]; ok {
		if version = v; version == function.Latest {
			return k.latest, nil
		}
	}
	fn := k.versions[version]
	if fn == nil {
		return nil, fmt.Errorf("%w: %s has no version or alias %s", ErrNotFound, name, qualifier)
	}
	return fn, nil
}

// current says whether fn can still be asked for.
func (g *registry) current(fn *function.Function) bool {
	now, err := g.resolve(fn.Name, fn.Version)
	return err == nil && now != nil && now.Revision == fn.Revision
}

// await waits until this runtime has taken note of fn, or of what came after it.
func (g *registry) await(ctx context.Context, fn *function.Function) error {
	return g.until(ctx, fn.Name, func() bool {
		now, err := g.find(fn.Name, fn.Version)
		return err == nil && now.Revision >= fn.Revision
	})
}

func (g *registry) awaitAlias(ctx context.Context, name, alias, version string) error {
	return g.until(ctx, name, func() bool { k := g.known[name]; return k == nil || k.aliases[alias] == version })
}

// until waits until this runtime has heard of a change of name. done is called with g.mu held.
func (g *registry) until(ctx context.Context, name string, done func() bool) error {
	for {
		g.mu.RLock()
		changed, ok := g.changed, done()
		g.mu.RUnlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-g.done:
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("%s is changed, but this runtime has not heard of it: %w", name, ctx.Err())
		}
	}
}

func (g *registry) deployments(name string) int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if k := g.known[name]; k != nil {
		return k.deployments
	}
	return 0
}

// Deployed is what there is of one function.
type Deployed struct {
	Latest   *function.Function
	Versions []*function.Function // oldest first
	// Aliases are names of versions.
	Aliases map[string]string
}

// Functions are all that were deployed, by name.
func (rt *Runtime) Functions() []Deployed {
	g := rt.registry
	g.mu.RLock()
	defer g.mu.RUnlock()
	all := make([]Deployed, 0, len(g.known))
	for _, name := range slices.Sorted(maps.Keys(g.known)) {
		all = append(all, g.known[name].deployed())
	}
	return all
}

// Function is what there is of one. ErrNotFound when there is nothing.
func (rt *Runtime) Function(name string) (Deployed, error) {
	g := rt.registry
	g.mu.RLock()
	defer g.mu.RUnlock()
	k := g.known[name]
	if k == nil {
		return Deployed{}, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	return k.deployed(), nil
}

func (k *known) deployed() Deployed {
	d := Deployed{Latest: k.latest, Aliases: maps.Clone(k.aliases), Versions: slices.Collect(maps.Values(k.versions))}
	slices.SortFunc(d.Versions, func(a, b *function.Function) int { return versionNumber(a.Version) - versionNumber(b.Version) })
	return d
}

func versionNumber(v string) int {
	n, _ := strconv.Atoi(v)
	return n
}

// Deploy makes fn, with the code that is read from code (a zip as function.Pack writes it), what $LATEST means. Instances of the
// version before finish what they have. It returns once this runtime has taken note. Without code, fn.CodeDigest names a package that
// was deployed before, as of another function.
func (rt *Runtime) Deploy(ctx context.Context, fn function.Function, code io.Reader) (*function.Function, error) {
	g := rt.registry
	fn.Version = function.Latest
	if code != nil {
		object, err := g.objects.Put(ctx, code)
		if err != nil {
			return nil, fmt.Errorf("store code of %s: %w", fn.Name, err)
		}
		fn.CodeDigest, fn.CodeBytes = object.Digest, object.Size
	} else if has, err := g.objects.Has(ctx, fn.CodeDigest); err != nil || !has {
		return nil, errors.Join(fmt.Errorf("deploy %s: there is no package with the digest %q", fn.Name, fn.CodeDigest), err)
	}
	if err := fn.Validate(); err != nil {
		return nil, err
	}
	if err := rt.checkMemory(&fn); err != nil {
		return nil, err
	}
	if err := rt.code.check(ctx, &fn); err != nil {
		return nil, err
	}
	value, err := json.Marshal(&fn)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", fn.Name, err)
	}
	if fn.Revision, err = g.put(ctx, fn.Name+"/"+latestKey, value); err != nil {
		return nil, fmt.Errorf("deploy %s: %w", fn.Name, err)
	}
	if err := g.await(ctx, &fn); err != nil {
		return nil, err
	}
	return &fn, nil
}

// put writes a record in place of what is there. When somebody else does so at the same time, the later one wins.
func (g *registry) put(ctx context.Context, key string, value []byte) (uint64, error) {
	for {
		have, err := g.bucket.Get(ctx, key)
		var revision uint64
		switch {
		case errors.Is(err, state.ErrNotFound):
			revision, err = g.bucket.Create(ctx, key, value)
		case err == nil:
			revision, err = g.bucket.Update(ctx, key, value, have.Revision)
		}
		if !errors.Is(err, state.ErrConflict) {
			return revision, err
		}
	}
}

// Publish makes a version of what $LATEST means now. Its number is one more than the greatest.
func (rt *Runtime) Publish(ctx context.Context, name string) (*function.Function, error) {
	g := rt.registry
	for {
		d, err := rt.Function(name)
		if err != nil {
			return nil, err
		}
		if d.Latest == nil {
			return nil, fmt.Errorf("%w: %s has no %s", ErrNotFound, name, function.Latest)
		}
		next := 1
		if n := len(d.Versions); n > 0 {
			next = versionNumber(d.Versions[n-1].Version) + 1
		}
		fn := *d.Latest
		fn.Version = strconv.Itoa(next)
		value, err := json.Marshal(&fn)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
		fn.Revision, err = g.bucket.Create(ctx, name+"/"+versionKey+"/"+fn.Version, value)
		if errors.Is(err, state.ErrConflict) {
			// Somebody else was faster, and this runtime will know in a moment.
			fn.Revision = 0
			if err := g.await(ctx, &fn); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("publish %s: %w", name, err)
		}
		return &fn, g.await(ctx, &fn)
	}
}

// Alias makes alias another name of a version.
func (rt *Runtime) Alias(ctx context.Context, name, alias, version string) error {
	if _, err := rt.registry.resolve(name, version); err != nil {
		return err
	}
	if err := function.CheckName(alias); err != nil {
		return fmt.Errorf("alias: %w", err)
	}
	if _, err := rt.registry.put(ctx, name+"/"+aliasKey+"/"+alias, []byte(version)); err != nil {
		return fmt.Errorf("alias %s of %s: %w", alias, name, err)
	}
	return rt.registry.awaitAlias(ctx, name, alias, version)
}

// Remove forgets a function with its versions and aliases. What runs is finished.
func (rt *Runtime) Remove(ctx context.Context, name string) error {
	if _, err := rt.Function(name); err != nil {
		return err
	}
	g := rt.registry
	for {
		entries, err := g.bucket.List(ctx, name+"/")
		if err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
		if len(entries) == 0 {
			return g.until(ctx, name, func() bool { return g.known[name] == nil })
		}
		for _, e := range entries {
			// What was changed since it was listed is looked at again.
			if err := g.bucket.Delete(ctx, e.Key, e.Revision); err != nil && !errors.Is(err, state.ErrNotFound) && !errors.Is(err, state.ErrConflict) {
				return fmt.Errorf("remove %s: %w", e.Key, err)
			}
		}
	}
}
