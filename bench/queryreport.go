package main

import (
	"fmt"
	"strings"
)

// queryReport is one file in results.
type queryReport struct {
	environment
	GOGC  int       `json:"gogc"`
	Base  int64     `json:"base_spans"`
	Calls int       `json:"calls"`
	Load  loadFacts `json:"load"`
	Sizes []sized   `json:"sizes"`
}

func (a *asked) String() string {
	if a == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f / %.1f", float64(a.P50NS)/1e6, float64(a.P99NS)/1e6)
}

// over is a's p50 divided by b's.
func (a *asked) over(b *asked) string {
	if a == nil || b == nil || b.P50NS == 0 {
		return "–"
	}
	return fmt.Sprintf("**%.2f**", float64(a.P50NS)/float64(b.P50NS))
}

func (q queried) title() string {
	if q.Window == "" {
		return q.Name
	}
	return q.Name + " (" + q.Window + ")"
}

func (q queried) String() string {
	text := fmt.Sprintf("%-44s weft %s ms, stock %s ms, stock newest %s ms", q.title(), q.Weft, q.Documented, q.Newest)
	for _, e := range q.Errors {
		text += "\n    WRONG: " + e
	}
	return text
}

// table is Markdown: p50 / p99 in milliseconds.
func (s sized) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%.1f million spans**; ms, p50 / p99", float64(s.Spans)/1e6)
	if s.Copies == 0 {
		fmt.Fprintf(&b, "; on disk %.1f bytes a span in Weft, %.1f in the stock schema", float64(s.WeftBytes)/float64(s.Spans), float64(s.StockBytes)/float64(s.Spans))
	}
	b.WriteString(":\n\n")
	b.WriteString("| query | Weft | stock SQL as documented | Weft ÷ it | stock SQL, newest first | Weft ÷ it |\n|---|---|---|---|---|---|\n")
	for _, q := range s.Queries {
		wrong := ""
		if len(q.Errors) > 0 {
			wrong = " (**wrong answers**)"
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s | %s | %s | %s |\n", q.title(), wrong, q.Weft, q.Documented, q.Weft.over(q.Documented), q.Newest, q.Weft.over(q.Newest))
	}
	return b.String()
}

// growth compares the smallest size with the largest.
func (r *queryReport) growth() string {
	first, last := r.Sizes[0], r.Sizes[len(r.Sizes)-1]
	if first.Spans == last.Spans {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Growth of p50 from %.1f to %.1f million spans:\n\n| query | Weft | stock SQL as documented | stock SQL, newest first |\n|---|---|---|---|\n",
		float64(first.Spans)/1e6, float64(last.Spans)/1e6)
	for i, q := range last.Queries {
		f := first.Queries[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", q.title(), q.Weft.over(f.Weft), q.Documented.over(f.Documented), q.Newest.over(f.Newest))
	}
	return b.String()
}

// save keeps the raw results, and the tables in README.md when everything was asked.
func (r *queryReport) save(dir string, complete bool) error {
	name := r.fileName("query-")
	if err := saveResults(dir, name, r); err != nil || !complete {
		return err
	}
	var b strings.Builder
	gogc := "as each side sets it"
	if r.GOGC > 0 {
		gogc = fmt.Sprint(r.GOGC)
	}
	fmt.Fprintf(&b, "%s %d calls of each query on each side; GOGC %s.\n\n", r.place(name), r.Calls, gogc)
	for _, s := range r.Sizes {
		b.WriteString(s.table() + "\n")
	}
	b.WriteString(r.growth())
	return fillReadme(dir, "make bench-query", b.String())
}
