package coldstart

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"weft/faas/function"
)

// Lines of go1.24's GODEBUG=inittrace=1, and what only looks like one.
func TestParseInit(t *testing.T) {
	for line, want := range map[string]goInit{
		"init internal/bytealg @0.005 ms, 0 ms clock, 0 bytes, 0 allocs":   {pkg: "internal/bytealg", at: 5 * time.Microsecond},
		"init runtime @0.027 ms, 0.039 ms clock, 0 bytes, 0 allocs":        {pkg: "runtime", at: 27 * time.Microsecond, clock: 39 * time.Microsecond},
		"init github.com/a/b.v2 @12 ms, 50 ms clock, 4096 bytes, 7 allocs": {pkg: "github.com/a/b.v2", at: 12 * ms, clock: 50 * ms, bytes: 4096},
	} {
		if got, ok := parseInit([]byte(line)); !ok || got != want {
			t.Errorf("%s: got %+v, %v", line, got, ok)
		}
	}
	for _, line := range []string{"init", "init x @1 ms", "init x @1 ms, 1 ms clock, 1 bytes, 1 allocs more", "xinit x @1 ms, 1 ms clock, 1 bytes, 1 allocs"} {
		if got, ok := parseInit([]byte(line)); ok {
			t.Errorf("%q is taken for %+v", line, got)
		}
	}
}

// Wherever the text is cut, the lines of inits go and the others stay; once the program is ready, all stay.
func TestInitFilterCuts(t *testing.T) {
	const initLine = "init a/b @0.5 ms, 1 ms clock, 10 bytes, 2 allocs\n"
	text := initLine + "init is what I print\nhello\n" + initLine + "in"
	for cut := range len(text) {
		for second := cut; second < len(text); second += 7 {
			var out bytes.Buffer
			r := &Recorder{}
			f := &initFilter{recorder: r, next: &out}
			for _, part := range []string{text[:cut], text[cut:second], text[second:]} {
				if n, err := f.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			r.ready = true
			fmt.Fprint(f, "it ready\n", initLine)
			if want := "init is what I print\nhello\ninit ready\n" + initLine; out.String() != want || len(r.inits) != 2 {
				t.Fatalf("cut at %d and %d: got %q and %d inits", cut, second, out.String(), len(r.inits))
			}
		}
	}
	long := "init " + strings.Repeat("x", 2*maxInitLine)
	var out bytes.Buffer
	fmt.Fprint(&initFilter{recorder: &Recorder{}, next: &out}, long)
	if out.String() != long {
		t.Error("a long line that is none of ours is held back")
	}
}

// A Go program's inits come out with their times; what it prints and its own GODEBUG stay.
func TestGo(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":    "module example.com/app\n\ngo 1.22\n",
		"main.go":   "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\n\t_ \"example.com/app/slow\"\n)\n\nfunc main() { fmt.Fprintln(os.Stderr, os.Getenv(\"GODEBUG\")) }\n",
		"slow/s.go": "package slow\n\nimport \"time\"\n\nfunc init() { time.Sleep(60 * time.Millisecond) }\n",
	})
	build := exec.Command("go", "build", "-o", "app", ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := finish(t, newRecorder(t, dir, function.Tracing{Modules: true}, "./app"), []string{"GODEBUG=madvdontneed=1"})
	nested(t, r, map[string]time.Duration{"init example.com/app/slow": 60 * ms}, "init example.com/app/slow")
	if s, _ := find(r.steps, "init example.com/app/slow"); s.Kind != User {
		t.Errorf("kind %s", s.Kind)
	}
	if r.stderr != "madvdontneed=1,inittrace=1\n" {
		t.Errorf("stderr %q", r.stderr)
	}
}

// What is kept of a start is bounded, whatever a program writes to the descriptor.
func TestBoundedRecords(t *testing.T) {
	dir := write(t, map[string]string{"main.py": fmt.Sprintf(`import os
os.write(3, b"nonsense\n")
line = b'{"k":"module","n":"x","s":"1","e":"2"}\n' * 100
for _ in range(%d):
    os.write(3, line)
`, maxRecords/100+50)})
	r := newRecorder(t, dir, function.Tracing{Modules: true}, "python3", "main.py")
	finish(t, r, nil)
	<-r.ended
	if len(r.records) != maxRecords || r.dropped < 5000-100 {
		t.Errorf("%d records kept, %d dropped, want %d kept", len(r.records), r.dropped, maxRecords)
	}
}
