package function

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Problem is one thing that is wrong with a definition.
type Problem struct {
	// Line of the manifest, from 1; 0 when it is not about a line.
	Line int `json:"line,omitempty"`
	// Field is the path of names in the manifest, such as instances.max. Empty: the manifest as a whole.
	Field string `json:"field,omitempty"`
	// Text says what is wanted and what was got.
	Text string `json:"text"`
}

func (p Problem) String() string {
	text := p.Text
	if strings.ContainsFunc(p.Field, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		text = strconv.Quote(p.Field) + ": " + text // one problem stays one line
	} else if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// InvalidError holds everything that is wrong with a definition.
type InvalidError struct {
	// File is the manifest's name; empty for a definition that came otherwise.
	File     string
	Problems []Problem
}

// Error is one line for one problem, else a line that counts them and one for each, by line of the manifest.
func (e *InvalidError) Error() string {
	prefix := ""
	if e.File != "" {
		prefix = e.File + ": "
	}
	if len(e.Problems) == 1 {
		return prefix + e.Problems[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%d problems", prefix, len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

func invalid(file string, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &InvalidError{File: file, Problems: problems}
}
