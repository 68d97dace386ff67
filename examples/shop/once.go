package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// checkout is one line of the summary of --once.
type checkout struct {
	OrderID int64  `json:"order_id,omitempty"`
	Status  int    `json:"status"`
	TraceID string `json:"trace_id"`
	// Spans counts the spans of the trace by service.
	Spans map[string]int `json:"spans"`
	// Shipped is the trace of the message's consumer, linked to a producer span of this one. Missing for failed checkouts.
	Shipped *shipped `json:"shipped,omitempty"`
}

type shipped struct {
	TraceID  string         `json:"trace_id"`
	Attempts int            `json:"attempts"`
	Spans    map[string]int `json:"spans"`
}

// summary is the truth to compare a backend with: every span that the services' libraries handed to their exporters.
type summary struct {
	Services  []string       `json:"services"` // those that make spans
	Checkouts []checkout     `json:"checkouts"`
	Spans     map[string]int `json:"spans"` // by service, all traces
	Traces    int            `json:"traces"`
	Total     int            `json:"total_spans"`
}

const shippedWithin = 30 * time.Second

// checkOutTimes checks out n times, one after the other, and waits until each order has been shipped. A checkout may fail
// where faults are on.
func checkOutTimes(ctx context.Context, sup *supervisor, n int) ([]checkout, error) {
	client := &http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var got []checkout
	for i := range n {
		in := checkoutRequest{User: fmt.Sprintf("once-%d", i), Items: []line{{i%productCount + 1, 1}, {(i+5)%productCount + 1, 2}}}
		var out checkoutResponse
		header, err := call(ctx, client, http.MethodPost, sup.url(frontend)+"/checkout", in, &out)
		c := checkout{OrderID: out.OrderID, Status: http.StatusOK}
		var refused *statusError
		if errors.As(err, &refused) {
			c.Status = refused.status
		} else if err != nil {
			return nil, err
		}
		parts := strings.Split(header.Get("traceresponse"), "-")
		if len(parts) != 4 {
			return nil, fmt.Errorf("checkout %d: no traceresponse header", i)
		}
		c.TraceID = parts[1]
		got = append(got, c)
	}
	for i := range got {
		if got[i].OrderID == 0 {
			continue
		}
		s, err := awaitShipment(ctx, client, fmt.Sprintf("%s/shipments/%d", sup.url(shipping), got[i].OrderID))
		if err != nil {
			return nil, err
		}
		got[i].Shipped = &shipped{TraceID: s.TraceID, Attempts: s.Attempts}
	}
	return got, nil
}

func awaitShipment(ctx context.Context, client *http.Client, url string) (shipment, error) {
	ctx, cancel := context.WithTimeout(ctx, shippedWithin)
	defer cancel()
	for {
		var s shipment
		_, err := call(ctx, client, http.MethodGet, url, nil, &s)
		if err == nil {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, fmt.Errorf("wait for a shipment: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// summarize joins the reports that the services left when they ended.
func summarize(w io.Writer, dataDir string, got []checkout, services []string) error {
	out := summary{Checkouts: got, Spans: map[string]int{}}
	byTrace := map[string]map[string]int{}
	for _, name := range services {
		raw, err := os.ReadFile(reportFile(dataDir, name))
		if err != nil {
			return err
		}
		var counts map[string]int
		if err := json.Unmarshal(raw, &counts); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for id, n := range counts {
			if byTrace[id] == nil {
				byTrace[id] = map[string]int{}
			}
			byTrace[id][name] += n
			out.Spans[name] += n
			out.Total += n
		}
	}
	out.Traces = len(byTrace)
	for _, name := range services {
		if out.Spans[name] > 0 {
			out.Services = append(out.Services, name)
		}
	}
	slices.Sort(out.Services)
	for i := range out.Checkouts {
		c := &out.Checkouts[i]
		c.Spans = byTrace[c.TraceID]
		if c.Shipped != nil {
			c.Shipped.Spans = byTrace[c.Shipped.TraceID]
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
