package store

import (
	"sync"
	"time"
)

// Bounds of the names that the roll-ups tell apart. What comes after them is counted under OtherName, so that totals stay right, until
// a day has passed and new names get their chance: a name that holds an id makes ever new ones. 50 000 operations take about 8 MB.
const (
	maxRollupServices   = 5_000
	maxRollupNames      = 1_000 // of one service
	maxRollupOperations = 50_000
	maxRollupStatements = 20_000
	rollupNamesAge      = 24 * time.Hour
)

// OtherName stands in the roll-ups, and in what is read from them, for all services, or all operations of a service, that came
// after the bounds were reached. Spans keep their names.
const OtherName = "(other)"

// nameGuard decides which names are told apart.
type nameGuard struct {
	mu         sync.Mutex
	since      time.Time                      // protected by mu, as are all below
	services   map[string]map[string]struct{} // names of each service
	operations int
	statements map[uint64]struct{}
}

// admitOperation says whether the service, and the name within it, is one of those. A nil name asks about the service only.
func (g *nameGuard) admitOperation(service, name []byte) (serviceOK, nameOK bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renew()
	names, ok := g.services[string(service)]
	if !ok {
		if len(g.services) >= maxRollupServices {
			return false, false
		}
		names = make(map[string]struct{})
		g.services[string(service)] = names
	}
	if name == nil {
		return true, false
	}
	if _, ok := names[string(name)]; ok {
		return true, true
	}
	if len(names) >= maxRollupNames || g.operations >= maxRollupOperations {
		return true, false
	}
	names[string(name)] = struct{}{}
	g.operations++
	return true, true
}

func (g *nameGuard) admitStatement(hash uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renew()
	if _, ok := g.statements[hash]; ok {
		return true
	}
	if len(g.statements) >= maxRollupStatements {
		return false
	}
	g.statements[hash] = struct{}{}
	return true
}

// renew REQUIRES mu.
func (g *nameGuard) renew() {
	if g.services == nil || time.Since(g.since) > rollupNamesAge {
		g.since, g.operations = time.Now(), 0
		g.services, g.statements = make(map[string]map[string]struct{}), make(map[uint64]struct{})
	}
}
