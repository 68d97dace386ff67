package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// shopServices are those of examples/shop that one checkout passes through in one trace.
var shopServices = []string{"shop-cart", "shop-catalog", "shop-frontend", "shop-orders", "shop-payment", "shop-recommend", "shop-risk"}

// TestDemo runs the demo shop and wants one connected trace through all of it, and the browser test to pass on what it
// made.
func TestDemo(t *testing.T) {
	in := newRunning(t, "--demo", "--demo-rate", "5")
	var whole summary
	await(t, 2*time.Minute, func() error {
		found, err := in.search(nil)
		if err != nil {
			return err
		}
		most := 0
		for _, s := range found {
			passed := 0
			for _, sv := range s.Services {
				if slices.Contains(shopServices, sv.Name) {
					passed++
				}
			}
			if passed == len(shopServices) {
				whole = s
				return nil
			}
			most = max(most, passed)
		}
		return fmt.Errorf("of %d traces none passes through all of %v, the best one through %d", len(found), shopServices, most)
	})
	t.Run("connected", func(t *testing.T) {
		// The last spans of a trace may still be on their way from a service that sends them in batches.
		await(t, storedWithin, func() error {
			spans, err := in.trace(whole.TraceID)
			if err != nil {
				return err
			}
			return connected(spans)
		})
	})
	t.Run("browser", func(t *testing.T) { runBrowser(t, in, "demo") })
	if t.Failed() {
		t.Logf("what the demo said:\n%s", in.proc.tail())
	}
}

// shopReport is what bin/shop --once says it traced.
type shopReport struct {
	Services  []string `json:"services"`
	Checkouts []struct {
		Status  int            `json:"status"`
		TraceID string         `json:"trace_id"`
		Spans   map[string]int `json:"spans"`
		Shipped *struct {
			TraceID string         `json:"trace_id"`
			Spans   map[string]int `json:"spans"`
		} `json:"shipped"`
	} `json:"checkouts"`
	Traces int   `json:"traces"`
	Total  int64 `json:"total_spans"`
}

// TestShopIsWhole sends a number of checkouts through the shop's services, in Go, Node, OpenTelemetry, OpenTracing and
// jaeger-client-go, and wants exactly the spans that their libraries exported, joined as they happened.
func TestShopIsWhole(t *testing.T) {
	in := newRunning(t)
	const checkouts = 5
	var report shopReport
	printed := runClient(t, filepath.Join(filepath.Dir(weftBin), "shop"), "--once", fmt.Sprint(checkouts),
		"--otlp-grpc", in.addr["WEFT_OTLP_GRPC"], "--otlp-http", in.addr["WEFT_OTLP_HTTP"],
		"--jaeger-agent", in.addr["WEFT_JAEGER_COMPACT"], "--node-dir", filepath.Join(root, "examples", "shop", "node"))
	if err := json.Unmarshal(printed, &report); err != nil {
		t.Fatalf("what the shop printed: %v in %.500s", err, printed)
	}
	if len(report.Checkouts) != checkouts || report.Total == 0 {
		t.Fatalf("the shop reports %+v", report)
	}
	in.awaitRows(t, "traces", report.Total, storedWithin)
	await(t, storedWithin, func() error {
		found, err := in.search(nil)
		if err == nil && len(found) != report.Traces {
			err = fmt.Errorf("the search finds %d traces, want %d", len(found), report.Traces)
		}
		return err
	})
	for _, c := range report.Checkouts {
		spans := checkShopTrace(t, in, c.TraceID, c.Spans)
		for _, service := range shopServices {
			if c.Spans[service] == 0 {
				t.Errorf("checkout %s did not pass through %s: %v", c.TraceID, service, c.Spans)
			}
		}
		if c.Shipped == nil {
			t.Errorf("checkout %s was not shipped", c.TraceID)
			continue
		}
		shipped := checkShopTrace(t, in, c.Shipped.TraceID, c.Shipped.Spans)
		checkShopLink(t, in, spans, shipped)
	}
}

// checkShopTrace wants a connected trace with the given number of spans of each service.
func checkShopTrace(t *testing.T, in *instance, id string, want map[string]int) []span {
	t.Helper()
	spans, err := in.trace(id)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, s := range spans {
		got[s.Service]++
	}
	if !maps.Equal(got, want) {
		t.Errorf("trace %s has spans %v, want %v", id, got, want)
	}
	if err := connected(spans); err != nil {
		t.Errorf("trace %s: %v", id, err)
	}
	return spans
}

// checkShopLink wants the consumer's span to link to a producer's, and that one to know it.
func checkShopLink(t *testing.T, in *instance, checkout, shipped []span) {
	t.Helper()
	var links []span
	for _, s := range shipped {
		for _, l := range s.Links {
			for _, p := range checkout {
				if p.TraceID == l.TraceID && p.SpanID == l.SpanID && p.Kind == "producer" && s.Kind == "consumer" {
					links = append(links, s)
				}
			}
		}
	}
	if len(links) != 1 {
		t.Errorf("%d consumer spans link to a producer of the checkout, want 1", len(links))
		return
	}
	checkLinkedFrom(t, in, links)
}

// connected is an error unless there is one root and every other span's parent.
func connected(spans []span) error {
	ids := map[string]bool{}
	for _, s := range spans {
		ids[s.SpanID] = true
	}
	roots := 0
	for _, s := range spans {
		if s.ParentID == "" {
			roots++
		} else if !ids[s.ParentID] {
			return fmt.Errorf("span %q of %s has a parent that is not stored", s.Name, s.Service)
		}
	}
	if roots != 1 {
		return fmt.Errorf("%d roots among %d spans, want 1", roots, len(spans))
	}
	return nil
}

// runBrowser runs the UI's own end-to-end tests in Chromium against in.
func runBrowser(t *testing.T, in *instance, suites ...string) {
	t.Helper()
	ui := filepath.Join(root, "web", "ui")
	if _, err := os.Stat(filepath.Join(ui, "node_modules")); err != nil {
		t.Fatalf("%s has no node_modules: run `make e2e`, or npm ci there", ui)
	}
	cmd := exec.Command("npm", append([]string{"run", "--silent", "e2e", "--"}, suites...)...)
	cmd.Dir = ui
	cmd.Env = append(os.Environ(), "WEFT_URL=http://"+in.addr["http"], "WEFT_TOKEN="+in.token)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	timer := time.AfterFunc(10*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // a browser helper process that still held the pipe
	}
	if err != nil {
		t.Errorf("npm run e2e: %v", err)
	}
	t.Logf("%s", out.Bytes())
}
