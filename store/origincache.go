package store

import (
	"context"
	"sync"

	"github.com/ClickHouse/ch-go/proto"
)

type originHashes struct{ resource, scope uint64 }

// maxCachedOrigins bounds the resources and the scopes that originCache holds; when full it starts again.
const maxCachedOrigins = 20_000

// originCache keeps resources and scopes by hash. What a hash names never changes, so entries never go stale.
type originCache struct {
	mu        sync.RWMutex
	resources map[uint64]*Resource // protected by mu
	scopes    map[uint64]*Scope    // protected by mu
}

// originSet is what one read needs.
type originSet struct {
	resources map[uint64]*Resource
	scopes    map[uint64]*Scope
}

// resource never returns nil: a span whose resource is lost still says which one it was.
func (o originSet) resource(hash uint64) *Resource {
	if r := o.resources[hash]; r != nil {
		return r
	}
	r := &Resource{Hash: hash}
	o.resources[hash] = r
	return r
}

func (o originSet) scope(hash uint64) *Scope {
	if s := o.scopes[hash]; s != nil {
		return s
	}
	s := new(Scope)
	o.scopes[hash] = s
	return s
}

// lookupOrigins finds every resource and scope of hashes: in the cache, else in the tables, among those in use on the days
// from fromDay to toDay.
func (s *Store) lookupOrigins(ctx context.Context, hashes []originHashes, fromDay, toDay uint16) (originSet, error) {
	set := originSet{make(map[uint64]*Resource), make(map[uint64]*Scope)}
	var noResource, noScope []uint64
	c := &s.origins
	c.mu.RLock()
	for _, h := range hashes {
		if _, ok := set.resources[h.resource]; !ok {
			r := c.resources[h.resource]
			if set.resources[h.resource] = r; r == nil {
				noResource = append(noResource, h.resource)
			}
		}
		if _, ok := set.scopes[h.scope]; !ok {
			sc := c.scopes[h.scope]
			if set.scopes[h.scope] = sc; sc == nil {
				noScope = append(noScope, h.scope)
			}
		}
	}
	c.mu.RUnlock()

	if len(noResource) > 0 {
		cols := newResourceColumns()
		err := s.readNative(ctx, s.named("resources"), originParams(noResource, fromDay, toDay), cols.named, func() {
			for i, hash := range cols.hash {
				set.resources[hash] = cols.row(i)
			}
		}, func() {})
		if err != nil {
			return set, err
		}
	}
	if len(noScope) > 0 {
		cols := newScopeColumns()
		err := s.readNative(ctx, s.named("scopes"), originParams(noScope, fromDay, toDay), cols.named, func() {
			for i, hash := range cols.hash {
				set.scopes[hash] = cols.row(i)
			}
		}, func() {})
		if err != nil {
			return set, err
		}
	}
	c.keep(set, noResource, noScope)
	return set, nil
}

func (c *originCache) keep(set originSet, resources, scopes []uint64) {
	if len(resources)+len(scopes) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resources == nil || len(c.resources)+len(resources) > maxCachedOrigins {
		c.resources = make(map[uint64]*Resource)
	}
	for _, hash := range resources {
		if r := set.resources[hash]; r != nil {
			c.resources[hash] = r
		}
	}
	if c.scopes == nil || len(c.scopes)+len(scopes) > maxCachedOrigins {
		c.scopes = make(map[uint64]*Scope)
	}
	for _, hash := range scopes {
		if sc := set.scopes[hash]; sc != nil {
			c.scopes[hash] = sc
		}
	}
}

func originParams(hashes []uint64, fromDay, toDay uint16) []proto.Parameter {
	return []proto.Parameter{uintsParam("hashes", hashes), intParam("from_day", int64(fromDay)), intParam("to_day", int64(toDay))}
}
