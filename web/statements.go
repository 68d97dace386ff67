package web

import (
	"cmp"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"weft/store"
)

type statement struct {
	Hash          string    `json:"hash"`
	Statement     string    `json:"statement"`
	System        string    `json:"system"`
	Peers         []string  `json:"peers"`
	Services      []string  `json:"services"`
	Calls         uint64    `json:"calls"`
	Rate          float64   `json:"rate"`
	Errors        uint64    `json:"errors"`
	ErrorRate     float64   `json:"errorRate"`
	TimeNS        float64   `json:"timeNs"`
	TimeShare     float64   `json:"timeShare"`
	MeanNS        float64   `json:"meanNs"`
	CallsPerTrace float64   `json:"callsPerTrace"`
	MostCalls     uint64    `json:"mostCallsInTrace"`
	NewestTraceID string    `json:"newestTraceId"`
	NewestNS      instantNS `json:"newestNs"`
	latencies
}

type statementPage struct {
	FromNS     instantNS   `json:"fromNs"`
	ToNS       instantNS   `json:"toNs"`
	Total      int         `json:"total"`
	Statements []statement `json:"statements"`
}

// statementOrders are the columns that the table of statements can be sorted by.
var statementOrders = map[string]func(a, b *statement) int{
	"time":          func(a, b *statement) int { return cmp.Compare(b.TimeNS, a.TimeNS) },
	"calls":         func(a, b *statement) int { return cmp.Compare(b.Calls, a.Calls) },
	"errors":        func(a, b *statement) int { return cmp.Compare(b.Errors, a.Errors) },
	"p50":           func(a, b *statement) int { return cmp.Compare(b.P50NS, a.P50NS) },
	"p95":           func(a, b *statement) int { return cmp.Compare(b.P95NS, a.P95NS) },
	"p99":           func(a, b *statement) int { return cmp.Compare(b.P99NS, a.P99NS) },
	"mean":          func(a, b *statement) int { return cmp.Compare(b.MeanNS, a.MeanNS) },
	"callsPerTrace": func(a, b *statement) int { return cmp.Compare(b.CallsPerTrace, a.CallsPerTrace) },
	"name":          func(a, b *statement) int { return strings.Compare(a.Hash, b.Hash) },
}

func (s *Server) getStatements(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	span, service, sorts := p.closed(p.timeRange(s.now()), s.now()), p.text("service", maxText), []string{}
	for name := range statementOrders {
		sorts = append(sorts, name)
	}
	table, only := p.tablePage(sorts, "time"), p.statementHash()
	if err := p.err(); err != nil {
		return err
	}
	span.From, span.To = span.From.Truncate(time.Minute), span.To.Add(time.Minute-1).Truncate(time.Minute)
	totals, err := s.store.StatementTotals(r.Context(), span, service)
	if err != nil {
		return err
	}
	rows := make([]statement, len(totals))
	hashes := make(map[string]uint64, len(totals))
	var all float64
	for i, t := range totals {
		rows[i] = newStatement(&t, span.To.Sub(span.From))
		hashes[rows[i].Hash] = t.Hash
		all += t.DurationNS
	}
	if only != "" {
		rows = slices.DeleteFunc(rows, func(row statement) bool { return row.Hash != only })
	}
	page := cut(table, rows, statementOrders[table.sort])
	asked := make([]uint64, len(page))
	for i := range page {
		asked[i] = hashes[page[i].Hash]
	}
	texts, err := s.store.StatementTexts(r.Context(), span, asked)
	if err != nil {
		return err
	}
	for i := range page {
		page[i].Statement = texts[asked[i]]
		if asked[i] == 0 {
			page[i].Statement = store.OtherName
		}
		if all > 0 {
			page[i].TimeShare = page[i].TimeNS / all
		}
	}
	return writeJSON(w, statementPage{FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), Total: len(rows), Statements: page})
}

var statementHash = regexp.MustCompile(`^[0-9a-f]{16}$`)

// statementHash reads which one statement is meant; "" is all.
func (p *params) statementHash() string {
	hash := p.text("hash", maxText)
	if hash != "" && !statementHash.MatchString(hash) {
		p.fail("hash", hash, "16 hex digits", errors.New("not a statement's hash"))
	}
	return hash
}

func newStatement(t *store.StatementTotals, over time.Duration) statement {
	out := statement{
		Hash: hash16(t.Hash), System: t.System, Peers: notNil(t.Peers), Services: notNil(t.Services), Calls: t.Calls, Errors: t.Errors,
		TimeNS: t.DurationNS, MostCalls: t.MostCalls, NewestTraceID: t.NewestTrace.String(), NewestNS: instantNS(t.NewestNS), latencies: newLatencies(t.Latency),
		Rate: float64(t.Calls) / over.Seconds(),
	}
	if t.Calls > 0 {
		out.ErrorRate, out.MeanNS = float64(t.Errors)/float64(t.Calls), t.DurationNS/float64(t.Calls)
	}
	if t.Traces > 0 {
		out.CallsPerTrace = float64(t.Calls) / float64(t.Traces)
	}
	return out
}
