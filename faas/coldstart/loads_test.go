package coldstart_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weft/faas/bootstrap"
	"weft/faas/coldstart"
)

// What an invocation imports is told apart from the start.
func TestBetween(t *testing.T) {
	dir := write(t, map[string]string{
		"index.js": nodeReady + "process.stdin.once('data', () => { require('./late'); console.log('done'); process.exit() })",
		"late.js":  "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); require('./later')",
		"later.js": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)",
		"main.py":  pythonReady + "\nimport sys; sys.stdin.readline(); import late; print('done')",
		"late.py":  "import time; time.sleep(.02); import later",
		"later.py": "import time; time.sleep(.01)",
	})
	for _, c := range []struct {
		command     []string
		late, later string
	}{{[]string{"node", "index.js"}, "require late.js", "require later.js"}, {[]string{"python3", "main.py"}, "import late", "import later"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p := start(t, options{dir: dir, stdin: r}, c.command...)
		r.Close()
		if s := find(p.steps(), c.late); s != nil {
			t.Errorf("the start has %s", s.Name)
		}
		from := time.Now()
		if _, err := w.WriteString("go\n"); err != nil {
			t.Fatal(err)
		}
		if stdout, stderr := p.wait(); stdout != "done\n" || stderr != "" {
			t.Errorf("got %q and %q", stdout, stderr)
		}
		w.Close()
		to := time.Now()
		steps := p.rec.Between(from, to)
		check(t, steps, from, to)
		late := must(t, steps, c.late)
		if d := late.End.Sub(late.Start); d < 30*time.Millisecond {
			t.Errorf("%s took %v, want at least 30ms", c.late, d)
		}
		must(t, late.Steps, c.later)
		if again := p.rec.Between(to, time.Now()); len(again) != 0 {
			t.Errorf("after the end: %s", draw(again, ""))
		}
	}
}

// A start that hangs shows the module that it hangs in, one that fails says why: in Node where nobody catches the error.
func TestHangAndFailure(t *testing.T) {
	dir := write(t, map[string]string{
		"index.js": "try { require('./bad') } catch {} require('./hang')", "bad.js": "throw new RangeError('no good')",
		"hang.js": nodeReady + "console.log('hangs'); for (;;) {}",
		"main.py": "try:\n    import bad\nexcept ZeroDivisionError: pass\nimport hang", "bad.py": "1/0",
		// It is known within 30 ms; what it prints comes later than that.
		"hang.py": "import os, time\nend = time.monotonic() + .5\nwhile time.monotonic() < end: pass\nos.write(1, b'hangs\\n')\nwhile True: pass",
	})
	for _, c := range []struct {
		command          []string
		bad, hang, error string
	}{
		{[]string{"node", "index.js"}, "require bad.js", "require hang.js", "it threw an error"},
		{[]string{"python3", "main.py"}, "import bad", "import hang", "ZeroDivisionError: division by zero"},
	} {
		p := launch(t, options{dir: dir}, c.command...)
		for end := time.Now().Add(30 * time.Second); !strings.Contains(p.stdout.String(), "hangs") && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		p.ready = time.Now()
		steps := p.steps()
		if s := must(t, steps, c.bad); s.Err != c.error || s.Open {
			t.Errorf("%s: got error %q, want %q", s.Name, s.Err, c.error)
		}
		if s := must(t, steps, c.hang); !s.Open || !s.End.Equal(p.ready) {
			t.Errorf("%s: open %v, end %v, want one that is open until %v", s.Name, s.Open, s.End, p.ready)
		}
	}
}

// What is watched dies as it would without: the error is printed where it was thrown. Those that it went through say why, and one that failed
// before, of what was caught, does not take it for its own.
func TestNodeDies(t *testing.T) {
	dir := write(t, map[string]string{
		"index.js": "try { require('./absent') } catch {} require('./inner')", "inner.js": "require('./bad')", "bad.js": "\nthrow new RangeError('no good')",
	})
	p := launch(t, options{dir: dir}, "node", "index.js")
	if _, stderr, err := p.outcome(); err == nil || !strings.HasPrefix(stderr, filepath.Join(dir, "bad.js")+":2\nthrow new RangeError('no good')\n") {
		t.Errorf("it printed\n%s", stderr)
	}
	p.ready = time.Now()
	steps := p.steps()
	for name, want := range map[string]string{"require index.js": "RangeError: no good", "require inner.js": "RangeError: no good",
		"require bad.js": "RangeError: no good", "require ./absent": "it could not be loaded"} {
		if s := must(t, steps, name); s.Err != want || s.Open {
			t.Errorf("%s: got error %q, open %v, want %q", s.Name, s.Err, s.Open, want)
		}
	}
}

// The bootstrap's import of an ECMAScript module is a step; so is a main module of that kind, until the program is ready.
func TestNodeModules(t *testing.T) {
	dir := write(t, map[string]string{
		"app.mjs":  "import './dep.cjs'; " + nodeSleepModule + "export const h = async () => 1;",
		"dep.cjs":  "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)",
		"main.mjs": "import './dep.cjs'; " + nodeSleepModule + "import net from 'net'; const [host, port] = process.env.READY.split(':'); net.connect(Number(port), host).resume();",
	})
	set, err := bootstrap.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"_HANDLER=app.h", "LAMBDA_TASK_ROOT=" + dir}
	for _, c := range []struct{ command, step string }{{set.Node, "import app.mjs"}, {"main.mjs", "import main.mjs"}} {
		// The bootstrap's poll is what makes it ready.
		p := start(t, options{dir: dir, env: env, lambda: true, set: set}, "node", c.command)
		steps := p.steps()
		s := must(t, steps, c.step)
		if d := s.End.Sub(s.Start); d < 50*time.Millisecond || s.Kind != coldstart.User {
			t.Errorf("%s: %v of kind %s, want at least 50ms of the user's", s.Name, d, s.Kind)
		}
		if d := must(t, steps, "require dep.cjs"); d.End.Sub(d.Start) < 30*time.Millisecond {
			t.Errorf("%s took %v", d.Name, d.End.Sub(d.Start))
		}
		covered(t, p, steps)
	}
}

const nodeSleepModule = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);"

// Real frameworks, as large as they come.
func TestCoverageOfFrameworks(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import flask, sys; print(flask.__file__)").CombinedOutput(); err != nil {
		t.Fatalf("the test needs Flask: %s", out)
	}
	dir := write(t, map[string]string{
		"main.py": "import flask\napp = flask.Flask(__name__)\n" + pythonReady,
	})
	p := start(t, options{dir: dir}, "python3", filepath.Join(dir, "main.py"))
	steps := p.steps()
	if s := must(t, steps, "import flask"); s.Kind != coldstart.Dep || s.Version == "" || len(s.Steps) == 0 {
		t.Errorf("flask is %s %q:\n%s", s.Kind, s.Version, draw([]*coldstart.Step{s}, ""))
	}
	covered(t, p, steps)
}
