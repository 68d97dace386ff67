package coldstart

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weft/faas/bootstrap"
	"weft/faas/function"
)

// patience bounds what is waited for: much more than it takes on a loaded machine.
const patience = 30 * time.Second

// run is a program that was started with a Recorder, and has ended.
type run struct {
	stdout, stderr string
	steps          []*Step
	took           time.Duration
	start, end     time.Time
}

// write puts files below a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func newRecorder(t *testing.T, dir string, tracing function.Tracing, command ...string) *Recorder {
	t.Helper()
	hooks, err := bootstrap.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Config{Command: command, Dir: dir, Tracing: tracing, Hooks: hooks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// execute runs a program to its end.
func execute(t *testing.T, dir string, env []string, command ...string) run {
	t.Helper()
	r := newRecorder(t, dir, function.Tracing{Modules: true, Profile: true}, command...)
	return finish(t, r, env)
}

func finish(t *testing.T, r *Recorder, env []string) run {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.cfg.Command[0], r.cfg.Command[1:]...)
	cmd.Dir = r.cfg.Dir
	cmd.Env = r.Environment(append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.cfg.Dir}, env...))
	cmd.ExtraFiles = r.Files()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, r.Stderr(&errs)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Started()
	err := cmd.Wait()
	end := time.Now()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return run{out.String(), errs.String(), r.Finish(start, end), end.Sub(start), start, end}
}

// find returns the first step of a name, and the one it is within.
func find(steps []*Step, name string) (step, parent *Step) {
	var visit func(parent *Step, steps []*Step) (*Step, *Step)
	visit = func(parent *Step, steps []*Step) (*Step, *Step) {
		for _, s := range steps {
			if s.Name == name {
				return s, parent
			}
			if f, p := visit(s, s.Steps); f != nil {
				return f, p
			}
		}
		return nil, nil
	}
	return visit(nil, steps)
}

func nested(t *testing.T, r run, selfs map[string]time.Duration, chain ...string) {
	t.Helper()
	for i, name := range chain {
		s, parent := find(r.steps, name)
		if s == nil {
			t.Fatalf("no step %q in %s; stderr %q", name, names(r.steps), r.stderr)
		}
		if i > 0 && (parent == nil || parent.Name != chain[i-1]) {
			t.Errorf("%s is not directly below %s", name, chain[i-1])
		}
		// A sleep is never shorter than asked for; on a loaded machine it is longer, by what the test cannot know.
		if self, want := s.Self(), selfs[name]; self < want-2*time.Millisecond || self > want+want/50+50*time.Millisecond {
			t.Errorf("own time of %s: %v, want %v", name, self, want)
		}
	}
	var covered time.Duration
	for _, s := range r.steps {
		covered += s.End.Sub(s.Start)
	}
	if share := float64(covered) / float64(r.took); share < 0.95 || share > 1.0001 {
		t.Errorf("steps cover %.1f %% of the start, want 95 to 100", 100*share)
	}
}

func names(steps []*Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(s.Name)
		if len(s.Steps) > 0 {
			b.WriteString("(" + names(s.Steps) + ")")
		}
		b.WriteString(" ")
	}
	return b.String()
}

const ms = time.Millisecond

func TestNodeNesting(t *testing.T) {
	sleep := func(ms string) string {
		return "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, " + ms + ");\n"
	}
	dir := write(t, map[string]string{
		"main.js":                     "require('./a'); console.log('out'); console.error('err');",
		"a.js":                        sleep("20") + "require('./b');\n" + sleep("20"),
		"b.js":                        sleep("30") + "require('c');\n",
		"node_modules/c/package.json": `{"name": "c", "version": "1.2.3"}`,
		"node_modules/c/index.js":     sleep("50"),
	})
	r := execute(t, dir, []string{"NODE_OPTIONS=--max-old-space-size=99 --no-warnings"}, "node", "main.js")
	nested(t, r, map[string]time.Duration{"require ./a": 40 * ms, "require ./b": 30 * ms, "require c": 50 * ms}, "require ./a", "require ./b", "require c")
	if c, _ := find(r.steps, "require c"); c.Kind != Dep || c.Version != "1.2.3" {
		t.Errorf("c: kind %s version %q", c.Kind, c.Version)
	}
	if r.stdout != "out\n" || r.stderr != "err\n" {
		t.Errorf("the program's output: %q, %q", r.stdout, r.stderr)
	}
}

