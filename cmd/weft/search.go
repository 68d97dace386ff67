package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

type tracePage struct {
	Traces []struct {
		TraceID     string `json:"traceId"`
		RootService string `json:"rootService"`
		RootName    string `json:"rootName"`
		HasRoot     bool   `json:"hasRoot"`
		StartNS     string `json:"startNs"`
		DurationNS  int64  `json:"durationNs"`
		Spans       int    `json:"spans"`
		Errors      int    `json:"errors"`
	} `json:"traces"`
	NextCursor string `json:"nextCursor"`
}

// searchFlags are the flags that go to the API under the API's own names.
var searchFlags = []struct{ flag, param, usage string }{
	{"service", "service", "a span of this service"},
	{"operation", "operation", "a span of this name"},
	{"kind", "kind", "server, client, producer, consumer or internal"},
	{"min-duration", "minDuration", "shortest span, such as 250ms"},
	{"max-duration", "maxDuration", "longest span"},
	{"min-trace-duration", "minTraceDuration", "shortest whole trace"},
	{"max-trace-duration", "maxTraceDuration", "longest whole trace"},
	{"where", "where", "a tree of conditions as JSON, such as {\"or\":[…]}; see docs/api.md"},
	{"structure", "structure", "two spans in relation as JSON: {\"a\":…,\"op\":\">>\",\"b\":…}"},
	{"to", "to", "before this instant: now-5m, RFC 3339 or Unix nanoseconds"},
	{"cursor", "cursor", "continue where the page before ended"},
}

func newSearch() *cobra.Command {
	var c client
	var from string
	var errorsOnly bool
	var limit int
	values := make([]string, len(searchFlags))
	cmd := &cobra.Command{
		Use:     "search [CONDITION…]",
		Short:   "Find traces, newest first",
		Long:    "Find traces, newest first. A condition is key=value, key!=value, key>n, key>=n, key<n, key<=n, key (exists) or !key, and all must hold on one span.",
		Example: "  weft search --service shop-frontend --min-duration 250ms 'http.response.status_code>=500'",
		RunE: func(cmd *cobra.Command, conditions []string) error {
			q := url.Values{"from": {from}, "limit": {strconv.Itoa(limit)}, "attr": conditions}
			for i, f := range searchFlags {
				if values[i] != "" {
					q.Set(f.param, values[i])
				}
			}
			if errorsOnly {
				q.Set("errors", "true")
			}
			var page tracePage
			out := cmd.OutOrStdout()
			if err := c.get(cmd.Context(), "/api/v1/traces", q, &page, out); err != nil || c.json {
				return err
			}
			if len(page.Traces) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "No trace matches; widen --from or drop a condition.")
				return nil
			}
			w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "TRACE\tSTART\tDURATION\tSPANS\tERRORS\tROOT")
			for _, t := range page.Traces {
				root := t.RootService + " " + t.RootName
				if !t.HasRoot {
					root += " (root missing)"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", t.TraceID, formatInstant(t.StartNS),
					formatDuration(t.DurationNS), t.Spans, t.Errors, printable(root))
			}
			if err := w.Flush(); err != nil {
				return err
			}
			if page.NextCursor != "" {
				fmt.Fprintln(cmd.ErrOrStderr(), "More: add --cursor "+page.NextCursor)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	for i, f := range searchFlags {
		fs.StringVar(&values[i], f.flag, "", f.usage)
	}
	fs.StringVar(&from, "from", "now-1h", "since this instant: now-1h, RFC 3339 or Unix nanoseconds")
	fs.BoolVar(&errorsOnly, "errors", false, "only traces with an error")
	fs.IntVar(&limit, "limit", 20, "rows, 1 to 1000")
	c.flags(fs)
	return cmd
}

// formatInstant shows Unix nanoseconds in local time, to the millisecond.
func formatInstant(ns string) string {
	n, err := strconv.ParseInt(ns, 10, 64)
	if err != nil {
		return ns
	}
	return time.Unix(0, n).Format("2006-01-02 15:04:05.000")
}

// formatDuration keeps three significant digits and one unit: 1.23ms, 45.6s.
func formatDuration(ns int64) string {
	f := float64(ns)
	switch {
	case ns < 1e3:
		return strconv.FormatInt(ns, 10) + "ns"
	case ns < 1e6:
		return threeDigits(f/1e3) + "µs"
	case ns < 1e9:
		return threeDigits(f/1e6) + "ms"
	}
	return threeDigits(f/1e9) + "s"
}

func threeDigits(f float64) string {
	decimals := 2
	if f >= 10 {
		decimals = 1
	}
	if f >= 100 {
		decimals = 0
	}
	return strconv.FormatFloat(f, 'f', decimals, 64)
}

// printable keeps what clients sent from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}
