package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// compactTrace is the API's compact form: one column per property, one element per row, in depth-first order.
type compactTrace struct {
	TraceID    string   `json:"traceId"`
	StartNS    string   `json:"startNs"`
	DurationNS int64    `json:"durationNs"`
	Services   []string `json:"services"`
	Names      []string `json:"names"`
	ErrorTypes []string `json:"errorTypes"`
	Spans      struct {
		Depth     []int   `json:"depth"`
		Start     []int64 `json:"start"`
		Duration  []int64 `json:"duration"`
		Service   []int   `json:"service"`
		Name      []int   `json:"name"`
		Status    []int   `json:"status"`
		ErrorType []int   `json:"errorType"`
		Flags     []int   `json:"flags"`
	} `json:"spans"`
}

const (
	statusError   = 2
	parentMissing = 1
)

func newTrace() *cobra.Command {
	var c client
	var width, rows int
	cmd := &cobra.Command{
		Use:   "trace ID",
		Short: "Draw a trace as a waterfall in text",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if width < 60 || width > 500 {
				return fmt.Errorf("--width: want 60 to 500, got %d", width)
			}
			var t compactTrace
			query := map[string][]string{"format": {"compact"}}
			if c.json {
				query = nil // OTLP JSON is what other tools read
			}
			out := cmd.OutOrStdout()
			if err := c.get(cmd.Context(), "/api/v1/traces/"+args[0], query, &t, out); err != nil || c.json {
				return err
			}
			return drawTrace(out, &t, width, rows)
		},
	}
	cmd.Flags().IntVar(&width, "width", 120, "columns, 60 to 500")
	cmd.Flags().IntVar(&rows, "rows", 1000, "spans drawn at most")
	c.flags(cmd.Flags())
	return cmd
}

// drawTrace prints one line a span: its place in the tree, its bar on the trace's time axis, its duration.
func drawTrace(out io.Writer, t *compactTrace, width, rows int) error {
	failed := 0
	for _, s := range t.Spans.Status {
		if s == statusError {
			failed++
		}
	}
	fmt.Fprintf(out, "trace %s  start %s  duration %s  spans %d  services %d  errors %d\n",
		t.TraceID, formatInstant(t.StartNS), formatDuration(t.DurationNS), len(t.Spans.Depth), len(t.Services), failed)
	const durationWidth = 9
	label := width * 45 / 100
	bar := width - label - durationWidth - 1
	for i := range t.Spans.Depth {
		if i == rows {
			fmt.Fprintf(out, "… %d more spans; --rows draws them\n", len(t.Spans.Depth)-rows)
			break
		}
		mark, note := " ", ""
		if t.Spans.Status[i] == statusError {
			mark = "!"
			if e := t.Spans.ErrorType[i]; e >= 0 {
				note = "  " + printable(t.ErrorTypes[e])
			}
		}
		if t.Spans.Flags[i]&parentMissing != 0 {
			note += "  (parent missing)"
		}
		name := strings.Repeat("  ", min(t.Spans.Depth[i], 12)) + mark +
			printable(t.Services[t.Spans.Service[i]]+" "+t.Names[t.Spans.Name[i]])
		if _, err := fmt.Fprintf(out, "%s %s%*s%s\n", fit(name, label),
			drawBar(t.Spans.Start[i], t.Spans.Duration[i], t.DurationNS, bar),
			durationWidth, formatDuration(t.Spans.Duration[i]), note); err != nil {
			return err
		}
	}
	return nil
}

// drawBar puts a span on an axis of width columns; the shortest span still gets one.
func drawBar(start, duration, total int64, width int) string {
	if total <= 0 {
		total = 1
	}
	column := func(ns int64) int {
		return min(max(int(float64(ns)/float64(total)*float64(width)), 0), width)
	}
	from := min(column(start), width-1)
	to := max(column(start+duration), from+1)
	return strings.Repeat("·", from) + strings.Repeat("█", to-from) + strings.Repeat("·", width-to)
}

// fit cuts or pads s to exactly n columns, counting wide East Asian characters as two.
func fit(s string, n int) string {
	columns := 0
	for i, r := range s {
		w := runeColumns(r)
		if columns+w > n-1 && i+utf8.RuneLen(r) < len(s) {
			return s[:i] + "…" + strings.Repeat(" ", n-columns-1)
		}
		columns += w
	}
	return s + strings.Repeat(" ", max(n-columns, 0))
}

func runeColumns(r rune) int {
	switch {
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}
