package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"weft/auth"
	"weft/store"
)

// config is what the server roles are told. Every field is a flag, WEFT_NAME in the environment and a key of the --config
// file, under one name; the flag wins over the environment, the environment over the file.
type config struct {
	configFile      string
	data            string
	http            string
	basePath        string
	web             string
	faas            string
	nats            string
	clickhouse      string
	collectorConfig string
	tokensFile      string
	retainTraces    days
	retainLogs      days
	retainMetrics   days
	engineMemory    byteSize
	demo            bool
	demoRate        float64
	logFormat       string
	logLevel        string
	pprof           string
}

// commonFlags are those of every role.
func (c *config) commonFlags(fs *pflag.FlagSet) {
	fs.StringVar(&c.configFile, "config", "", "YAML file whose keys are these flags' names")
	fs.StringVar(&c.tokensFile, "tokens", "", "file of hashed bearer tokens (weft token makes them); needed to listen beyond loopback")
	fs.StringVar(&c.logFormat, "log-format", "text", "text or json")
	fs.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	fs.StringVar(&c.pprof, "pprof", "", "serve Go profiles on this loopback address")
}

// storeFlags are those of every role that opens the store.
func (c *config) storeFlags(fs *pflag.FlagSet) {
	c.commonFlags(fs)
	fs.StringVar(&c.clickhouse, "clickhouse", "", "use this server, clickhouse://user:password@host:9000/database, not the embedded engine")
	c.retainTraces, c.retainLogs, c.retainMetrics = days(14*day), days(14*day), days(30*day)
	fs.Var(&c.retainTraces, "retention-traces", "drop traces older than this, by whole days; 0 keeps them")
	fs.Var(&c.retainLogs, "retention-logs", "drop logs older than this, by whole days; 0 keeps them")
	fs.Var(&c.retainMetrics, "retention-metrics", "drop metrics older than this, by whole days; 0 keeps them")
}

// faasFlags are those of the roles that run functions.
func (c *config) faasFlags(fs *pflag.FlagSet) {
	fs.StringVar(&c.faas, "faas", defaultFaas, "address of the function gateway: invoke APIs, HTTP triggers, deployment")
	fs.StringVar(&c.nats, "nats", "", "keep functions in this NATS, nats://host:4222, not in the embedded one")
}

func (c *config) engineFlags(fs *pflag.FlagSet) {
	fs.Var(&c.engineMemory, "engine-memory", "memory the embedded engine may use, such as 4GiB; 0 takes its default")
}

func (c *config) collectorFlags(fs *pflag.FlagSet) {
	fs.StringVar(&c.data, "data", "data", "folder for the engine, its tables and the write-ahead queue")
	fs.StringVar(&c.collectorConfig, "collector-config", "", "OpenTelemetry Collector configuration in place of the built-in one")
}

func (c *config) webFlags(fs *pflag.FlagSet, defaultAddr string) {
	fs.StringVar(&c.http, "http", defaultAddr, "address of the UI, the API, /metrics, /healthz and /readyz")
	fs.StringVar(&c.basePath, "base-path", "/", "path under which a proxy serves the UI")
}

func (c *config) demoFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&c.demo, "demo", false, "run the demo shop as functions, with traffic")
	fs.Float64Var(&c.demoRate, "demo-rate", 2, "checkouts a second of the demo shop's traffic")
}

// resolve fills what no flag set from the environment and the file, then checks the whole.
func (c *config) resolve(fs *pflag.FlagSet) error {
	var errs []error
	given := func(f *pflag.Flag, value, from string) {
		if err := fs.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", from, err))
		}
	}
	fs.VisitAll(func(f *pflag.Flag) {
		env := "WEFT_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := os.LookupEnv(env); ok && !f.Changed {
			given(f, value, env)
		}
	})
	if c.configFile != "" {
		keys, err := readConfigFile(c.configFile)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(keys)) {
			f := fs.Lookup(name)
			if f == nil || name == "config" || name == "help" {
				errs = append(errs, fmt.Errorf("%s: unknown key %q", c.configFile, name))
			} else if !f.Changed {
				given(f, keys[name], c.configFile)
			}
		}
	}
	errs = append(errs, c.validate(fs)...)
	return errors.Join(errs...)
}

func readConfigFile(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	var keys map[string]string
	if err := yaml.Unmarshal(raw, &keys); err != nil {
		return nil, fmt.Errorf("--config %s: want a flat list of name: value: %w", path, err)
	}
	return keys, nil
}

func (c *config) validate(fs *pflag.FlagSet) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !slices.Contains([]string{"text", "json"}, c.logFormat) {
		bad("--log-format: want text or json, got %q", c.logFormat)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		bad("--log-level: want debug, info, warn or error, got %q", c.logLevel)
	}
	if c.demoRate < 0 || c.demoRate > 1000 {
		bad("--demo-rate: want 0 to 1000, got %v", c.demoRate)
	}
	if c.basePath != "" && !strings.HasPrefix(c.basePath, "/") {
		bad("--base-path: want it to start with /, got %q", c.basePath)
	}
	if fs.Lookup("http") != nil {
		if err := c.checkListen("--http", c.http); err != nil {
			bad("%w", err)
		}
	}
	if fs.Lookup("faas") != nil {
		if err := c.checkListen("--faas", c.faas); err != nil {
			bad("%w", err)
		}
	}
	if c.pprof != "" && !isLoopback(c.pprof) {
		bad("--pprof: want a loopback address, got %q", c.pprof)
	}
	return errs
}

// checkListen refuses to open the server to the network before anyone has to prove who they are.
func (c *config) checkListen(name, addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("%s: want host:port, got %q", name, addr)
	}
	if c.tokensFile == "" && !isLoopback(addr) {
		return fmt.Errorf("%s: %s can be reached from other machines and nobody has to sign in: give --tokens FILE, or a loopback address", name, addr)
	}
	return nil
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c *config) logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.logLevel)) // validated
	options := &slog.HandlerOptions{Level: level}
	if c.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// tokens returns nil when authentication is off.
func (c *config) tokens() (*auth.Tokens, error) {
	if c.tokensFile == "" {
		return nil, nil
	}
	return auth.Load(c.tokensFile)
}

func (c *config) retention() store.Retention {
	return store.Retention{Traces: time.Duration(c.retainTraces), Logs: time.Duration(c.retainLogs), Metrics: time.Duration(c.retainMetrics)}
}

// dataDir is --data as an absolute path, created when missing.
func (c *config) dataDir() (string, error) {
	dir, err := filepath.Abs(c.data)
	if err != nil {
		return "", fmt.Errorf("--data: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("--data: %w", err)
	}
	return dir, nil
}
