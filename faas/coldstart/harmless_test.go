package coldstart_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"weft/faas/coldstart"
)

// nodeTold prints what a program can see of the hook, in itself and in a child of each language.
const nodeTold = `
const fs = require('fs');
const { execFileSync } = require('child_process');
const sockets = "require('fs').readdirSync('/proc/self/fd').filter((f)=>{try{return require('fs').readlinkSync('/proc/self/fd/'+f).startsWith('socket')}catch{return false}}).length";
const say = "console.log(JSON.stringify([process.env.NODE_OPTIONS, process.env.PYTHONPATH, process.env.WEFT_HOOK, globalThis.preloaded]))";
eval(say);
console.log(execFileSync('node', ['-e', say + ';console.log(' + sockets + ')'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim());
console.log(execFileSync('python3', ['-c', 'import os,sys;print(os.environ.get("NODE_OPTIONS"), os.environ.get("PYTHONPATH"), os.environ.get("WEFT_HOOK"))'], { encoding: 'utf8' }).trim());
new (require('worker_threads').Worker)("console.log('worker')", { eval: true });
`

func TestNodeEnvironment(t *testing.T) {
	dir := write(t, map[string]string{"index.js": nodeTold + nodeReady, "pre.js": "globalThis.preloaded = 1"})
	user := []string{"NODE_OPTIONS=--no-warnings --require=./pre.js", "PYTHONPATH=/users/own", "HOME=" + os.Getenv("HOME")}
	told := func(o options) (string, string) {
		o.dir, o.env, o.profile = dir, user, true
		return start(t, o, "node", "index.js").wait()
	}
	want, wantErr := told(options{off: true})
	if !strings.Contains(want, `["--no-warnings --require=./pre.js","/users/own",null,1]`) {
		t.Fatalf("without hooks the program prints %q", want)
	}
	for name, o := range map[string]options{"with hooks": {}, "without descriptors": {noFiles: true}} {
		if got, gotErr := told(o); got != want || gotErr != wantErr {
			t.Errorf("%s: got %q and %q, want %q and %q", name, got, gotErr, want, wantErr)
		}
	}
}

const pythonTold = `
import os, subprocess, sys, multiprocessing
say = 'import os,sys,pytold;print(os.environ.get("NODE_OPTIONS"), os.environ.get("PYTHONPATH"), os.environ.get("WEFT_HOOK"), getattr(sys, "told", None), [p for p in sys.path if "hook" in p], sys.modules["sitecustomize"].__file__)'
exec(say)
print(subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, close_fds=False))
print(subprocess.run(["node", "-p", "[process.env.NODE_OPTIONS, process.env.PYTHONPATH, process.env.WEFT_HOOK]"], capture_output=True, text=True).stdout)
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    import colorsys
    print("forked", colorsys.ONE_THIRD)
    sys.stdout.flush()
    os._exit(0)
os.waitpid(pid, 0)
try:
    import broken
except Exception:
    import traceback
    traceback.print_exc()
`

func TestPythonEnvironment(t *testing.T) {
	dir := write(t, map[string]string{
		"main.py": pythonTold + pythonReady, "broken.py": "import alsobroken", "alsobroken.py": "1/0",
		"lib/sitecustomize.py": "import sys; sys.told = 'by the user'", "lib/pytold.py": "",
	})
	user := []string{"NODE_OPTIONS=--no-warnings", "PYTHONPATH=" + dir + "/lib", "HOME=" + os.Getenv("HOME")}
	told := func(o options) (string, string) {
		o.dir, o.env, o.profile = dir, user, true
		return start(t, o, "python3", "main.py").wait()
	}
	want, wantErr := told(options{off: true})
	if !strings.Contains(want, "by the user") || !strings.Contains(wantErr, "ZeroDivisionError") {
		t.Fatalf("without hooks the program prints %q and %q", want, wantErr)
	}
	for name, o := range map[string]options{"with hooks": {}, "without descriptors": {noFiles: true}} {
		if got, gotErr := told(o); got != want || gotErr != wantErr {
			t.Errorf("%s: got %q and %q, want %q and %q", name, got, gotErr, want, wantErr)
		}
	}
}

func TestOff(t *testing.T) {
	rec, err := coldstart.New(coldstart.Config{Command: []string{"node", "x.js"}})
	if err != nil {
		t.Fatal(err)
	}
	if env := rec.Environment([]string{"A=1"}); len(env) != 1 || len(rec.Files()) != 0 {
		t.Errorf("got %v and %v, want nothing added", env, rec.Files())
	}
	if steps := rec.Finish(time.Now(), time.Now()); len(steps) != 1 || steps[0].Name != "main" || steps[0].Module != "node x.js" {
		t.Errorf("got %s, want one step", draw(steps, ""))
	}
	if _, err := rec.Profile(context.Background(), time.Now(), time.Now(), nil); !errors.Is(err, coldstart.ErrNoProfile) {
		t.Errorf("got %v, want %v", err, coldstart.ErrNoProfile)
	}
	if err := rec.Close(); err != nil {
		t.Error(err)
	}
}

// A descriptor of that number that is something else is left alone.
func TestForeignDescriptor(t *testing.T) {
	dir := write(t, map[string]string{"index.js": "require('./a');" + nodeReady, "a.js": "", "main.py": "import a" + pythonReady, "a.py": ""})
	for _, command := range [][]string{{"node", "index.js"}, {"python3", "main.py"}} {
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		p := start(t, options{dir: dir, noFiles: true, extra: []*os.File{file, file}}, command...)
		p.wait()
		if info, err := file.Stat(); err != nil || info.Size() != 0 {
			t.Errorf("%s: the file has %d bytes, want none (%v)", command[0], info.Size(), err)
		}
		if steps := p.steps(); len(steps) != 1 || steps[0].Name != "main" {
			t.Errorf("%s: got %s, want one step", command[0], draw(steps, ""))
		}
	}
}
