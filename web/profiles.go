package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"weft/store"
)

type profileInfo struct {
	functionEvent
	Function string `json:"function"`
	Bytes    uint64 `json:"bytes"`
}

func (s *Server) listProfiles(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id := p.traceID()
	if err := p.err(); err != nil {
		return err
	}
	list, err := s.store.TraceProfiles(r.Context(), id)
	if err != nil {
		return err
	}
	return writeProfiles(w, list)
}

func (s *Server) listFunctionProfiles(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	name, span, limit := p.function(), p.closed(p.timeRange(now), now), p.number("limit", 1, 1000, 100)
	if err := p.err(); err != nil {
		return err
	}
	list, err := s.store.FunctionProfiles(r.Context(), span, name, limit)
	if err != nil {
		return err
	}
	return writeProfiles(w, list)
}

func writeProfiles(w http.ResponseWriter, list []store.ProfileInfo) error {
	out := make([]profileInfo, len(list))
	for i := range list {
		out[i] = profileInfo{newFunctionEvent(&list[i].FunctionEvent), list[i].Function, list[i].Bytes}
	}
	return writeJSON(w, map[string]any{"profiles": out})
}

// getProfile answers with pprof's form, or with a flame graph to who asks for that, or accepts JSON and not everything.
func (s *Server) getProfile(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id, span, format := p.traceID(), p.spanID(), p.oneOf("format", []string{"flamegraph", "pprof"})
	if err := p.err(); err != nil {
		return err
	}
	found, err := s.store.Profile(r.Context(), id, span)
	if err != nil {
		return err
	}
	w.Header().Set("Vary", "Accept")
	if format == "" && strings.Contains(r.Header.Get("Accept"), "application/json") {
		format = "flamegraph"
	}
	if format == "flamegraph" {
		graph, err := newFlameGraph(found.Data)
		if err != nil {
			return &problem{code: "malformed-profile", Status: http.StatusUnprocessableEntity, Title: "Malformed profile", Detail: err.Error()}
		}
		return writeJSON(w, graph)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.pb.gz"`, id, span))
	w.Write(found.Data) // an error here means that the client has gone
	return nil
}

// Bounds of what is read from a profile and shown of it.
const (
	maxProfileBytes = 64 << 20
	maxFlameNodes   = 20_000
	maxFlameDepth   = 512
)

// flameGraph is a profile by call stack.
type flameGraph struct {
	// Type and Unit are of the values: cpu in nanoseconds, samples in count.
	Type       string     `json:"type"`
	Unit       string     `json:"unit"`
	DurationNS int64      `json:"durationNs"`
	Samples    int        `json:"samples"`
	Cut        int        `json:"cut"` // nodes left out
	Root       *flameNode `json:"root"`
}

// flameNode is a function below its callers. Value is Self and the children's values.
type flameNode struct {
	Name     string       `json:"name"`
	File     string       `json:"file,omitempty"`
	Value    int64        `json:"value"`
	Self     int64        `json:"self"`
	Children []*flameNode `json:"children,omitempty"`

	index map[[2]string]*flameNode
}

// newFlameGraph reads pprof's form, gzipped or not.
func newFlameGraph(data []byte) (*flameGraph, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
		if data, err = io.ReadAll(io.LimitReader(zr, maxProfileBytes+1)); err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
	}
	if len(data) > maxProfileBytes {
		return nil, fmt.Errorf("want at most %d bytes decompressed", maxProfileBytes)
	}
	prof, err := profile.ParseUncompressed(data)
	if err != nil {
		return nil, err
	}
	if err := prof.CheckValid(); err != nil {
		return nil, err
	}
	if len(prof.SampleType) == 0 {
		return nil, errors.New("it has no type of samples")
	}
	column := len(prof.SampleType) - 1 // pprof's own default
	for i, t := range prof.SampleType {
		if t.Type == prof.DefaultSampleType {
			column = i
		}
	}
	graph := &flameGraph{Type: prof.SampleType[column].Type, Unit: prof.SampleType[column].Unit, DurationNS: prof.DurationNanos,
		Samples: len(prof.Sample), Root: &flameNode{Name: "all"}}
	for _, sample := range prof.Sample {
		if v := sample.Value[column]; v > 0 {
			graph.Root.add(sample.Location, v)
		}
	}
	graph.Cut = graph.Root.prune(maxFlameNodes)
	return graph, nil
}

// add counts a sample's stack, whose first location is the innermost; of a location's lines the last is the outermost.
func (n *flameNode) add(stack []*profile.Location, value int64) {
	n.Value += value
	depth := 0
	for _, location := range slices.Backward(stack) {
		for _, line := range slices.Backward(location.Line) {
			if line.Function == nil {
				continue
			}
			if depth++; depth > maxFlameDepth {
				break
			}
			n = n.child(line.Function.Name, line.Function.Filename)
			n.Value += value
		}
		if len(location.Line) == 0 && depth < maxFlameDepth {
			depth++
			n = n.child(fmt.Sprintf("0x%x", location.Address), "")
			n.Value += value
		}
	}
	n.Self += value
}

func (n *flameNode) child(name, file string) *flameNode {
	key := [2]string{name, file}
	if c := n.index[key]; c != nil {
		return c
	}
	if n.index == nil {
		n.index = make(map[[2]string]*flameNode)
	}
	c := &flameNode{Name: strings.ToValidUTF8(name, "\uFFFD"), File: strings.ToValidUTF8(file, "\uFFFD")}
	n.index[key] = c
	n.Children = append(n.Children, c)
	return c
}

// prune sorts children by value, leaves out the smallest nodes beyond the bound, and returns how many these are. What is left out counts as the
// parent's own.
func (n *flameNode) prune(limit int) (cut int) {
	var values []int64
	n.each(func(c *flameNode) { values = append(values, c.Value) })
	least := int64(0)
	if len(values) > limit {
		slices.Sort(values)
		least = values[len(values)-limit]
		if first, _ := slices.BinarySearch(values, least); len(values)-first > 2*limit {
			least++ // there are very many of this value
		}
	}
	n.each(func(c *flameNode) {
		c.Children = slices.DeleteFunc(c.Children, func(child *flameNode) bool {
			if child.Value >= least {
				return false
			}
			c.Self += child.Value
			child.each(func(*flameNode) { cut++ })
			return true
		})
		slices.SortFunc(c.Children, func(a, b *flameNode) int {
			return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
		})
	})
	return cut
}

// each visits the node and then all below it.
func (n *flameNode) each(visit func(*flameNode)) {
	visit(n)
	for _, c := range n.Children {
		c.each(visit)
	}
}
