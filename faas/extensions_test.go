package faas

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An extension that a package brings is started before the function, told of each invocation and of the end, and gets telemetry and the
// function's log.
func TestExtension(t *testing.T) {
	rt, e := newRuntime(t)
	dir := t.TempDir()
	build := exec.Command("go", "build", "-C", filepath.Join("..", "examples", "functions", "lambda-extension"), "-o", filepath.Join(dir, "extensions", "watcher"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	writeProgram(t, filepath.Join(dir, "bootstrap"), api+`
while True:
    id, event = next()
    print("the function says", event.decode(), flush=True)
    answer(id, event)
`)
	deployDir(t, rt, "name: extended\ncontract: lambda\ninstances: {idle: 1s, freeze: never}\n", dir)
	if answer, res := do(t, rt, "extended", `"hello"`); answer != `"hello"` {
		t.Fatalf("got %q %v", answer, res.Error)
	}
	for _, want := range []string{`"eventType":"INVOKE"`, `"type":"platform.initStart"`, `"type":"platform.report"`, `the function says \"hello\"`, `"eventType":"SHUTDOWN"`, `"shutdownReason":"SPINDOWN"`} {
		e.await(t, want, func() bool {
			for _, r := range e.records {
				if r.EventName() == "" && strings.Contains(r.Body().AsString(), want) {
					return true
				}
			}
			return false
		})
	}
}
