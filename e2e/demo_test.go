package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shopServices are those of examples/shop that one checkout passes through in one trace.
var shopServices = []string{"shop-cart", "shop-catalog", "shop-frontend", "shop-orders", "shop-payment", "shop-recommend", "shop-risk"}

// TestDemo runs the demo shop and wants one connected trace through all of its functions, the trace in which the order was
// shipped, and the browser test to pass on what it made.
func TestDemo(t *testing.T) {
	in := newRunning(t, "--demo", "--demo-rate", "5")
	whole := awaitCheckout(t, in)
	t.Run("connected", func(t *testing.T) {
		// The last spans of a trace may still be on their way from a service that sends them in batches.
		await(t, storedWithin, func() error {
			spans, err := in.trace(whole.TraceID)
			if err == nil {
				err = connected(spans)
			}
			if err == nil {
				err = throughFunctions(spans)
			}
			return err
		})
	})
	t.Run("shipped", func(t *testing.T) { checkShipped(t, in, whole.TraceID) })
	t.Run("cold starts", func(t *testing.T) {
		for _, service := range shopServices {
			found, err := in.search(url.Values{"service": {service}, "operation": {"ColdStart"}})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				t.Errorf("no request has waited for the start of %s", service)
			}
		}
	})
	t.Run("nothing lost", func(t *testing.T) {
		if lost, err := in.metric("weft_faas_telemetry_lost_total"); err != nil || lost != 0 {
			t.Errorf("telemetry lost: %v, %v", lost, err)
		}
	})
	t.Run("browser", func(t *testing.T) { runBrowser(t, in, "demo") })
	t.Run("story", func(t *testing.T) { runBrowser(t, in, "story", "tree") })
	// These look only, and wait more than they work.
	t.Run("looked at", func(t *testing.T) {
		for name, suite := range map[string]string{"every page": "access", "failures": "robust"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runBrowser(t, in, suite)
			})
		}
	})
	if t.Failed() {
		t.Logf("what the demo said:\n%s", in.proc.tail())
	}
}

// TestDemoWithTokens runs the demo where everything wants a token. It changes what goes wrong in it, kills weft, and wants no
// process of the demo to be left, and the next weft to start with what is there; and one without a demo to take that away.
func TestDemoWithTokens(t *testing.T) {
	admin, entry := newToken(t, "root", "admin")
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(file, []byte("tokens:\n"+entry), 0o600); err != nil {
		t.Fatal(err)
	}
	in := newInstance(t, t.TempDir(), "--tokens", file, "--demo", "--demo-rate", "5")
	in.token = admin
	in.start(t)
	t.Cleanup(func() { in.cleanup(t) })
	awaitCheckout(t, in)

	frontend := "http://" + in.addr["WEFT_FAAS"] + "/http/shop-frontend"
	ask := func(token, path, body string) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, frontend+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Weft-Token", token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	const buy = `{"user":"e2e","items":[{"product_id":3,"quantity":1}]}`
	if got := ask("", "/checkout", buy); got != http.StatusUnauthorized {
		t.Errorf("a visitor without a token: %d", got)
	}
	for _, c := range []struct {
		share string
		want  int
	}{{"0", http.StatusOK}, {"1", http.StatusBadGateway}, {"0", http.StatusOK}} {
		if got := ask(admin, "/faults", `{"payment_errors":`+c.share+`}`); got != http.StatusOK {
			t.Errorf("POST /faults: %d", got)
		}
		if got := ask(admin, "/checkout", buy); got != c.want {
			t.Errorf("a checkout with payment errors %s: %d, want %d", c.share, got, c.want)
		}
	}

	if out, _ := in.mustFn(t, "list", "--json"); !strings.Contains(out, `"SHOP_TOKEN":"***"`) {
		t.Errorf("the functions' tokens are shown: %s", out)
	}
	if running := processesUnder(in.dir); len(running) < len(shopServices) {
		t.Errorf("want a process of each service, got %v", running)
	}
	in.crash()
	await(t, 20*time.Second, func() error {
		if left := processesUnder(in.dir); len(left) > 0 {
			return fmt.Errorf("the kill has left processes %v", left)
		}
		return nil
	})
	in.start(t)
	from := time.Now()
	await(t, 2*time.Minute, func() error {
		found, err := in.search(url.Values{"service": {"shop-payment"}, "from": {fmt.Sprint(from.UnixNano())}})
		if err == nil && len(found) == 0 {
			err = errors.New("no checkout after the kill")
		}
		return err
	})

	// Killed once more, and started without a demo: nothing of it is left.
	in.crash()
	in.args = []string{"--tokens", file}
	in.start(t)
	if out, _ := in.mustFn(t, "list", "--json"); strings.Contains(out, "shop-") {
		t.Errorf("without a demo its functions are deployed: %s", out)
	}
	if left := processesUnder(in.dir); len(left) > 0 {
		t.Errorf("without a demo its functions run: %v", left)
	}
}

