package topologyprocessor

import "strings"

// name numbers a text, so that what is kept of a span has no pointers. 0 is the empty text.
type name uint32

// names holds each text once.
type names struct {
	ids   map[string]name
	texts []string
}

func (n *names) reset() {
	n.ids = make(map[string]name)
	n.texts = append(n.texts[:0:0], "")
}

func (n *names) len() int { return len(n.texts) - 1 }

// of copies s when it is new: it may be part of a request.
func (n *names) of(s string) name {
	if s == "" {
		return 0
	}
	if id, ok := n.ids[s]; ok {
		return id
	}
	s = strings.Clone(s)
	id := name(len(n.texts))
	n.texts = append(n.texts, s)
	n.ids[s] = id
	return id
}

func (n *names) text(id name) string { return n.texts[id] }
