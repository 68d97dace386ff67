package coldstart_test

import (
	"testing"

	"weft/faas/coldstart"
)

const pythonReady = `
import os, socket
_host, _port = os.environ["READY"].split(":")
socket.create_connection((_host, int(_port))).recv(1)
`

// pythonSleep is a module that sleeps, imports others, and prints for how long that really took.
func pythonSleep(name, seconds, others string) string {
	return "import time\nt = time.monotonic_ns()\ntime.sleep(" + seconds + ")\n" + others +
		"\nprint('{\"name\": \"" + name + "\", \"ns\": %d}' % (time.monotonic_ns() - t))\n"
}

func pythonNested(t *testing.T) string {
	return write(t, map[string]string{
		"main.py":                              "import a" + pythonReady,
		"a.py":                                 pythonSleep("a", "0.03", "import pkg.b"),
		"pkg/__init__.py":                      "",
		"pkg/b.py":                             pythonSleep("b", "0.04", "import pkg.c"),
		"pkg/c.py":                             pythonSleep("c", "0.05", ""),
		"Some_Pkg-4.5.dist-info/top_level.txt": "pkg\n",
	})
}

func TestPythonNested(t *testing.T) {
	p, steps := nested(t, options{dir: pythonNested(t)}, []string{"python3", "main.py"}, "import a", "import pkg.b", "import pkg.c")
	a, b, c := must(t, steps, "import a"), must(t, steps, "import pkg.b"), must(t, steps, "import pkg.c")
	if find(a.Steps, b.Name) == nil || find(b.Steps, c.Name) == nil {
		t.Errorf("the steps are not nested:\n%s", draw(steps, ""))
	}
	if b.Kind != coldstart.Dep || b.Version != "4.5" || a.Kind != coldstart.User {
		t.Errorf("got %s %s and %s, want dep 4.5 and user", b.Kind, b.Version, a.Kind)
	}
	must(t, steps, "python bootstrap")
	covered(t, p, steps)
	if n := p.rec.Dropped(); n != 0 {
		t.Errorf("%d records dropped", n)
	}
}
