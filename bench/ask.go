package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// asked is what the calls of one query on one side came to. SamplesNS are whole HTTP calls, the answer read, in order of the calls.
type asked struct {
	SamplesNS []int64 `json:"samples_ns"`
	P50NS     int64   `json:"p50_ns"`
	P99NS     int64   `json:"p99_ns"`
	// Bytes of the answer, the middle of all.
	Bytes int `json:"bytes"`
}

// queried is one row of the table.
type queried struct {
	Name   string `json:"query"`
	Window string `json:"window,omitempty"`
	Weft   *asked `json:"weft,omitempty"` // nil: this build does not serve it
	// Documented is the statement of the exporter's README, Newest the one that, like Weft, answers with the newest.
	Documented *asked `json:"stock,omitempty"`
	Newest     *asked `json:"stock_newest,omitempty"`
	// Errors say what an answer lacked; the figures are worth nothing then.
	Errors []string `json:"errors,omitempty"`
}

// sized is what was measured at one size.
type sized struct {
	Spans  int64 `json:"spans"`
	Copies int   `json:"copies"`
	// Copies of the same values compress better than spans do: bytes say something when there is none.
	WeftBytes  int64     `json:"weft_disk_bytes"`
	StockBytes int64     `json:"stock_disk_bytes"`
	Queries    []queried `json:"queries"`
}

var errNotServed = errors.New("this build does not serve it")

// call is one HTTP call.
type call func(ctx context.Context) (*http.Request, error)

// client keeps a connection open on each side, as a browser or Grafana does.
var client = &http.Client{Timeout: time.Minute}

// measure asks every query at the present size. Both sides are asked the same in turn, call by call.
func (q *querying) measure(ctx context.Context, copies int) (out sized, err error) {
	for _, s := range q.opts.sides {
		settled, cancel := context.WithTimeout(ctx, 20*time.Minute)
		_, err := q.settle(settled, s, func() (time.Duration, error) { return 0, nil })
		cancel()
		if err != nil {
			return out, fmt.Errorf("%s does not come to rest: %w", s.name, err)
		}
	}
	out.Spans, out.Copies = q.state.Spans*int64(copies+1), copies
	for database, into := range map[string]*int64{"weft": &out.WeftBytes, "stock": &out.StockBytes} {
		tables, err := q.tableBytes(ctx, database)
		if err != nil {
			return out, err
		}
		*into = total(tables)
	}
	weft, err := startCollector(ctx, sideNamed("weft"), q.run)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, weft.stop()) }()
	for _, pr := range probes {
		if !strings.Contains(pr.name, q.opts.only) {
			continue
		}
		windows := pr.windows
		if windows == nil {
			windows = []string{""}
		}
		for _, in := range windows {
			row, err := q.ask(ctx, weft.api, pr, in, copies)
			if err != nil {
				return out, fmt.Errorf("%s: %w", pr.name, err)
			}
			fmt.Printf("  %s\n", row)
			out.Queries = append(out.Queries, row)
		}
	}
	return out, nil
}

// ask measures one query.
func (q *querying) ask(ctx context.Context, api string, pr probe, in string, copies int) (queried, error) {
	const warm = 3
	out := queried{Name: pr.name, Window: in}
	picks, err := q.picks(pr, in, copies, q.opts.calls+warm)
	if err != nil {
		return out, err
	}
	type subject struct {
		into **asked
		make func(p question) call
	}
	subjects := []subject{{&out.Weft, func(p question) call { return get("http://" + api + pr.path(p)) }}}
	for _, s := range []struct {
		into      **asked
		statement func(p question) string
	}{{&out.Documented, pr.documented}, {&out.Newest, pr.newest}} {
		if s.statement != nil {
			subjects = append(subjects, subject{s.into, func(p question) call { return q.sql(s.statement(p)) }})
		}
	}
	sizes := make([][]int, len(subjects))
	results := make([]asked, len(subjects))
	served := make([]bool, len(subjects))
	for i, p := range picks {
		for at, s := range subjects {
			took, body, err := timed(ctx, s.make(p))
			if at == 0 && errors.Is(err, errNotServed) {
				continue
			}
			if err != nil {
				return out, err
			}
			served[at] = true
			if i == 0 {
				if wrong := pr.wrong(p, at == 0, in, body); wrong != "" {
					out.Errors = append(out.Errors, wrong)
				}
			}
			if i >= warm {
				results[at].SamplesNS = append(results[at].SamplesNS, took.Nanoseconds())
				sizes[at] = append(sizes[at], len(body))
			}
		}
	}
	for at, s := range subjects {
		if !served[at] {
			continue
		}
		sorted := slices.Sorted(slices.Values(results[at].SamplesNS))
		slices.Sort(sizes[at])
		results[at].P50NS, results[at].P99NS = sorted[len(sorted)/2], sorted[len(sorted)*99/100]
		results[at].Bytes = sizes[at][len(sizes[at])/2]
		*s.into = &results[at]
	}
	return out, nil
}

// wrong says what an answer lacks.
func (pr probe) wrong(p question, weft bool, in string, body []byte) string {
	side := "stock"
	if weft {
		side = "weft"
	}
	needle := strings.HasPrefix(pr.name, "needle")
	switch {
	case pr.path(p) == byID(p.none):
		return ""
	case len(body) < pr.least && (in == "" || needle):
		return fmt.Sprintf("%s answered with %d bytes: %.200s", side, len(body), body)
	case pr.path(p) == byID(p.traceID):
		// Every span has its id under one name in both.
		name := `"SpanId"`
		if weft {
			name = `"spanId"`
		}
		if got := bytes.Count(body, []byte(name)); got < p.spans {
			return fmt.Sprintf("%s answered with %d spans of %d", side, got, p.spans)
		}
	}
	return ""
}

func get(address string) call {
	return func(ctx context.Context) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	}
}

// sql is a statement over ClickHouse's HTTP interface, on the stock schema.
func (q *querying) sql(statement string) call {
	return func(ctx context.Context) (*http.Request, error) {
		dsn, err := url.Parse(q.dsn("stock"))
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+q.engine.HTTPAddr()+"/?database=stock&default_format=JSONEachRow", strings.NewReader(statement))
		if err != nil {
			return nil, err
		}
		password, _ := dsn.User.Password()
		req.Header.Set("X-ClickHouse-User", dsn.User.Username())
		req.Header.Set("X-ClickHouse-Key", password)
		return req, nil
	}
}

// timed is a call from the request until the last byte of its answer.
func timed(ctx context.Context, c call) (took time.Duration, body []byte, err error) {
	req, err := c(ctx)
	if err != nil {
		return 0, nil, err
	}
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	took = time.Since(began)
	switch {
	case err != nil:
		return 0, nil, err
	case resp.StatusCode == http.StatusNotFound && bytes.Contains(body, []byte("nothing is served at")):
		return 0, nil, errNotServed
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound:
		return 0, nil, fmt.Errorf("%s: %s: %.500s", req.URL.Path, resp.Status, body)
	}
	return took, body, nil
}