// awaitCheckout waits for a checkout without an error that has passed through all services.
func awaitCheckout(t *testing.T, in *instance) (whole summary) {
	t.Helper()
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
			if passed == len(shopServices) && s.Errors == 0 {
				whole = s
				return nil
			}
			most = max(most, passed)
		}
		return fmt.Errorf("of %d traces none passes through all of %v, the best one through %d", len(found), shopServices, most)
	})
	return whole
}

// throughFunctions is an error unless every service was reached through its function: the caller's span, the gateway's span of
// the function, the invocation, and the service's own.
func throughFunctions(spans []span) error {
	byID, below := map[string]span{}, map[string][]span{}
	for _, s := range spans {
		byID[s.SpanID] = s
		below[s.ParentID] = append(below[s.ParentID], s)
	}
	reached := map[string]bool{}
	for _, s := range spans {
		if s.Name != "Invocation" {
			continue
		}
		gateway := byID[s.ParentID]
		if gateway.Kind != "server" || gateway.Service != s.Service || !strings.HasSuffix(gateway.Name, " /http/"+s.Service) {
			return fmt.Errorf("the invocation of %s is below %q of %s, kind %s", s.Service, gateway.Name, gateway.Service, gateway.Kind)
		}
		if caller := byID[gateway.ParentID]; gateway.ParentID != "" && (caller.Kind != "client" || caller.Service == s.Service) {
			return fmt.Errorf("the function %s is called by %q of %s, kind %s", s.Service, caller.Name, caller.Service, caller.Kind)
		}
		own := below[s.SpanID]
		if len(own) != 1 || own[0].Kind != "server" || own[0].Service != s.Service {
			return fmt.Errorf("below the invocation of %s are %v, want its own server span", s.Service, namesOf(own))
		}
		reached[s.Service] = true
	}
	if got := slices.Sorted(maps.Keys(reached)); !slices.Equal(got, shopServices) {
		return fmt.Errorf("invoked were %v, want %v", got, shopServices)
	}
	return nil
}

// checkShipped wants the trace in which a checkout's order was shipped, linked to it, and through the catalog's function.
func checkShipped(t *testing.T, in *instance, checkout string) {
	t.Helper()
	spans, err := in.trace(checkout)
	if err != nil {
		t.Fatal(err)
	}
	sent := slices.IndexFunc(spans, func(s span) bool { return s.Kind == "producer" })
	if sent < 0 {
		t.Fatalf("checkout %s has sent nothing: %v", checkout, namesOf(spans))
	}
	var shipped []span
	await(t, storedWithin, func() error {
		var detail struct {
			LinkedFrom []struct {
				TraceID string `json:"traceId"`
			} `json:"linkedFrom"`
		}
		err := in.get("/api/v1/traces/"+checkout+"/spans/"+spans[sent].SpanID, &detail)
		if err == nil && len(detail.LinkedFrom) != 1 {
			err = fmt.Errorf("the order is linked from %+v, want one trace", detail.LinkedFrom)
		}
		if err != nil {
			return err
		}
		if shipped, err = in.trace(detail.LinkedFrom[0].TraceID); err != nil {
			return err
		}
		if !slices.ContainsFunc(shipped, func(s span) bool { return s.Service == "shop-catalog" && s.Name == "Invocation" }) {
			return fmt.Errorf("shipping has not called the catalog's function: %v", namesOf(shipped))
		}
		return connected(shipped)
	})
	checkShopLink(t, in, spans, shipped)
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
	cmd.Env = append(os.Environ(), "WEFT_URL=http://"+in.addr["http"], "WEFT_TOKEN="+in.token, "WEFT_FAAS="+in.addr["WEFT_FAAS"], "WEFT_BIN="+weftBin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	timer := time.AfterFunc(15*time.Minute, func() { _ = cmd.Process.Kill() })
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
