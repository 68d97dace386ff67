package seed

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/bench/truth"
)

const (
	// graphLasts is the time that a graph's spans begin in; it starts at a bucket of the map. The map also shows services that called
	// nobody on the days of its range, so that each graph has a day of its own, on which the message that waits was not sent either.
	graphLasts  = 60 * second
	day         = 24 * 3600 * second
	graphBucket = 10 * second
	callsFrom   = 3 // edges from each service, at most
	// unhealthyShare of the services fail every call.
	unhealthyShare = 0.01
	graphTeams     = 25
)

// graphs are call graphs of given sizes.
func (m *maker) graphs() {
	for i, nodes := range []int{50, 1000, 2000} {
		name := fmt.Sprint(nodes)
		m.begin("graph " + name)
		start := m.base - int64(i+2)*day
		start -= start % graphBucket
		if start/day != (start+graphLasts)/day {
			start -= graphLasts
		}
		m.graph(name, nodes, start)
	}
}

// node is a member of a graph. What is called has no spans of its own unless it is a service.
type node struct {
	name, kind string
	failing    bool
}

// graph makes a trace for each service, in which that calls others.
func (m *maker) graph(name string, size int, start int64) {
	all := make([]node, size)
	var services []int
	for i := range all {
		team := fmt.Sprintf("t%02d", i%min(graphTeams, max(5, size/10)))
		all[i] = node{name: fmt.Sprintf("%s-g%d-%04d", team, size, i), kind: "service"}
		switch {
		case i%20 == 7:
			all[i].kind = "database"
		case i%25 == 11:
			all[i].kind = "queue"
		case i%50 == 13:
			all[i].kind = "external"
		default:
			all[i].failing = m.rand.Float64() < unhealthyShare
			services = append(services, i)
		}
	}
	edges := map[[2]int]bool{}
	reached := make([]bool, size)
	for at, i := range services {
		targets := map[int]bool{}
		for range callsFrom {
			if to := m.rand.IntN(size); to != i {
				targets[to] = true
			}
		}
		// What nobody has called yet is called by someone, so that all of them are on the map.
		for to := at * size / len(services); to < (at+1)*size/len(services); to++ {
			if to != i && !reached[to] {
				targets[to] = true
			}
		}
		began := start + int64(at)*graphLasts/int64(len(services))
		m.graphTrace(all, i, targets, began, start+graphLasts)
		for to := range targets {
			edges[[2]int{i, to}], reached[to] = true, true
		}
	}
	m.seed.Facts.Graphs[name] = &Graph{FromNS: start, ToNS: start + graphLasts, Nodes: size, Edges: len(edges)}
}

// graphTrace is a job of a service that calls others.
func (m *maker) graphTrace(all []node, from int, targets map[int]bool, start, before int64) {
	m.next()
	lasts := min(int64(len(targets)+1)*10*millisecond, before-start)
	job := m.span(all[from].name, "job", ptrace.SpanKindInternal, nil, start, start+lasts)
	step := lasts / int64(len(targets)+1)
	k := int64(0)
	for to := range all { // in order: that of a map is another each time
		if !targets[to] {
			continue
		}
		a, b := start+k*step, start+(k+1)*step
		k++
		m.hop(job, all[to], a, b)
	}
}

func (m *maker) hop(from *truth.Span, to node, a, b int64) {
	switch to.kind {
	case "database":
		s := m.span(from.Service, "SELECT", ptrace.SpanKindClient, from, a, b)
		s.Attributes["db.system.name"], s.Attributes["db.namespace"] = "postgresql", to.name
	case "queue":
		s := m.span(from.Service, "send "+to.name, ptrace.SpanKindProducer, from, a, b)
		s.Attributes["messaging.system"], s.Attributes["messaging.destination.name"], s.Attributes["messaging.operation.type"] = "kafka", to.name, "send"
	case "external":
		s := m.span(from.Service, "POST", ptrace.SpanKindClient, from, a, b)
		s.Attributes["http.request.method"], s.Attributes["server.address"] = "POST", to.name+".example.com"
	default:
		client, server := m.call(from, to.name, "/work", a, b)
		client.Failed, server.Failed = to.failing, to.failing
	}
}
