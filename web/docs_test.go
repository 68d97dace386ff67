package web

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

const apiDoc = "../docs/api.md"

// The tables of docs/api.md are made from the contract and from the routes; -update rewrites them.
func TestAPIDocIsCurrent(t *testing.T) {
	raw, err := os.ReadFile(apiDoc)
	if err != nil {
		t.Fatal(err)
	}
	want := string(raw)
	for name, table := range map[string]string{"own": ownTable(t), "jaeger": routeList(t, func(route string) bool { return compatible(route) && !zipkinRoute(route) }),
		"zipkin": routeList(t, zipkinRoute)} {
		begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
		before, rest, ok := strings.Cut(want, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s lacks the marks %s and %s", apiDoc, strings.TrimSpace(begin), end)
		}
		want = before + begin + table + end + after
	}
	if *update {
		if err := os.WriteFile(apiDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !*update && want != string(raw) {
		t.Errorf("%s is not current: go test ./web -run TestAPIDocIsCurrent -update", apiDoc)
	}
}

// ownTable lists the operations of openapi.yaml with their parameters.
func ownTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| call | parameters | answers |\n|---|---|---|\n")
	paths := loadSpec(t).Paths
	for _, path := range paths.InMatchingOrder() {
		item := paths.Value(path)
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			op := item.GetOperation(method)
			if op == nil {
				continue
			}
			var names []string
			for _, p := range op.Parameters {
				if p.Value.In == "query" {
					names = append(names, p.Value.Name)
				}
			}
			fmt.Fprintf(&b, "| `%s %s` | %s | %s |\n", method, path, strings.Join(names, ", "), strings.TrimSuffix(op.Summary, "."))
		}
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	slices.Sort(lines[2:])
	return strings.Join(lines, "\n") + "\n"
}

// routeList lists the routes that follow somebody else's contract.
func routeList(t *testing.T, of func(route string) bool) string {
	s, err := New(Config{Store: &fakeStore{}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	chi.Walk(s.mux, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if of(route) {
			lines = append(lines, fmt.Sprintf("- `%s %s`\n", method, route))
		}
		return nil
	})
	slices.Sort(lines)
	return strings.Join(lines, "")
}
