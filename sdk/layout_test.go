package sdk_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies keeps the archived jaeger-client-go, and whatever else is large, out of programs that import the SDK.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := map[string]bool{}
	for _, m := range strings.Fields(string(out)) {
		modules[m] = true
	}
	if modules["github.com/uber/jaeger-client-go"] {
		t.Error("weft/sdk imports jaeger-client-go: only weft/sdk/jaegercompat may")
	}
	if len(modules) > 30 {
		t.Errorf("weft/sdk links %d modules, want at most 30: %v", len(modules), modules)
	}
	if !modules["go.opentelemetry.io/otel/sdk"] {
		t.Error("the list of dependencies looks wrong: otel/sdk is not in it")
	}
}
