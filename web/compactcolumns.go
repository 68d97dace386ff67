package web

import (
	"errors"
	"slices"
	"strings"
)

// optionalColumns are those of a compact trace that a reader may do without: the tree is known from the parents alone. Of a large
// trace they are a tenth of what is sent.
var optionalColumns = []string{"subtree", "depth", "scope", "resource"}

// columnsLeftOut are the columns that the reader does without.
func (p *params) columnsLeftOut() []string {
	names := p.list("without")
	for _, name := range names {
		if !slices.Contains(optionalColumns, name) {
			p.fail("without", name, strings.Join(optionalColumns, ", "), errors.New("want one of these"))
		}
	}
	return names
}

func (c *compactColumns) leaveOut(names []string) {
	for _, name := range names {
		switch name {
		case "subtree":
			c.Subtree = nil
		case "depth":
			c.Depth = nil
		case "scope":
			c.Scope = nil
		case "resource":
			c.Resource = nil
		}
	}
}
