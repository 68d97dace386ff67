package coldstart_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weft/faas/coldstart"
	"weft/faas/function"
)

const goMain = `package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	_ "prog/slow"
)

var started = func() time.Time { time.Sleep(40 * time.Millisecond); return time.Now() }()

func main() {
	fmt.Fprint(os.Stderr, "initial words\ninit of mine @1 ms\ninit")
	time.Sleep(30 * time.Millisecond)
	fmt.Fprint(os.Stderr, "ial\n", os.Getenv("GODEBUG"), "\n")
	c, err := net.Dial("tcp", os.Getenv("READY"))
	if err != nil {
		panic(err)
	}
	c.Close()
	if len(os.Args) > 1 {
		child := exec.Command(os.Args[1])
		child.Env = append(os.Environ(), "READY=")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.Run()
	}
}
`

const goSlow = `package slow

import "time"

var x = func() int { time.Sleep(50 * time.Millisecond); return 1 }()
`

// goProgram builds one and returns its path.
func goProgram(t testing.TB) string {
	t.Helper()
	dir := write(t, map[string]string{
		"go.mod": "module prog\n\ngo 1.24\n", "main.go": goMain, "slow/slow.go": goSlow,
	})
	path := filepath.Join(dir, "prog")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

func TestGo(t *testing.T) {
	path := goProgram(t)
	p := start(t, options{dir: filepath.Dir(path), env: []string{"GODEBUG=http2client=0"}}, path)
	_, stderr := p.wait()
	if want := "initial words\ninit of mine @1 ms\ninitial\nhttp2client=0,inittrace=1\n"; stderr != want {
		t.Errorf("stderr: got %q, want %q", stderr, want)
	}
	steps := p.steps()
	slow, own, main := must(t, steps, "init prog/slow"), must(t, steps, "init main"), must(t, steps, "main.main")
	// The program cannot measure its own inits; a sleep takes at least its time, and the lot of them is bounded by the start.
	atLeast := func(s *coldstart.Step, want time.Duration) {
		t.Helper()
		if d := s.End.Sub(s.Start); d < want-time.Millisecond || d > want+200*time.Millisecond {
			t.Errorf("%s: got %v, want a little more than %v", s.Name, d, want)
		}
	}
	atLeast(slow, 50*time.Millisecond)
	atLeast(own, 40*time.Millisecond)
	atLeast(main, 30*time.Millisecond)
	if slow.Kind != coldstart.User || own.Kind != coldstart.User || must(t, steps, "go init").Kind != coldstart.Core {
		t.Errorf("kinds:\n%s", draw(steps, ""))
	}
	if slow.AllocBytes < 0 || !slow.Start.Before(own.Start) {
		t.Errorf("order:\n%s", draw(steps, ""))
	}
	covered(t, p, steps)
}

func TestGoChildren(t *testing.T) {
	path := goProgram(t)
	child := filepath.Join(filepath.Dir(path), "prog2")
	if out, err := exec.Command("cp", path, child).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := start(t, options{dir: filepath.Dir(path)}, path, child)
	_, stderr := p.wait()
	if strings.Contains(stderr, "ms clock") {
		t.Errorf("stderr has lines of the init trace: %q", stderr)
	}
	n := len(p.steps())
	if n == 0 || n > 60 {
		t.Errorf("%d steps, want those of one program", n)
	}
}

func TestGoTracedByUser(t *testing.T) {
	path := goProgram(t)
	p := start(t, options{dir: filepath.Dir(path), env: []string{"GODEBUG=inittrace=1"}}, path)
	_, stderr := p.wait()
	if !strings.Contains(stderr, "init prog/slow @") {
		t.Errorf("stderr lacks the trace that the user asked for: %q", stderr)
	}
}

func TestStderrInPieces(t *testing.T) {
	path := goProgram(t)
	rec, err := coldstart.New(coldstart.Config{Command: []string{path}, Tracing: function.Tracing{Modules: true}})
	if err != nil {
		t.Fatal(err)
	}
	rec.Environment(nil)
	var out bytes.Buffer
	w := rec.Stderr(&out)
	text := "init\nini" + "tial\ninit a/b @0.1 ms, 0.05 ms clock, 12 bytes, 3 allocs\npanic: init x @0.1 ms, 0.05 ms clock, 12 bytes, 3 allocs\n" +
		"init " + strings.Repeat("x", 1000) + "\ninit never ended"
	for i := range len(text) {
		if _, err := w.Write([]byte{text[i]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(text, "init a/b @0.1 ms, 0.05 ms clock, 12 bytes, 3 allocs\n", "", 1)
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
