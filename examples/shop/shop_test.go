package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shopEnv makes the test binary the shop itself, which in turn makes itself each service.
const shopEnv = "SHOP_UNDER_TEST"

func TestMain(m *testing.M) {
	_, isService := os.LookupEnv(serviceEnv)
	if os.Getenv(shopEnv) != "" || isService {
		runtime.LockOSThread()
		main()
		return
	}
	os.Exit(m.Run())
}

// shop is the real program, started by the test.
type shop struct {
	cmd      *exec.Cmd
	stdout   bytes.Buffer
	stderr   *watched
	frontend string
}

var readyLine = regexp.MustCompile(`shop is ready  frontend=(\S+)`)

func startShop(t *testing.T, s *sink, args ...string) *shop {
	t.Helper()
	sh := &shop{stderr: newWatched()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--otlp-grpc", s.grpc, "--otlp-http", s.http, "--jaeger-agent", s.agent.SpanServerAddr(), "--node-dir", "node", "--data", t.TempDir()}, args...)
	sh.cmd = exec.Command(self, args...)
	sh.cmd.Env = append(os.Environ(), shopEnv+"=1", "SHOP_TOKEN="+s.token)
	sh.cmd.Stdout, sh.cmd.Stderr = &sh.stdout, sh.stderr
	if err := sh.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if sh.cmd.ProcessState == nil {
			_ = sh.cmd.Process.Kill()
			_ = sh.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("the shop wrote:\n%s", sh.stderr)
		}
	})
	sh.frontend = sh.stderr.await(t, readyLine)[1]
	return sh
}

func (sh *shop) wait(t *testing.T) {
	t.Helper()
	if err := sh.cmd.Wait(); err != nil {
		t.Fatalf("the shop: %v", err)
	}
}

// TestOnce runs the shop against a sink for all its protocols and compares what arrived with what the summary says.
func TestOnce(t *testing.T) {
	const n = 3
	s := newSink(t, "secret")
	sh := startShop(t, s, "--once", fmt.Sprint(n))
	sh.wait(t)
	var sum summary
	if err := json.Unmarshal(sh.stdout.Bytes(), &sum); err != nil {
		t.Fatalf("%v in %s", err, &sh.stdout)
	}
	spans := s.all(sum.Total)
	if s.refused != 0 {
		t.Errorf("%d requests came without the token", s.refused)
	}
	if len(spans) != sum.Total || sum.Total == 0 {
		t.Errorf("got %d spans, the summary says %d", len(spans), sum.Total)
	}
	if got, want := sum.Services, []string{cart, catalog, frontend, orders, payment, recommend, risk, shipping}; !slices.Equal(got, want) {
		t.Errorf("got services %v, want %v", got, want)
	}
	if len(sum.Checkouts) != n || sum.Traces != 2*n {
		t.Errorf("got %d checkouts in %d traces, want %d in %d", len(sum.Checkouts), sum.Traces, n, 2*n)
	}
	for _, c := range sum.Checkouts {
		checkTrace(t, spans, c.TraceID, c.Spans)
		if c.Status != http.StatusOK || c.Shipped == nil {
			t.Fatalf("got %+v", c)
		}
		checkTrace(t, spans, c.Shipped.TraceID, c.Shipped.Spans)
		if want := []string{cart, catalog, frontend, orders, payment, recommend, risk}; !slices.Equal(slices.Sorted(maps.Keys(c.Spans)), want) {
			t.Errorf("one checkout went through %v, want %v", slices.Sorted(maps.Keys(c.Spans)), want)
		}
		checkLink(t, spans, c)
	}
	for _, want := range []struct{ service, attr, value string }{
		{orders, "db.query.text", "UPDATE orders SET status = ? WHERE id = ?"},
		{catalog, "db.query.text", listQuery},
		{cart, "db.system.name", "redis"},
		{cart, "customer.tier", "gold"},    // baggage, W3C
		{payment, "customer.tier", "gold"}, // baggage, uberctx-
		{risk, "risk.tier", "gold"},        // baggage, passed on by the Jaeger client
		{shipping, "messaging.destination.name", "orders"},
	} {
		if !slices.ContainsFunc(spans, func(r received) bool { return r.service == want.service && r.attrs[want.attr] == want.value }) {
			t.Errorf("no span of %s has %s=%s", want.service, want.attr, want.value)
		}
	}
	for _, name := range []string{"BEGIN", "INSERT orders", "COMMIT", "SELECT products", "GET /recommendations/{user}", "POST /checkout", "POST /score", "charge"} {
		if !slices.ContainsFunc(spans, func(r received) bool { return r.name == name }) {
			t.Errorf("no span is called %q", name)
		}
	}
	if s.logs[frontend] != n || s.logs[shipping] != n {
		t.Errorf("logs with a trace: got %v", s.logs)
	}
	if !s.metrics["shop.checkouts"] || !s.metrics["shop.order.value"] || !s.metrics["http.server.request.duration"] {
		t.Errorf("got metrics %v", slices.Sorted(maps.Keys(s.metrics)))
	}
}

