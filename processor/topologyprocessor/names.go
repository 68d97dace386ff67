package topologyprocessor

import "strings"

// name numbers a text, so that what is kept of a span has no pointers. 0 is the empty text.
type name uint32

// names holds each text once.
type names struct {
	ids   map[string]name
	texts []string
	// recent are the latest of texts by their length and ends: most texts recur, and a comparison is cheaper than a look-up.
	recent [64]name
}

func (n *names) reset() {
	n.ids = make(map[string]name)
	n.texts = append(n.texts[:0:0], "")
	n.recent = [64]name{}
}

func (n *names) len() int { return len(n.texts) - 1 }

// of copies s when it is new: it may be part of a request.
func (n *names) of(s string) name {
	if s == "" {
		return 0
	}
	at := &n.recent[(7*len(s)+int(s[0])+int(s[len(s)-1]))%len(n.recent)]
	if n.texts[*at] == s {
		return *at
	}
	if id, ok := n.ids[s]; ok {
		*at = id
		return id
	}
	s = strings.Clone(s)
	id := name(len(n.texts))
	n.texts = append(n.texts, s)
	n.ids[s] = id
	*at = id
	return id
}

func (n *names) text(id name) string { return n.texts[id] }
