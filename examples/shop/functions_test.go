package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestFunctions wants a deployment of every service, which knows the others behind the gateway.
func TestFunctions(t *testing.T) {
	dir := t.TempDir()
	o, err := parse([]string{"functions", "--gateway", "http://gateway:1/", "--data", dir, "--node-dir", "node", "--token", "secret"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	if err := printFunctions(o, &out, &said); err != nil || said.Len() > 0 {
		t.Fatalf("got %v and %q", err, &said)
	}
	var names []string
	for line := range bytes.Lines(out.Bytes()) {
		var d deployment
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		m := d.Manifest
		names = append(names, m.Name)
		var set settings
		if err := json.Unmarshal([]byte(m.Environment[serviceEnv]), &set); err != nil {
			t.Fatal(err)
		}
		if !set.Function || set.Name != m.Name || set.DataDir != dir || set.Peers[catalog] != "http://gateway:1/http/shop-catalog" {
			t.Errorf("%s: got %+v", m.Name, set)
		}
		if m.Environment["SHOP_TOKEN"] != "secret" || m.Contract != "http" || m.Instances["max"] == nil || m.Concurrency == 0 {
			t.Errorf("got %+v", m)
		}
	}
	if want := len(builders) + 1; len(names) != want || names[len(names)-1] != frontend || !slices.Contains(names, recommend) {
		t.Errorf("got %v, want %d with %s last", names, want, frontend)
	}
	o.gateway = ""
	if err := printFunctions(o, &out, &said); err == nil || !strings.Contains(err.Error(), "want --gateway") {
		t.Errorf("without a gateway: got %v", err)
	}
}

// TestGatewayToken wants the token shown, and the caller's request left as it was.
func TestGatewayToken(t *testing.T) {
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("X-Weft-Token") }))
	defer srv.Close()
	for _, token := range []string{"secret", ""} {
		r, err := http.NewRequest(http.MethodGet, srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := newGatewayTransport(token).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got != token || r.Header.Get("X-Weft-Token") != "" {
			t.Errorf("got %q, the request has %q, want %q and none", got, r.Header.Get("X-Weft-Token"), token)
		}
	}
}

// TestFaultsAreShared wants a change in one process to hold in another, also in one that starts later.
func TestFaultsAreShared(t *testing.T) {
	path := faultsFile(t.TempDir())
	a, b := &faultState{path: path, start: faults{PaymentErrors: 0.5}}, &faultState{path: path}
	if got := a.get(); got.PaymentErrors != 0.5 {
		t.Errorf("before a change: got %+v", got)
	}
	if _, status, err := a.merge([]byte(`{"n_plus_one":true}`)); err != nil || status != http.StatusOK {
		t.Fatalf("got %d, %v", status, err)
	}
	if got, want := b.get(), (faults{PaymentErrors: 0.5, NPlusOne: true}); got != want {
		t.Errorf("the other has %+v, want %+v", got, want)
	}
	if _, status, err := b.merge([]byte(`{"payment_errors":2}`)); err == nil || status != http.StatusBadRequest {
		t.Errorf("a bad share: got %d, %v", status, err)
	}
	if got := a.get(); got.PaymentErrors != 0.5 {
		t.Errorf("after a change that was refused: got %+v", got)
	}
}