// checkTrace wants exactly one root, every parent present, and as many spans of each service as the summary says.
func checkTrace(t *testing.T, spans []received, id string, want map[string]int) {
	t.Helper()
	ids := map[string]bool{}
	got := map[string]int{}
	var in []received
	for _, r := range spans {
		if r.trace == id {
			in = append(in, r)
			ids[r.id] = true
			got[r.service]++
		}
	}
	roots := 0
	for _, r := range in {
		if r.parent == "" {
			roots++
		} else if !ids[r.parent] {
			t.Errorf("trace %s: the parent of %s %q is missing", id, r.service, r.name)
		}
	}
	if roots != 1 || !maps.Equal(got, want) {
		t.Errorf("trace %s: got %d roots and %v, want 1 and %v", id, roots, got, want)
	}
}

func checkLink(t *testing.T, spans []received, c checkout) {
	t.Helper()
	find := func(trace, kind string) received {
		i := slices.IndexFunc(spans, func(r received) bool { return r.trace == trace && r.kind == kind })
		if i < 0 {
			t.Fatalf("trace %s has no span of kind %s", trace, kind)
		}
		return spans[i]
	}
	producer, consumer := find(c.TraceID, "SPAN_KIND_PRODUCER"), find(c.Shipped.TraceID, "SPAN_KIND_CONSUMER")
	if len(consumer.links) != 1 || consumer.links[0] != producer.id || consumer.parent != "" {
		t.Errorf("consumer %+v is not linked to producer %s", consumer, producer.id)
	}
}

// TestFaults switches everything on and looks at what the visitor and the traces see.
func TestFaults(t *testing.T) {
	s := newSink(t, "")
	sh := startShop(t, s, "--rate", "0", "--payment-errors", "0")
	post := func(path, body string) (int, string) {
		t.Helper()
		resp, err := http.Post(sh.frontend+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(raw)
	}
	const buy = `{"user":"u1","items":[{"product_id":3,"quantity":1}]}`
	if status, body := post("/checkout", buy); status != http.StatusOK {
		t.Fatalf("without faults: got %d %s", status, body)
	}
	if status, body := post("/faults", `{"payment_errors":2}`); status != http.StatusBadRequest || !strings.Contains(body, "payment_errors: want 0 to 1, got 2") {
		t.Errorf("a bad share: got %d %s", status, body)
	}
	if status, body := post("/faults", `{"paymant_errors":1}`); status != http.StatusBadRequest {
		t.Errorf("a bad name: got %d %s", status, body)
	}
	if status, body := post("/faults", `{"payment_errors":1,"slow_query_ms":70,"recommend_slow_ms":50}`); status != http.StatusOK {
		t.Fatalf("switch on: got %d %s", status, body)
	}
	if status, body := post("/checkout", buy); status != http.StatusBadGateway || !strings.Contains(body, "charge") {
		t.Errorf("payment error: got %d %s", status, body)
	}
	start := time.Now()
	resp, err := http.Get(sh.frontend + "/products?q=茶")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if d := time.Since(start); d < 70*time.Millisecond {
		t.Errorf("slow query: answered in %v", d)
	}
	if status, body := post("/faults", `{"payment_errors":0,"slow_query_ms":0,"n_plus_one":true,"consumer_errors":1}`); status != http.StatusOK {
		t.Fatalf("switch over: got %d %s", status, body)
	}
	if status, body := post("/checkout", buy); status != http.StatusOK {
		t.Errorf("after switching off: got %d %s", status, body)
	}
	// The message comes back until it is dead.
	attempts := func() (n int) {
		for _, r := range s.all(0) {
			if r.service == shipping && r.name == "process orders" {
				n++
			}
		}
		return n
	}
	for deadline := time.Now().Add(20 * time.Second); attempts() < 1+maxAttempts; {
		if time.Now().After(deadline) {
			t.Fatalf("got %d deliveries, want %d", attempts(), 1+maxAttempts)
		}
		time.Sleep(50 * time.Millisecond) // the sink has no event to wait for
	}

	if err := sh.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	sh.wait(t)
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v to stop", d)
	}
	spans := s.all(0)
	count := func(service, attr, value string) (n int) {
		for _, r := range spans {
			if r.service == service && r.attrs[attr] == value {
				n++
			}
		}
		return n
	}
	if got := count(catalog, "db.query.text", starsQuery); got != productCount {
		t.Errorf("N+1: got %d queries for ratings, want %d", got, productCount)
	}
	if got := count(catalog, "db.query.text", slowListQuery); got != 1 {
		t.Errorf("slow query: got %d, want 1", got)
	}
	if _, err := http.Get(sh.frontend + "/healthz"); err == nil {
		t.Error("the frontend still answers")
	}
}