func TestPythonNesting(t *testing.T) {
	files := map[string]string{
		"main.py":                   "import a, sys\nprint('out')\nprint('err', file=sys.stderr)\n",
		"a.py":                      "import time\ntime.sleep(0.02)\nimport b\ntime.sleep(0.02)\n",
		"b.py":                      "import time\ntime.sleep(0.03)\nimport c\n",
		"lib/site-packages/c.py":    "import time\ntime.sleep(0.05)\n",
		"lib/site/sitecustomize.py": "print('mine')\n",
	}
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		t.Run(python, func(t *testing.T) {
			dir := write(t, files)
			path := "PYTHONPATH=" + dir + "/lib/site:" + dir + "/lib/site-packages"
			r := execute(t, dir, []string{path}, python, "main.py")
			nested(t, r, map[string]time.Duration{"import a": 40 * ms, "import b": 30 * ms, "import c": 50 * ms}, "import a", "import b", "import c")
			if c, _ := find(r.steps, "import c"); c.Kind != Dep {
				t.Errorf("c: kind %s", c.Kind)
			}
			if r.stdout != "mine\nout\n" || r.stderr != "err\n" {
				t.Errorf("the program's output: %q, %q", r.stdout, r.stderr)
			}
		})
	}
}

func TestNodeUndisturbed(t *testing.T) {
	dir := write(t, map[string]string{
		"main.js": `const { spawnSync } = require('child_process');
console.log(process.env.WEFT_HOOK_FD === undefined);
const ls = spawnSync('/bin/sh', ['-c', 'readlink /proc/$$/fd/3; true'], { encoding: 'utf8' });
console.log(/socket/.test(ls.stdout));
const child = spawnSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8' });
console.log(child.stdout.trim(), JSON.stringify(child.stderr));
try { require('./broken'); } catch (e) { console.log(e.name); }
try { require('./missing'); } catch (e) { console.log(e.code); }
import('./esm.mjs').then((m) => console.log(m.answer));
`,
		"broken.js": "throw new RangeError('no');",
		"esm.mjs":   "export const answer = 42;",
	})
	r := execute(t, dir, nil, "node", "main.js")
	if want := "true\nfalse\n42 \"\"\nRangeError\nMODULE_NOT_FOUND\n42\n"; r.stdout != want || r.stderr != "" {
		t.Errorf("got %q, %q, want %q", r.stdout, r.stderr, want)
	}
	if s, _ := find(r.steps, "require ./broken"); s == nil || s.Err != "no" {
		t.Errorf("failed module: %+v in %s", s, names(r.steps))
	}
}

func TestPythonUndisturbed(t *testing.T) {
	dir := write(t, map[string]string{
		"main.py": `import os, subprocess, sys, threading
print("WEFT_HOOK_FD" in os.environ, threading.active_count(), flush=True)
print("socket" in subprocess.run(["/bin/sh", "-c", "readlink /proc/$$/fd/3; true"], capture_output=True, text=True).stdout)
child = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
print(child.stdout.strip(), repr(child.stderr), flush=True)
pid = os.fork()
if pid == 0:
    import forked
    os._exit(0)
os.waitpid(pid, 0)
try:
    import broken
except ValueError as e:
    print(e)
try:
    import missing
except ImportError as e:
    print(e.name)
`,
		"broken.py": "raise ValueError('no')\n",
		"forked.py": "import time\ntime.sleep(0.01)\n",
	})
	r := execute(t, dir, nil, "python3", "main.py")
	if want := "False 1\nFalse\n42 ''\nno\nmissing\n"; r.stdout != want || r.stderr != "" {
		t.Errorf("got %q, %q, want %q", r.stdout, r.stderr, want)
	}
	if s, _ := find(r.steps, "import broken"); s == nil || s.Err != "ValueError" {
		t.Errorf("failed module: %+v in %s", s, names(r.steps))
	}
	if s, _ := find(r.steps, "import forked"); s != nil {
		t.Error("what a forked child imports is told as the program's")
	}
}

// A hook that finds no descriptor, or one of something else, leaves the program alone.
func TestBrokenDescriptor(t *testing.T) {
	dir := write(t, map[string]string{"main.js": "require('./m');", "m.js": "console.log('fine');", "main.py": "import m\n", "m.py": "print('fine')\n"})
	for _, command := range [][]string{{"node", "main.js"}, {"python3", "main.py"}} {
		r := newRecorder(t, dir, function.Tracing{Modules: true, Profile: true}, command...)
		for _, fd := range []string{"", "99", "x", "-1"} {
			env := append(r.Environment([]string{"PATH=" + os.Getenv("PATH")}), hookFD+"="+fd)
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Dir, cmd.Env = dir, env
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != "fine\n" {
				t.Errorf("%s with descriptor %q: %v, %q", command[0], fd, err, out)
			}
		}
	}
}
