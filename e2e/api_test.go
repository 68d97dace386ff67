package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

var httpClient = &http.Client{Timeout: 60 * time.Second}

// fetch returns status and body of a GET on the UI's port.
func (in *instance) fetch(path string) (int, []byte, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+in.addr["http"]+path, nil)
	if err != nil {
		return 0, nil, err
	}
	if in.token != "" {
		req.Header.Set("Authorization", "Bearer "+in.token)
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// get decodes the JSON answer of a GET; anything but 200 is an error.
func (in *instance) get(path string, into any) error {
	status, body, err := in.fetch(path)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s: %d %.300s", path, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("GET %s: %w in %.300s", path, err, body)
	}
	return nil
}

// rows is how many items of a signal are countable.
func (in *instance) rows(signal string) (int64, error) {
	var stats struct {
		Signals []struct {
			Signal string `json:"signal"`
			Rows   int64  `json:"rows"`
		} `json:"signals"`
	}
	if err := in.get("/api/v1/stats", &stats); err != nil {
		return 0, err
	}
	for _, s := range stats.Signals {
		if s.Signal == signal {
			return s.Rows, nil
		}
	}
	return 0, fmt.Errorf("/api/v1/stats has no signal %s", signal)
}

func (in *instance) mustRows(t testing.TB, signal string) int64 {
	t.Helper()
	n, err := in.rows(signal)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// awaitRows waits until exactly want items are countable.
func (in *instance) awaitRows(t testing.TB, signal string, want int64, timeout time.Duration) {
	t.Helper()
	await(t, timeout, func() error {
		got, err := in.rows(signal)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%d %s are countable, want %d", got, signal, want)
		}
		return nil
	})
}

// await asks until the answer is nil, and fails the test with the last answer when time is up.
func await(t testing.TB, timeout time.Duration, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", timeout, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// summary is one row of the search.
type summary struct {
	TraceID  string `json:"traceId"`
	Spans    int    `json:"spans"`
	Errors   int    `json:"errors"`
	RootName string `json:"rootName"`
	Services []struct {
		Name  string `json:"name"`
		Spans int    `json:"spans"`
	} `json:"services"`
}

// search follows the cursor to the last page.
func (in *instance) search(query url.Values) ([]summary, error) {
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", "1000")
	var all []summary
	for {
		var page struct {
			Traces     []summary `json:"traces"`
			NextCursor string    `json:"nextCursor"`
		}
		if err := in.get("/api/v1/traces?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Traces...)
		if page.NextCursor == "" {
			return all, nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

// trace reads a trace through Weft's own API, as OTLP JSON. A trace that is not stored is no spans.
func (in *instance) trace(id string) ([]span, error) {
	status, body, err := in.fetch("/api/v1/traces/" + id)
	if err != nil {
		return nil, err
	}
	if status == http.StatusNotFound {
		return nil, nil
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("trace %s: %d %.300s", id, status, body)
	}
	return decodeOTLP(body)
}

// jaegerV3Trace reads a trace through the newer Jaeger API.
func (in *instance) jaegerV3Trace(id string) ([]span, error) {
	var answer struct {
		Result json.RawMessage `json:"result"`
	}
	if err := in.get("/api/v3/traces/"+id, &answer); err != nil {
		return nil, err
	}
	return decodeOTLP(answer.Result)
}

func decodeOTLP(body []byte) ([]span, error) {
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(body)
	if err != nil {
		return nil, fmt.Errorf("%w in %.300s", err, body)
	}
	return spansOf(td), nil
}

// metric is the sum of a metric's samples in /metrics whose labels contain all given `name="value"` texts.
func (in *instance) metric(name string, labels ...string) (float64, error) {
	status, body, err := in.fetch("/metrics")
	if err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("/metrics: %d %v", status, err)
	}
	var sum float64
	found := false
next:
	for line := range strings.Lines(string(body)) {
		series, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		base, set, _ := strings.Cut(series, "{")
		if !ok || base != name {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(set, l) {
				continue next
			}
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, err
		}
		sum, found = sum+v, true
	}
	if !found {
		return 0, fmt.Errorf("/metrics has no %s %v", name, labels)
	}
	return sum, nil
}
