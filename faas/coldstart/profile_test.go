package coldstart

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"weft/faas/function"
)

// begin starts a program and waits until it says that it runs.
func begin(t *testing.T, r *Recorder) {
	t.Helper()
	cmd := exec.Command(r.cfg.Command[0], r.cfg.Command[1:]...)
	cmd.Dir = r.cfg.Dir
	cmd.Env = r.Environment([]string{"PATH=" + os.Getenv("PATH")})
	cmd.ExtraFiles = r.Files()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Started()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var word string
	if _, err := fmt.Fscan(out, &word); err != nil || word != "up" {
		t.Fatalf("the program said %q, %v", word, err)
	}
}

func TestProfile(t *testing.T) {
	dir := write(t, map[string]string{
		"main.py": "import sys\ndef burn():\n    while True:\n        sum(range(1000))\nprint('up', flush=True)\nburn()\n",
		"main.js": "function burn() { const end = Date.now() + 20; while (Date.now() < end) { Math.sqrt(2); } setTimeout(burn, 1); }\nburn(); console.log('up');\n",
	})
	for _, command := range [][]string{{"python3", "main.py"}, {"node", "main.js"}} {
		t.Run(command[0], func(t *testing.T) {
			start := time.Now()
			r := newRecorder(t, dir, function.Tracing{Profile: true}, command...)
			begin(t, r)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			for {
				p, err := r.Profile(ctx, start, time.Now(), map[string]string{"span_id": "abc"})
				if err != nil {
					t.Fatal(err)
				}
				var burnt int64
				if p != nil {
					for _, s := range p.Sample {
						if s.Label["span_id"][0] != "abc" {
							t.Fatalf("labels %v", s.Label)
						}
						for _, l := range s.Location {
							if l.Line[0].Function.Name == "burn" {
								burnt += s.Value[1]
								break
							}
						}
					}
				}
				if burnt > int64(100*ms) {
					break
				}
				time.Sleep(20 * ms)
			}
			if p, err := r.Profile(ctx, start.Add(-time.Hour), start.Add(-time.Minute), nil); p != nil || err != nil {
				t.Errorf("profile of before the start: %v, %v", p, err)
			}
			stack := r.LastStack(ctx)
			if command[0] == "node" {
				if stack != nil {
					t.Errorf("stack of node: %v", stack)
				}
				return
			}
			if len(stack) == 0 || stack[0].Function != "burn" || !strings.HasSuffix(stack[0].File, "main.py") {
				t.Errorf("stack: %v", stack)
			}
		})
	}
}

// Nobody waits for a program that does not answer, or is gone.
func TestProfileUnanswered(t *testing.T) {
	dir := write(t, map[string]string{"main.js": "console.log('up'); for (;;);", "main.py": ""})
	busy := newRecorder(t, dir, function.Tracing{Profile: true}, "node", "main.js")
	begin(t, busy)
	ctx, cancel := context.WithTimeout(context.Background(), 100*ms)
	defer cancel()
	if p, err := busy.Profile(ctx, time.Now().Add(-time.Minute), time.Now(), nil); p != nil || err == nil {
		t.Errorf("busy: %v, %v", p, err)
	}
	gone := newRecorder(t, dir, function.Tracing{Profile: true}, "python3", "main.py")
	finish(t, gone, nil)
	if stack := gone.LastStack(context.Background()); stack != nil {
		t.Errorf("gone: %v", stack)
	}
}
