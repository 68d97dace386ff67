package samplingextension

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const jaegerFile = `{
  "default_strategy": {"type": "probabilistic", "param": 0.5,
    "operation_strategies": [{"operation": "/health", "type": "probabilistic", "param": 0.0}]},
  "service_strategies": [
    {"service": "shop", "type": "probabilistic", "param": 0.8,
      "operation_strategies": [{"operation": "pay", "type": "probabilistic", "param": 1}]},
    {"service": "bank", "type": "ratelimiting", "param": 42}
  ]
}`

// served is an extension on a free port.
type served struct {
	*samplingExtension
	url, file string
}

func serve(t *testing.T, content string) *served {
	t.Helper()
	cfg := defaultConfig().(*Config)
	cfg.ReloadInterval = 10 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.ServerConfig.NetAddr.Endpoint = l.Addr().String()
	if content != "" {
		cfg.File = filepath.Join(t.TempDir(), "strategies")
		write(t, cfg.File, content)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ext, err := create(t.Context(), extensiontest.NewNopSettings(NewFactory().Type()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := ext.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 { // twice does no harm
			if err := ext.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return &served{ext.(*samplingExtension), "http://" + cfg.ServerConfig.NetAddr.Endpoint, cfg.File}
}

// write replaces the file at once, as careful editors and config maps do.
func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

func (s *served) get(t *testing.T, method, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(body))
}

func TestSampling(t *testing.T) {
	s := serve(t, jaegerFile)
	is := func(path string, wantCode int, want string) {
		t.Helper()
		if code, body := s.get(t, http.MethodGet, path); code != wantCode || body != want {
			t.Errorf("GET %s: got %d %s\nwant %d %s", path, code, body, wantCode, want)
		}
	}
	const (
		missing = "'service' parameter must be provided once"
		shop    = `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.8},"operationSampling":{` +
			`"defaultSamplingProbability":0.8,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":[` +
			`{"operation":"pay","probabilisticSampling":{"samplingRate":1}},{"operation":"/health","probabilisticSampling":{"samplingRate":0}}]}}`
	)
	for _, path := range []string{"/", "/sampling"} {
		is(path+"?service=shop", 200, shop)
		is(path, 400, missing)
		is(path+"?service=", 400, missing)
		is(path+"?service=a&service=b", 400, missing)
	}
	is("/sampling?service=bank", 200, `{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":42},"operationSampling":{`+
		`"defaultSamplingProbability":0.5,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":[{"operation":"/health","probabilisticSampling":{"samplingRate":0}}]}}`)
	is("/elsewhere?service=shop", 404, "404 page not found")
	is("/credits?service=shop&uuid=7&operations=pay&operations=ship", 200, `{"balances":[{"operation":"pay","balance":10},{"operation":"ship","balance":10}]}`)
	is("/credits?service=shop&uuid=7", 200, `{"balances":[]}`)
	is("/credits?uuid=7", 400, missing)
	is("/credits?service=shop"+strings.Repeat("&operations=a", 1001), 400, "want at most 1000 'operations' parameters, got 1001")
	if code, _ := s.get(t, http.MethodPost, "/sampling?service=shop"); code != 405 {
		t.Errorf("POST: got %d, want 405", code)
	}
}

func TestWithoutFile(t *testing.T) {
	s := serve(t, "")
	want := `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}`
	if code, body := s.get(t, http.MethodGet, "/sampling?service=any"); code != 200 || body != want {
		t.Errorf("got %d %s, want 200 %s", code, body, want)
	}
}

func TestReload(t *testing.T) {
	s := serve(t, "default_strategy: {type: probabilistic, param: 0.25}")
	rate := func() string { _, body := s.get(t, http.MethodGet, "/?service=x"); return body }
	becomes := func(want string) {
		t.Helper()
		deadline := time.Now().Add(5 * time.Second)
		for !strings.Contains(rate(), want) {
			if time.Now().After(deadline) {
				t.Fatalf("got %s, want %s", rate(), want)
			}
		}
	}
	becomes("0.25")
	write(t, s.file, "default_strategy: {type: probabilistic, param: 0.75}")
	becomes("0.75")
	// A mistake, and even the file's absence, leaves the strategies in force until they are mended.
	write(t, s.file, "default_strategy: {type: sometimes}")
	if _, err := s.load(); err == nil {
		t.Error("the mistake went unnoticed")
	}
	becomes("0.75")
	if err := os.Remove(s.file); err != nil {
		t.Fatal(err)
	}
	becomes("0.75")
	write(t, s.file, "default_strategy: {type: ratelimiting, param: 7}")
	becomes(`"maxTracesPerSecond":7`)
}

func TestParse(t *testing.T) {
	bad := func(content string, want ...string) {
		t.Helper()
		_, err := parse([]byte(content))
		if err == nil {
			t.Errorf("%s: no error", content)
			return
		}
		if got := err.Error(); got != strings.Join(want, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", content, got, strings.Join(want, "\n"))
		}
	}
	bad("default_strategy: {type: probabilistic, param: 1.5}", "default_strategy.param: want 0 to 1, got 1.5")
	bad("default_strategy: {type: probabilistic, param: .nan}", "default_strategy.param: want 0 to 1, got NaN")
	bad("default_strategy: {type: probabilistic}", "default_strategy.param: want a number, got none")
	bad("default_strategy: {type: ratelimiting, param: 1.5}", "default_strategy.param: want a whole number of traces per second, got 1.5")
	bad("service_strategies: [{type: x}, {service: a, type: ratelimiting, param: 99999}, {service: a, type: probabilistic, param: 1}]",
		"service_strategies[0].service: want a name, got none",
		`service_strategies[0].type: want probabilistic or ratelimiting, got "x"`,
		"service_strategies[1].param: want 0 to 32767, got 99999",
		`service_strategies[2].service: "a" stands twice`)
	bad("default_strategy: {type: probabilistic, param: 1, operation_strategies: [{type: ratelimiting, param: 1}]}",
		"default_strategy.operation_strategies[0].operation: want a name, got none",
		`default_strategy.operation_strategies[0].type: want probabilistic, the only type that clients know for operations, got "ratelimiting"`)
	if _, err := parse([]byte("defualt_strategy: {}")); err == nil || !strings.Contains(err.Error(), "defualt_strategy") {
		t.Errorf("unknown key: got %v", err)
	}
	if s, err := parse(nil); err != nil || s.of("x").Probabilistic.SamplingRate != 1 {
		t.Errorf("empty: got %v, %v", s, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(jaegerFile))
	f.Add([]byte("default_strategy: &a {type: ratelimiting, param: 1}\nservice_strategies: [*a]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := parse(raw); err == nil && s.of("any").StrategyType == "" {
			t.Errorf("accepted a file that gives no strategy")
		}
	})
}

func TestStartErrors(t *testing.T) {
	cfg := defaultConfig().(*Config)
	cfg.File = filepath.Join(t.TempDir(), "missing")
	ext := newExtension(*cfg, componenttest.NewNopTelemetrySettings())
	if err := ext.Start(t.Context(), componenttest.NewNopHost()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the file is missing", err)
	}
	write(t, cfg.File, strings.Repeat("#", maxFileBytes+1))
	if err := ext.Start(t.Context(), componenttest.NewNopHost()); err == nil || !strings.Contains(err.Error(), "want at most 1048576 bytes, got 1048577") {
		t.Errorf("got %v, want that the file is too large", err)
	}
	if err := ext.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	if err := componenttest.CheckConfigStruct(defaultConfig()); err != nil {
		t.Error(err)
	}
	err := (&Config{ReloadInterval: time.Millisecond, DebugCredits: -1}).Validate()
	if want := "reload_interval: want 10ms to 1h, got 1ms\ndebug_credits: want 0 to 1000000, got -1"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
