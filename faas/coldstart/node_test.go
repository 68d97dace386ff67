package coldstart_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"weft/faas/coldstart"
)

const nodeReady = `
for (const line of globalThis.slept || []) console.log(line);
const [host, port] = process.env.READY.split(':');
require('net').connect(Number(port), host).on('close', () => {}).resume();
`

// nodeSleep is a module that sleeps, loads others, and keeps for how long that really took; nodeReady prints it.
func nodeSleep(name, ms, others string) string {
	return "const t = process.hrtime.bigint(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, " + ms + ");\n" + others +
		"\n(globalThis.slept ||= []).push(JSON.stringify({ name: '" + name + "', ns: Number(process.hrtime.bigint() - t) }));"
}

func slept(t *testing.T, stdout string) map[string]time.Duration {
	t.Helper()
	out := map[string]time.Duration{}
	for line := range strings.Lines(stdout) {
		var s struct {
			Name string
			NS   int64
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("stdout has a line %q that the program did not print: %v", line, err)
		}
		out[s.Name] = time.Duration(s.NS)
	}
	return out
}

func nodeNested(t *testing.T) string {
	return write(t, map[string]string{
		"index.js":                        "require('./a');" + nodeReady,
		"a.js":                            nodeSleep("a", "30", "require('dep');"),
		"node_modules/dep/package.json":   `{"version": "1.2.3", "main": "b.js"}`,
		"node_modules/dep/b.js":           nodeSleep("b", "40", "require('./lib/c'); require('./lib/c');"),
		"node_modules/dep/lib/c.js":       nodeSleep("c", "50", ""),
		"node_modules/dep/lib/unused.txt": "",
	})
}

func TestNodeNested(t *testing.T) {
	dir := nodeNested(t)
	p, steps := nested(t, options{dir: dir}, []string{"node", "index.js"}, "require a.js", "require dep", "require dep/lib/c.js")
	a, b, c := must(t, steps, "require a.js"), must(t, steps, "require dep"), must(t, steps, "require dep/lib/c.js")
	if find(a.Steps, b.Name) == nil || find(b.Steps, c.Name) == nil {
		t.Errorf("the steps are not nested:\n%s", draw(steps, ""))
	}
	if b.Kind != coldstart.Dep || b.Module != "dep" || b.Version != "1.2.3" || a.Kind != coldstart.User {
		t.Errorf("got %s %s %s and %s, want dep dep 1.2.3 and user", b.Kind, b.Module, b.Version, a.Kind)
	}
	if a.Compile <= 0 || a.Compile > 20*time.Millisecond {
		t.Errorf("compiling took %v of a", a.Compile)
	}
	for _, name := range []string{"node bootstrap", "v8 isolate", "node environment"} {
		must(t, steps, name)
	}
	covered(t, p, steps)
	if n := p.rec.Dropped(); n != 0 {
		t.Errorf("%d records dropped", n)
	}
}
