package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// hopKey identifies a BrokenHop.
type hopKey struct {
	cause         BrokenCause
	from, via, to string
}

// hop collects a BrokenHop.
type hop struct {
	BrokenHop
	from, to map[uint64]*BrokenVersion // by resource
}

// broken collects the hops.
type broken struct {
	entries, calls map[traffic]uint64
	hops           map[hopKey]*hop
	versions       map[uint64]string
}

// match gives each callee the unanswered call that fits best: made by a name of the callee, the latest that had begun by the time of the
// callee's start and not ended, in the callee's trace for an orphan and in another one for a root. A call is given to one callee. A root that no
// call fits is an honest root; an orphan stays one, of an unknown caller.
func (b *broken) match(callers []caller, callees []callee) {
	byName := make(map[string][]*caller) // by start
	for i := range callers {
		c := &callers[i]
		byName[c.peer] = append(byName[c.peer], c)
		if c.address != "" && c.address != c.peer {
			byName[c.address] = append(byName[c.address], c)
		}
	}
	taken := make(map[spanKey]bool)
	for i := range callees {
		c := &callees[i]
		var best *caller
		for _, name := range c.names() {
			if name == "" {
				continue
			}
			if found := fitting(byName[name], c, taken); found != nil && (best == nil || found.startNS > best.startNS) {
				best = found
			}
		}
		if best != nil {
			taken[best.ref] = true
		}
		if best != nil || c.orphan {
			b.add(best, c)
		}
	}
}

// fitting is the latest of calls, which are ordered by start, that c may answer.
func fitting(calls []*caller, c *callee, taken map[spanKey]bool) *caller {
	end, _ := slices.BinarySearchFunc(calls, c.startNS+hopSkew+1, func(a *caller, ns int64) int { return cmp.Compare(a.startNS, ns) })
	const farBack = 10_000 // calls that are looked at for one callee
	for i := end - 1; i >= max(0, end-farBack); i-- {
		call := calls[i]
		if call.startNS < c.startNS-hopQueueTime {
			return nil
		}
		until, kind := call.endNS+hopSkew, KindServer
		if call.kind == KindProducer {
			until, kind = call.startNS+hopQueueTime, KindConsumer
		}
		if c.startNS <= until && (c.kind == kind || c.orphan && c.kind != KindServer && c.kind != KindConsumer) && !taken[call.ref] &&
			(call.ref.trace == c.ref.trace) == c.orphan {
			return call
		}
	}
	return nil
}

func (b *broken) add(from *caller, to *callee) {
	key := hopKey{cause: NewTrace, to: to.service}
	if to.orphan {
		key.cause = LostParent
	}
	example := BrokenExample{Callee: SpanRef{to.ref.trace, SpanIDFromUint64(to.ref.span)}}
	if from != nil {
		key.from, key.via = from.service, from.peer
		example.Caller = SpanRef{from.ref.trace, SpanIDFromUint64(from.ref.span)}
	}
	h := b.hops[key]
	if h == nil {
		h = &hop{from: make(map[uint64]*BrokenVersion), to: make(map[uint64]*BrokenVersion)}
		h.Cause, h.From, h.Via, h.To, h.FirstNS = key.cause, key.from, key.via, key.to, to.startNS
		b.hops[key] = h
	}
	h.Broken++
	h.FirstNS, h.LastNS = min(h.FirstNS, to.startNS), max(h.LastNS, to.startNS)
	if len(h.Examples) < maxBrokenExamples {
		h.Examples = append(h.Examples, example)
	}
	count := func(side map[uint64]*BrokenVersion, hash uint64) {
		if side[hash] == nil {
			side[hash] = &BrokenVersion{FirstNS: to.startNS}
		}
		side[hash].Broken++
		side[hash].FirstNS = min(side[hash].FirstNS, to.startNS)
	}
	count(h.to, to.resourceHash)
	if from != nil {
		count(h.from, from.resourceHash)
	}
}

// nameVersions looks up the versions of all resources that take part in a hop, whether it was broken there or not.
func (b *broken) nameVersions(ctx context.Context, s *Store, in window) error {
	services := make(map[string]bool)
	for _, h := range b.hops {
		services[h.From], services[h.To] = true, true
	}
	var hashes []uint64
	for _, counts := range []map[traffic]uint64{b.entries, b.calls} {
		for t := range counts {
			if services[t.service] {
				hashes = append(hashes, t.resourceHash)
			}
		}
	}
	slices.Sort(hashes)
	var err error
	b.versions, err = s.serviceVersions(ctx, slices.Compact(hashes), in)
	return err
}

func (b *broken) finish() []BrokenHop {
	var hops []BrokenHop
	for _, h := range b.hops {
		toCalls := func(t traffic) bool { return t.service == h.To && (h.Cause == NewTrace || t.peer == "child") }
		h.ToVersions = b.byVersion(h.to, b.entries, toCalls)
		h.FromVersions = b.byVersion(h.from, b.calls, func(t traffic) bool { return t.service == h.From && t.peer == h.Via })
		side := h.FromVersions
		if h.From == "" {
			side = h.ToVersions
		}
		for _, v := range side {
			h.Calls += v.Calls
		}
		hops = append(hops, h.BrokenHop)
	}
	slices.SortFunc(hops, func(x, y BrokenHop) int {
		return cmp.Or(cmp.Compare(y.Broken, x.Broken), strings.Compare(x.To, y.To), strings.Compare(x.From, y.From), strings.Compare(x.Via, y.Via), cmp.Compare(x.Cause, y.Cause))
	})
	return hops
}

// byVersion joins the broken calls of each resource with its traffic.
func (b *broken) byVersion(side map[uint64]*BrokenVersion, counts map[traffic]uint64, counted func(traffic) bool) []BrokenVersion {
	all := make(map[string]*BrokenVersion)
	of := func(hash uint64) *BrokenVersion {
		name := b.versions[hash]
		if all[name] == nil {
			all[name] = &BrokenVersion{Version: name}
		}
		return all[name]
	}
	for hash, v := range side {
		into := of(hash)
		if into.Broken == 0 || v.FirstNS < into.FirstNS {
			into.FirstNS = v.FirstNS
		}
		into.Broken += v.Broken
	}
	if len(side) > 0 {
		for t, n := range counts {
			if counted(t) {
				of(t.resourceHash).Calls += n
			}
		}
	}
	var versions []BrokenVersion
	for _, v := range all {
		versions = append(versions, *v)
	}
	slices.SortFunc(versions, func(x, y BrokenVersion) int {
		return cmp.Or(cmp.Compare(boolInt(x.Broken == 0), boolInt(y.Broken == 0)), cmp.Compare(x.FirstNS, y.FirstNS), strings.Compare(x.Version, y.Version))
	})
	return versions
}
