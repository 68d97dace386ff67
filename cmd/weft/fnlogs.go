package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// logRecord is what `weft fn logs` prints of a record.
type logRecord struct {
	TimeNS       string `json:"timeNs"`
	TraceID      string `json:"traceId"`
	SpanID       string `json:"spanId"`
	SeverityText string `json:"severityText"`
	Severity     int    `json:"severityNumber"`
	EventName    string `json:"eventName"`
	Body         struct {
		Value string `json:"value"`
	} `json:"body"`
}

func (r *logRecord) at() time.Time {
	ns, _ := strconv.ParseInt(r.TimeNS, 10, 64)
	return time.Unix(0, ns)
}

const (
	// logsEvery is how often new records are asked for, logsOverlap how far back each time: records arrive a little out of order.
	logsEvery   = time.Second
	logsOverlap = 10 * time.Second
	logsPage    = 1000
)

func newFnLogs() *cobra.Command {
	var c client
	var follow bool
	var since time.Duration
	var severity string
	cmd := &cobra.Command{
		Use:   "logs NAME",
		Short: "Print what a function has printed, oldest first",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if since <= 0 || since > 24*time.Hour {
				return fmt.Errorf("--since: want more than 0 and at most 24h, got %v", since)
			}
			query := url.Values{"service": {args[0]}, "limit": {strconv.Itoa(logsPage)}}
			if severity != "" {
				query.Set("minSeverity", severity)
			}
			return printLogs(cmd.Context(), &c, query, since, follow, cmd.OutOrStdout())
		},
	}
	c.flags(cmd.Flags())
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what comes")
	cmd.Flags().DurationVar(&since, "since", 15*time.Minute, "how far back to begin")
	cmd.Flags().StringVar(&severity, "severity", "", "lowest severity: debug, info, warn, error")
	return cmd
}

func printLogs(ctx context.Context, c *client, query url.Values, since time.Duration, follow bool, out io.Writer) error {
	from := time.Now().Add(-since)
	seen := make(map[logRecord]bool)
	for {
		records, err := readLogs(ctx, c, query, from)
		if err != nil {
			return err
		}
		next := make(map[logRecord]bool, len(records))
		for _, r := range records {
			next[r] = true
			if !seen[r] {
				printLog(out, &r)
			}
		}
		if !follow {
			return nil
		}
		seen = next
		if n := len(records); n > 0 {
			if back := records[n-1].at().Add(-logsOverlap); back.After(from) {
				from = back
			}
		}
		select {
		case <-time.After(logsEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// readLogs are all records since from, oldest first.
func readLogs(ctx context.Context, c *client, query url.Values, from time.Time) (all []logRecord, err error) {
	query.Set("from", strconv.FormatInt(from.UnixNano(), 10))
	query.Del("cursor")
	for {
		var page struct {
			Logs       []logRecord `json:"logs"`
			NextCursor string      `json:"nextCursor"`
		}
		if err := c.get(ctx, "/api/v1/logs", query, &page, io.Discard); err != nil {
			return nil, err
		}
		all = append(all, page.Logs...)
		if page.NextCursor == "" {
			slices.Reverse(all)
			return all, nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

func printLog(out io.Writer, r *logRecord) {
	severity := r.SeverityText
	if severity == "" {
		severity = "-"
	}
	trace := "-"
	if r.TraceID != "" {
		trace = r.TraceID[:min(8, len(r.TraceID))]
	}
	fmt.Fprintf(out, "%s %-5s %s %s\n", r.at().Format("15:04:05.000"), strings.ToUpper(severity), trace, strings.TrimRight(r.Body.Value, "\n"))
}
