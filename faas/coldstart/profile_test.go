package coldstart_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"golang.org/x/sys/unix"

	"weft/faas/coldstart"
	"weft/faas/contract"
)

// heavy is how much of a profile's value is from stacks that have all functions, outermost first.
func heavy(p *profile.Profile, functions ...string) (share float64, total time.Duration) {
	var in, all int64
	for _, s := range p.Sample {
		want := functions
		for i := len(s.Location) - 1; i >= 0 && len(want) > 0; i-- {
			if s.Location[i].Line[0].Function.Name == want[0] {
				want = want[1:]
			}
		}
		all += s.Value[1]
		if len(want) == 0 {
			in += s.Value[1]
		}
	}
	return float64(in) / max(float64(all), 1), time.Duration(all)
}

func has(frames []contract.Frame, function, file string, line int) bool {
	for _, f := range frames {
		if strings.HasSuffix(f.Function, function) && strings.HasSuffix(f.File, file) && f.Line == line {
			return true
		}
	}
	return false
}

const nodeBusy = `
function inner(ms) {
  const end = Date.now() + ms; let x = 0;
  while (Date.now() < end) x++;
  return x;
}
function outer(ms) { return inner(ms); }
` + nodeReady + `
setTimeout(() => { outer(1000); console.log('done'); setTimeout(() => process.exit(), 8000).unref(); setTimeout(() => outer(1e9), 300); }, 400);
`

const pythonBusy = `
import time
def inner(s):
    end = time.monotonic() + s
    while time.monotonic() < end: pass
def outer(s):
    inner(s)
` + pythonReady + `
time.sleep(0.4)
outer(1)
print("done", flush=True)
time.sleep(0.3)
outer(1e9)
`

func TestProfile(t *testing.T) {
	dir := write(t, map[string]string{"index.js": nodeBusy, "main.py": pythonBusy})
	for _, c := range []struct {
		command []string
		file    string
		line    int
	}{{[]string{"node", "index.js"}, "/index.js", 7}, {[]string{"python3", "main.py"}, "main.py", 7}} {
		p := start(t, options{dir: dir, profile: true}, c.command...)
		from := time.Now()
		for end := from.Add(30 * time.Second); !strings.Contains(p.stdout.String(), "done") && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		to := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		prof, err := p.rec.Profile(ctx, from, to, map[string]string{"span_id": "ab"})
		if err != nil {
			t.Fatalf("%s: %v", c.command[0], err)
		}
		if err := prof.CheckValid(); err != nil {
			t.Errorf("%s: %v", c.command[0], err)
		}
		share, total := heavy(prof, "outer", "inner")
		t.Logf("%s: %.0f %% of %v in outer > inner", c.command[0], share*100, total)
		// It spins for 1 s, after 0.4 s of waiting; on a busy machine samples are missed.
		if in := share * total.Seconds(); in < 0.2 || in > 1.5 || share < 0.5 {
			t.Errorf("%s: %.2f of %v are in outer > inner, want about 1 s:\n%s", c.command[0], share, total, prof)
		}
		if len(prof.Sample) > 0 && !prof.Sample[0].HasLabel("span_id", "ab") {
			t.Errorf("%s: labels %v", c.command[0], prof.Sample[0].Label)
		}
		if before, err := p.rec.Profile(ctx, p.exec.Add(-2*time.Second), p.exec.Add(-time.Second), nil); err != nil || before != nil {
			t.Errorf("%s: got %v of before the program (%v)", c.command[0], before, err)
		}

		// Now it hangs in the second call of outer, for ever.
		var frames []contract.Frame
		for end := time.Now().Add(20 * time.Second); !has(frames, "outer", c.file, c.line) && time.Now().Before(end); {
			frames = p.rec.LastStack(ctx)
		}
		if !has(frames, "outer", c.file, c.line) || !strings.HasSuffix(frames[0].Function, "inner") {
			t.Errorf("%s: the last stack is %+v", c.command[0], frames)
		}
		if got := p.stdout.String() + p.stderr.String(); got != "done\n" {
			t.Errorf("%s: the program's output is %q", c.command[0], got)
		}
	}
}

// A program with the sampler in it ends as it would without, and says nothing of it.
func TestProfiledExit(t *testing.T) {
	dir := write(t, map[string]string{
		"index.js": nodeReady + "setTimeout(() => console.log('end'), 2000)",
		"exit.js":  nodeReady + "setTimeout(() => { console.log('end'); process.exit(0) }, 2000)",
		"main.py":  pythonReady + "\nimport time; time.sleep(2); print('end')",
	})
	for _, command := range [][]string{{"node", "index.js"}, {"node", "exit.js"}, {"python3", "main.py"}} {
		p := start(t, options{dir: dir, profile: true}, command...)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, err := p.rec.Profile(ctx, p.exec, time.Now(), nil)
		cancel()
		if err != nil {
			t.Errorf("%v: %v", command, err)
		}
		if stdout, stderr := p.wait(); stdout != "end\n" || stderr != "" {
			t.Errorf("%v: got %q and %q", command, stdout, stderr)
		}
		// Asked once more when it is gone, it does not make anyone wait.
		if frames := p.rec.LastStack(context.Background()); frames != nil {
			t.Errorf("%v: a program that is gone answered", command)
		}
	}
}

// The bound of the answer holds when the main thread sits in a system call and can answer nothing.
func TestLastStackBound(t *testing.T) {
	dir := write(t, map[string]string{"index.js": nodeReady +
		"setTimeout(() => require('child_process').execFileSync('sh', ['-c', 'echo asleep; sleep 3'], { stdio: 'inherit' }), 500)"})
	p := start(t, options{dir: dir, profile: true}, "node", "index.js")
	for end := time.Now().Add(30 * time.Second); !strings.Contains(p.stdout.String(), "asleep") && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if frames := p.rec.LastStack(ctx); frames != nil || ctx.Err() == nil {
		t.Errorf("got %v, want nothing when the time is up", frames)
	}
}

// spin takes processor time, however long that takes.
func spin(t *testing.T, want time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	spent := func() time.Duration {
		var at unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at); err != nil {
			t.Fatal(err)
		}
		return time.Duration(at.Nano())
	}
	for end := spent() + want; spent() < end; {
	}
}

func TestSampler(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := coldstart.NewSampler(ctx)
	from := time.Now()
	for _, span := range []string{"aa", "bb"} {
		pprof.Do(ctx, pprof.Labels(coldstart.SpanLabel, span), func(context.Context) { spin(t, 300*time.Millisecond) })
	}
	for _, span := range []string{"aa", "bb", "none"} {
		p, err := s.Take(ctx, span, from, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		_, total := heavy(p)
		if span == "none" && total != 0 || span != "none" && (total < 50*time.Millisecond || total > 600*time.Millisecond) {
			t.Errorf("span %s has %v of CPU", span, total)
		}
		for _, sample := range p.Sample {
			if !sample.HasLabel(coldstart.SpanLabel, span) {
				t.Errorf("a sample of %v is given to %s", sample.Label, span)
			}
		}
	}
	cancel()
	s.Wait()
	if _, err := s.Take(context.Background(), "aa", from, time.Now()); !errors.Is(err, coldstart.ErrNoProfile) {
		t.Errorf("got %v, want %v", err, coldstart.ErrNoProfile)
	}
	var own bytes.Buffer
	if err := pprof.StartCPUProfile(&own); err != nil {
		t.Errorf("the profiler is not free: %v", err)
	}
	pprof.StopCPUProfile()
}