// TestNoOrphans kills the shop without a chance to clean up: its services must go with it. Then one service is killed: it
// must come back at its address.
func TestNoOrphans(t *testing.T) {
	s := newSink(t, "")
	sh := startShop(t, s, "--rate", "0", "--node", "no-such-node")
	if !strings.Contains(sh.stderr.String(), "shop: shop-recommend is left out, the rest runs: install Node 20 or later, or name it with --node: ") {
		t.Errorf("the missing Node was not mentioned: %s", sh.stderr)
	}
	pids := childrenOf(t, sh.cmd.Process.Pid)
	if len(pids) != len(builders) {
		t.Fatalf("got %d processes, want %d", len(pids), len(builders))
	}
	victim := pids[0]
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	sh.stderr.await(t, regexp.MustCompile(`shop: \S+ ended \(signal: killed\), starting it again`))
	await(t, "the service to come back", func() bool {
		now := childrenOf(t, sh.cmd.Process.Pid)
		return len(now) == len(builders) && !slices.Contains(now, victim)
	})
	resp, err := http.Post(sh.frontend+"/checkout", "application/json", strings.NewReader(`{"user":"u","items":[{"product_id":1,"quantity":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	pids = childrenOf(t, sh.cmd.Process.Pid)
	if err := sh.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := sh.cmd.Wait(); err == nil {
		t.Error("a killed shop ended well")
	}
	await(t, "all services to go", func() bool {
		return !slices.ContainsFunc(pids, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
	})
}

func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, f := range strings.Fields(string(raw)) {
		var n int
		if _, err := fmt.Sscan(f, &n); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, n)
	}
	return pids
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited 15 s for %s", what)
		}
		time.Sleep(10 * time.Millisecond) // processes come and go without telling
	}
}

func TestParse(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		_, err := parse(args, io.Discard)
		if err == nil || err.Error() != want {
			t.Errorf("%v: got %v, want %s", args, err, want)
		}
	}
	f(`--otlp-grpc: want host:port, got "nowhere"`, "--otlp-grpc", "nowhere")
	f("--rate: want 0 to 1000, got -1", "--rate", "-1")
	f("--once: want 1 to 100000, got -1", "--once", "-1")
	f("payment_errors: want 0 to 1, got 1.5\nslow_query_ms: want 0 to 60000, got -1", "--payment-errors", "1.5", "--slow-query-ms", "-1")
	f(`unexpected argument "x"`, "x")
	f("flag provided but not defined: -x", "--x")
	if _, err := parse([]string{"-h"}, io.Discard); exit(err, "shop") != 0 {
		t.Errorf("help: got %v", err)
	}
	o, err := parse([]string{"--once", "1"}, io.Discard)
	if err != nil || o.faults.PaymentErrors != 0 {
		t.Errorf("--once: got %+v, %v", o.faults, err)
	}
	o, err = parse([]string{"--once", "1", "--payment-errors", "0.5"}, io.Discard)
	if err != nil || o.faults.PaymentErrors != 0.5 {
		t.Errorf("--once with errors: got %+v, %v", o.faults, err)
	}
}

func TestStatusErrors(t *testing.T) {
	err := fmt.Errorf("charge: %w", &statusError{"POST", "http://p/charge", 504, "late"})
	if want := "charge: POST http://p/charge: 504 late"; err.Error() != want {
		t.Errorf("got %v", err)
	}
	if ignoreClosed(errors.Join(http.ErrServerClosed)) != nil || ignoreClosed(context.Canceled) != nil || ignoreClosed(err) == nil {
		t.Error("the wrong errors are ignored")
	}
}
