package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// scale is how a service is run as a function.
type scale struct {
	Concurrency int            `json:"concurrency"`
	Instances   map[string]any `json:"instances"`
	Tracing     map[string]any `json:"tracing,omitempty"`
}

const (
	// concurrency is how many requests an instance takes at once.
	concurrency = 20
	// freezeAfter leaves an instance without work the time to send the spans of its last request, see flushEvery.
	freezeAfter = "5s"
	idleAfter   = "2m"
)

// scales are those of all services.
var scales = map[string]scale{
	// Few at once, so that a rush of visitors needs more instances.
	frontend:  upTo(4, 5),
	catalog:   upTo(3, concurrency),
	orders:    upTo(2, concurrency),
	payment:   upTo(2, concurrency),
	risk:      upTo(2, concurrency),
	recommend: upTo(2, concurrency),
	// The carts are in its memory: there is one, which is frozen without visitors and not stopped for long.
	cart: {concurrency, map[string]any{"max": 1, "idle": "12h", "freeze": freezeAfter}, nil},
	// Both work without a request: messages become visible again, and are asked for. The broker makes no traces, as brokers do not.
	queue:    {concurrency, resident, map[string]any{"sample": 0}},
	shipping: {concurrency, resident, nil},
}

var resident = map[string]any{"max": 1, "provisioned": 1, "freeze": "never"}

func upTo(instances, atOnce int) scale {
	return scale{atOnce, map[string]any{"max": instances, "idle": idleAfter, "freeze": freezeAfter}, nil}
}

// manifest is a function.yaml, which JSON is too.
type manifest struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Contract    string            `json:"contract"`
	Code        string            `json:"code"`
	Command     []string          `json:"command"`
	Environment map[string]string `json:"environment"`
	Memory      string            `json:"memory"`
	Server      map[string]any    `json:"server"`
	scale
}

// deployment is one function, and the folder that its code is relative to.
type deployment struct {
	Dir      string   `json:"dir"`
	Manifest manifest `json:"manifest"`
}

// functionURL is where a service that is a function answers.
func functionURL(gateway, name string) string { return gateway + "/http/" + name }

// printFunctions writes what has to be deployed for the shop to run as functions behind o.gateway: one deployment a line, those that
// are called before those that call them.
func printFunctions(o options, stdout, stderr io.Writer) error {
	if o.gateway == "" || !filepath.IsAbs(o.dataDir) {
		return fmt.Errorf("functions: want --gateway and an absolute --data, got %q and %q", o.gateway, o.dataDir)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	names := []string{queue, shipping, catalog, cart, risk, payment, orders}
	nodePath, nodeDir, err := findNode(o)
	if err != nil {
		fmt.Fprintf(stderr, "shop: %s is left out, the rest runs: %v\n", recommend, err)
	} else {
		names = append(names, recommend)
	}
	names = append(names, frontend)
	peers := map[string]string{}
	for _, name := range names {
		peers[name] = functionURL(o.gateway, name)
	}
	out := json.NewEncoder(stdout)
	for _, name := range names {
		env, err := serviceEnvironment(o, settings{Name: name, Peers: peers, Function: true})
		if err != nil {
			return err
		}
		d := deployment{filepath.Dir(self), manifest{Name: name, Description: "Demo shop", Contract: "http", Code: filepath.Base(self),
			Command: []string{"./" + filepath.Base(self)}, Environment: env, Memory: "128MiB",
			Server: map[string]any{"health": map[string]any{"path": "/healthz"}}, scale: scales[name]}}
		if name == recommend {
			d.Dir, d.Manifest.Code, d.Manifest.Memory = nodeDir, ".", "256MiB"
			d.Manifest.Command = append([]string{nodePath}, nodeArguments...)
		}
		if err := out.Encode(d); err != nil {
			return err
		}
	}
	return nil
}

// visit sends the shop's visitors to the functions behind o.gateway, until ctx is done.
func visit(ctx context.Context, o options) error {
	if o.gateway == "" {
		return errors.New("traffic: want --gateway, got none")
	}
	drive(ctx, newGatewayTransport(o.token), functionURL(o.gateway, frontend), o.rate)
	return nil
}

// gatewayTransport shows the token to a function gateway.
type gatewayTransport struct {
	inner http.RoundTripper
	token string
}

func newGatewayTransport(token string) http.RoundTripper {
	inner := http.DefaultTransport.(*http.Transport).Clone()
	inner.MaxIdleConnsPerHost = concurrency // all peers are one host
	if token == "" {
		return inner
	}
	return &gatewayTransport{inner, token}
}

func (t *gatewayTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Weft-Token", t.token)
	return t.inner.RoundTrip(r)
}
