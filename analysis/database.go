package analysis

import "cmp"

// Database is what a trace spent on databases. A database span that holds others (a wrapper, a transaction) is not counted, they are.
type Database struct {
	DatabaseCost
	ByStatement List[Statement]
	ByPeer      List[DatabasePeer]
}

// DatabaseCost adds calls up.
type DatabaseCost struct {
	Calls, Errors int
	TotalNS       int64 // sum of the calls' durations
	WallNS        int64 // time in which at least one of them ran
	CriticalNS    int64 // part of the critical path that was in them
	LongestNS     int64
	Longest       int // the span that took LongestNS, -1 for none
}

// Statement is the calls with one statement hash or, without one, of one service and name.
type Statement struct {
	DatabaseCost
	Hash                uint64 // 0 when the spans carry none
	Service, Name, Peer string
}

// DatabasePeer is the calls of one database.
type DatabasePeer struct {
	DatabaseCost
	Peer string
}

func (v *view) databaseCost() Database {
	type statement struct {
		hash                uint64
		service, name, peer uint32
	}
	var (
		all        = DatabaseCost{Longest: -1}
		ran        []interval
		statements = newTable[statement, Statement]()
		peers      = newTable[uint32, DatabasePeer]()
		ranOf      = newTable[statement, []interval]()
		ranAt      = newTable[uint32, []interval]()
	)
	for _, r := range v.databaseCalls() {
		s := v.span(r)
		key := statement{hash: s.Statement, peer: s.Peer}
		if s.Statement == 0 {
			key.service, key.name = s.Service, s.Name
		}
		st, peer := statements.at(key), peers.at(s.Peer)
		if st.Calls == 0 {
			*st = Statement{Hash: s.Statement, Service: v.text(s.Service), Name: v.text(s.Name), Peer: v.text(s.Peer)}
			peer.Peer = v.text(s.Peer)
		}
		for _, c := range []*DatabaseCost{&all, &st.DatabaseCost, &peer.DatabaseCost} {
			v.addCall(c, r)
		}
		in := interval{v.start[r], v.end[r]}
		ran = append(ran, in)
		for _, list := range []*[]interval{ranOf.at(key), ranAt.at(s.Peer)} {
			*list = append(*list, in)
		}
	}
	all.WallNS = union(ran)
	for i := range statements.values {
		statements.values[i].WallNS = union(ranOf.values[i])
	}
	for i := range peers.values {
		peers.values[i].WallNS = union(ranAt.values[i])
	}
	return Database{
		DatabaseCost: all,
		ByStatement: firstOf(statements.sorted(func(a, b *Statement) int {
			return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Peer, b.Peer))
		}), maxListed),
		ByPeer: firstOf(peers.sorted(func(a, b *DatabasePeer) int {
			return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Peer, b.Peer))
		}), maxListed),
	}
}

func (v *view) addCall(c *DatabaseCost, r int32) {
	s := v.span(r)
	if d := s.duration(); c.Calls == 0 || d > c.LongestNS {
		c.LongestNS, c.Longest = d, int(v.tree.Span[r])
	}
	c.Calls++
	c.TotalNS += s.duration()
	c.CriticalNS += v.below[r]
	if s.Failed {
		c.Errors++
	}
}

// databaseCalls are the rows of database spans without a database span directly under them.
func (v *view) databaseCalls() []int32 {
	wraps := make(map[int32]bool)
	var rows []int32
	for r := range int32(len(v.Spans)) {
		if !v.database(r) || v.flag(r, Duplicate) {
			continue
		}
		rows = append(rows, r)
		if p := v.tree.Parent[r]; p != None && v.database(p) {
			wraps[p] = true
		}
	}
	calls := rows[:0]
	for _, r := range rows {
		if !wraps[r] {
			calls = append(calls, r)
		}
	}
	return calls
}
