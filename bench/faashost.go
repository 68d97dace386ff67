package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"weft/faas"
	"weft/faas/emit"
	"weft/faas/front"
	"weft/faas/function"
)

// programs are the folders of the functions that are run.
type programs struct {
	lambda, fc, web, node, python, modules, express, flask string
}

// nodeModules is how many modules the function modules loads, each of a line.
const nodeModules = 200

// buildPrograms builds what is in Go, and copies or makes the rest, below dir.
func buildPrograms(ctx context.Context, root, dir string) (*programs, error) {
	sources := filepath.Join(root, "bench", "functions")
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"lambda", "fc", "web"} {
		build := exec.CommandContext(ctx, "go", "build", "-C", sources, "-o", filepath.Join(at(name), "bootstrap"), "./"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("build %s: %w", name, err)
		}
	}
	if err := os.MkdirAll(at("modules"), 0o755); err != nil {
		return nil, err
	}
	var index strings.Builder
	for i := range nodeModules {
		name := fmt.Sprintf("m%03d", i)
		if err := os.WriteFile(filepath.Join(at("modules"), name+".js"), fmt.Appendf(nil, "exports.n = %d;\n", i), 0o644); err != nil {
			return nil, err
		}
		fmt.Fprintf(&index, "require('./%s');\n", name)
	}
	index.WriteString("exports.handler = async (event) => ({ handler_ns: 0, event });\n")
	if err := os.WriteFile(filepath.Join(at("modules"), "index.js"), []byte(index.String()), 0o644); err != nil {
		return nil, err
	}
	apps := filepath.Join(root, "examples", "functions")
	if _, err := os.Stat(filepath.Join(apps, "express", "node_modules", "express")); err != nil {
		return nil, errors.New("no Express: run `npm ci --prefix examples/functions/express`, or `make bench-faas`")
	}
	return &programs{lambda: at("lambda"), fc: at("fc"), web: at("web"), modules: at("modules"), node: filepath.Join(sources, "node"),
		python: filepath.Join(sources, "python"), express: filepath.Join(apps, "express"), flask: filepath.Join(apps, "flask")}, nil
}

// host is a runtime and its gateway, in this process.
type host struct {
	programs *programs
	rt       *faas.Runtime
	registry *prometheus.Registry
	server   *http.Server
	base     string
	client   *http.Client
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}, Timeout: 30 * time.Second}
}

func newHost(p *programs, dir string, exporter emit.Exporter) (*host, error) {
	registry := prometheus.NewRegistry()
	rt, err := faas.New(faas.Config{Dir: dir, Exporter: exporter, Registerer: registry, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, rt.Close(context.Background()))
	}
	h := &host{programs: p, rt: rt, registry: registry, server: &http.Server{Handler: front.New(front.Config{Runtime: rt})},
		base: "http://" + listener.Addr().String(), client: newClient()}
	go func() { _ = h.server.Serve(listener) }()
	return h, nil
}

func (h *host) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return errors.Join(h.server.Close(), h.rt.Close(ctx))
}

