package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// resolveUp parses args as `weft up` would, without starting anything.
func resolveUp(t *testing.T, args ...string) (*config, error) {
	t.Helper()
	var c config
	fs := pflag.NewFlagSet("up", pflag.ContinueOnError)
	c.webFlags(fs, defaultHTTP)
	c.collectorFlags(fs)
	c.storeFlags(fs)
	c.engineFlags(fs)
	c.demoFlags(fs)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	return &c, c.resolve(fs)
}

func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weft.yaml")
	if err := os.WriteFile(file, []byte("http: 127.0.0.1:1\nlog-format: json\ndata: from-file\ndemo: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEFT_HTTP", "127.0.0.1:2")
	t.Setenv("WEFT_DATA", "from-env")
	c, err := resolveUp(t, "--config", file, "--http", "127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	if c.http != "127.0.0.1:3" || c.data != "from-env" || c.logFormat != "json" || !c.demo {
		t.Errorf("got http=%s data=%s log-format=%s demo=%v; want flag, environment, file, file", c.http, c.data, c.logFormat, c.demo)
	}
}

func TestResolveNamesEveryProblem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weft.yaml")
	if err := os.WriteFile(file, []byte("retention: 3h\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEFT_RETENTION_LOGS", "1h")
	t.Setenv("WEFT_ENGINE_MEMORY", "much")
	_, err := resolveUp(t, "--config", file, "--http", "0.0.0.0:80", "--log-format", "xml", "--pprof", "0.0.0.0:1", "--base-path", "x")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`unknown key "retention"`,
		`WEFT_ENGINE_MEMORY`, `want a size such as 256MiB or 2GiB, got "much"`,
		`--http: 0.0.0.0:80 can be reached from other machines`,
		`--log-format: want text or json, got "xml"`,
		`WEFT_RETENTION_LOGS`, `want 0, or 1d to 3650d, got "1h"`,
		`--pprof: want a loopback address`,
		`--base-path: want it to start with /`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}

func TestListenBeyondLoopbackNeedsTokens(t *testing.T) {
	if _, err := resolveUp(t, "--http", "0.0.0.0:80", "--tokens", "tokens.yaml"); err != nil {
		t.Errorf("with --tokens: %v", err)
	}
	for addr, want := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "0.0.0.0:1": false, ":1": false, "10.0.0.1:1": false, "bad": false,
	} {
		if got := isLoopback(addr); got != want {
			t.Errorf("isLoopback(%q) = %v, want %v", addr, got, want)
		}
	}
}

func TestByteSize(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "1024": "1KiB", "512MiB": "512MiB", "1.5 GiB": "1.5GiB", "7B": "7"} {
		var b byteSize
		if err := b.Set(in); err != nil || b.String() != want {
			t.Errorf("Set(%q) = %s, %v; want %s", in, b.String(), err, want)
		}
	}
	for _, in := range []string{"", "-1", "4GB", "NaN", "9999999TiB"} {
		var b byteSize
		if err := b.Set(in); err == nil {
			t.Errorf("Set(%q): no error, got %s", in, b.String())
		}
	}
}

func TestDays(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "1d": "1d", "48h": "2d", "36h": "36h0m0s", "3650d": "3650d"} {
		var d days
		if err := d.Set(in); err != nil || d.String() != want {
			t.Errorf("Set(%q) = %s, %v; want %s", in, d.String(), err, want)
		}
	}
	for _, in := range []string{"", "d", "-1d", "3651d", "23h", "x", "1.5d"} {
		var d days
		if err := d.Set(in); err == nil {
			t.Errorf("Set(%q): no error, got %s", in, d.String())
		}
	}
}

// TestConfigDoc keeps docs/config.md true: its tables of flags are what the commands really take.
func TestConfigDoc(t *testing.T) {
	const doc = "../../docs/config.md"
	raw, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot()
	for _, name := range []string{"up", "collector", "web", "faas"} {
		cmd, _, err := root.Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		if want := flagTable(cmd); !strings.Contains(string(raw), want) {
			t.Errorf("%s lacks the flags of weft %s as they are:\n%s", doc, name, want)
		}
	}
	for _, r := range receivers {
		if want := fmt.Sprintf("| `%s` | `%s` |", r.env, r.fallback); !strings.Contains(string(raw), want) {
			t.Errorf("%s lacks %s", doc, want)
		}
	}
}

func flagTable(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString("| flag | default | meaning |\n|---|---|---|\n")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			fmt.Fprintf(&b, "| `--%s` | `%s` | %s |\n", f.Name, f.DefValue, f.Usage)
		}
	})
	return b.String()
}
