package weft_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport says which of our top-level folders each one may import, besides itself. A folder that is missing here may
// hold no Go code. The table is the architecture: docs/architecture.md explains it.
var mayImport = map[string][]string{
	"semconv":   {},
	"auth":      {},
	"analysis":  {},
	"sdk":       {},
	"state":     {"semconv"},
	"faas":      {"semconv", "state", "sdk"},
	"processor": {"semconv"},
	"store":     {"semconv"},
	"collector": {"processor", "store", "semconv", "auth"},
	"alert":     {"store", "state", "semconv"},
	"web":       {"store", "state", "alert", "semconv", "auth", "analysis"},
	"cmd":       {"semconv", "auth", "state", "faas", "processor", "store", "collector", "alert", "web"},
	"examples":  {"sdk"},
	"e2e":       {"semconv", "store", "bench", "faas"},
	"bench":     {"semconv", "store", "faas"},
}

// onlyIn names third-party packages that one place keeps away from everyone else.
var onlyIn = map[string][]string{
	"github.com/uber/jaeger-client-go":     {"sdk/jaegercompat", "examples/shop", "examples/functions/fc-tracing", "e2e/clients"},
	"github.com/ClickHouse/clickhouse-go/": {"store", "bench"},
	"github.com/ClickHouse/ch-go":          {"store", "bench"},
	"github.com/nats-io/":                  {"state"},
	"github.com/ebitengine/purego":         {"store/engine"},
	"github.com/creack/pty":                {"store/engine"},
}

var forbiddenNames = []string{"internal", "pkg", "util", "utils", "common", "types", "helpers"}

func TestLayout(t *testing.T) {
	packages := 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "data" || name == "bin" || name == "testdata" ||
				(strings.HasPrefix(name, ".") && name != ".") {
				return filepath.SkipDir
			}
			return nil
		}
		dir := path.Dir(file)
		if !strings.HasSuffix(file, ".go") || dir == "." {
			return nil
		}
		packages++
		segments := strings.Split(dir, "/")
		if len(segments) > 3 {
			t.Errorf("%s: %d folders deep, want at most 3", file, len(segments))
		}
		for _, s := range segments {
			if slices.Contains(forbiddenNames, s) {
				t.Errorf("%s: a folder named %q says nothing about what is in it", file, s)
			}
		}
		allowed, known := mayImport[segments[0]]
		if !known {
			t.Errorf("%s: top-level folder %q is not in the table of layout_test.go", file, segments[0])
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if ours, ok := strings.CutPrefix(imported, "weft/"); ok {
				top, _, _ := strings.Cut(ours, "/")
				if top != segments[0] && !slices.Contains(allowed, top) {
					t.Errorf("%s imports %s: %s may import only %v", file, imported, segments[0], allowed)
				}
			}
			for prefix, places := range onlyIn {
				within := func(place string) bool { return dir == place || strings.HasPrefix(dir, place+"/") }
				// A test may look behind the package that it tests.
				test := strings.HasSuffix(file, "_test.go")
				if strings.HasPrefix(imported, prefix) && !test && !slices.ContainsFunc(places, within) {
					t.Errorf("%s imports %s: only %v may", file, imported, places)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if packages == 0 {
		t.Fatal("no Go file was looked at")
	}
}