// lost is how many spans and records were not sent.
func (h *host) lost() (n float64, err error) {
	families, err := h.registry.Gather()
	if err != nil {
		return 0, err
	}
	for _, f := range families {
		if strings.Contains(f.GetName(), "telemetry_lost") {
			for _, m := range f.GetMetric() {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n, nil
}

// deploy deploys the folder as the manifest says.
func (h *host) deploy(ctx context.Context, manifest, dir string) error {
	m, err := function.Parse(function.ManifestName, []byte(manifest))
	if err != nil {
		return err
	}
	var code bytes.Buffer
	if err := function.Pack(&code, dir); err != nil {
		return err
	}
	_, err = h.rt.Deploy(ctx, m.Function, &code)
	return err
}

func goManifest(name string, sample float64) string {
	return fmt.Sprintf("name: %s\ncontract: lambda\ntracing: {sample: %g}\n", name, sample)
}

// event is what every call brings.
const event = `{"order":"10248","items":[{"sku":"A-1","count":2},{"sku":"B-7","count":1}]}`

// post is a call over HTTP.
func post(client *http.Client, name, url string) path {
	return path{name: name, call: func(ctx context.Context) ([]byte, error) { return send(ctx, client, http.MethodPost, url, event) }}
}

func send(ctx context.Context, client *http.Client, method, url, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", url, resp.Status, answer)
	}
	if failed := resp.Header.Get("X-Amz-Function-Error") + resp.Header.Get("X-Fc-Error-Type"); failed != "" {
		err = errors.Join(err, fmt.Errorf("%s: %s %s", url, failed, answer))
	}
	return answer, err
}

func (h *host) lambdaPath(name, fn string) path {
	return post(h.client, name, h.base+"/2015-03-31/functions/"+fn+"/invocations")
}

func (h *host) ownPath(name, fn string) path {
	return path{name: name, alone: true, call: func(ctx context.Context) ([]byte, error) { return h.rt.Invoke(ctx, fn, []byte(event)) }}
}

// The ways to handlers; a plain proxy stands before those it is compared with.
const (
	proxyGo     = "Go: plain reverse proxy"
	lambdaGo    = "Go, Lambda contract"
	computeGo   = "Go, FC contract"
	webGo       = "Go, web server"
	proxyNode   = "Node: plain reverse proxy"
	lambdaNode  = "Node, Lambda contract"
	proxyPython = "Python: plain reverse proxy"
	lambdaPy    = "Python, Lambda contract"
	inProcess   = "Go, in process"
)

// paths deploys everything and starts the proxies. stop ends what runs beside the runtime.
func (h *host) paths(ctx context.Context) (_ []path, stop func(), err error) {
	var stops []func()
	end := func() {
		for _, s := range stops {
			s()
		}
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	for _, d := range []struct{ manifest, dir string }{
		{goManifest("go-lambda", 1), h.programs.lambda},
		{"name: go-fc\ncontract: fc\n", h.programs.fc},
		{"name: go-web\ncontract: http\ncommand: [./bootstrap]\n", h.programs.web},
		{"name: node\ncontract: lambda\nruntime: nodejs\nhandler: index.handler\n", h.programs.node},
		{"name: python\ncontract: lambda\nruntime: python\nhandler: app.handler\n", h.programs.python},
	} {
		if err := h.deploy(ctx, d.manifest, d.dir); err != nil {
			return nil, nil, err
		}
	}
	if err := h.rt.Register("own", handled, faas.Options{}); err != nil {
		return nil, nil, err
	}
	proxies := map[string]path{}
	for name, command := range map[string][]string{
		proxyGo:     {filepath.Join(h.programs.web, "bootstrap")},
		proxyNode:   {"node", filepath.Join(h.programs.node, "serve.js")},
		proxyPython: {"python3", filepath.Join(h.programs.python, "serve.py")},
	} {
		base, stopOne, err := startProxy(ctx, command)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		stops = append(stops, stopOne)
		proxies[name] = post(h.client, name, base)
	}
	return []path{
		proxies[proxyGo], h.lambdaPath(lambdaGo, "go-lambda"), post(h.client, computeGo, h.base+"/2023-03-30/functions/go-fc/invocations"),
		post(h.client, webGo, h.base+"/http/go-web/"), proxies[proxyNode], h.lambdaPath(lambdaNode, "node"),
		proxies[proxyPython], h.lambdaPath(lambdaPy, "python"), h.ownPath(inProcess, "own"),
	}, end, nil
}

// startProxy starts a web server and, in this process like the gateway, a plain reverse proxy before it.
func startProxy(ctx context.Context, command []string) (base string, _ func(), err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "PORT="+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // the program ends with the thread that started it
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return "", nil, err
	}
	stop := func() { _ = cmd.Process.Kill(); <-ended }
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			stop()
			return "", nil, err
		}
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		return "", nil, err
	}
	server := &http.Server{Handler: proxy}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close(); stop() }, nil
}
