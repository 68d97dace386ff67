package coldstart_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/faas/bootstrap"
	"weft/faas/coldstart"
	"weft/faas/function"
)

// BenchmarkStart compares starts, from exec to ready, without hooks, with the steps, and with steps and profile, by turns. WEFT_BENCH_APPS
// adds programs: folder:command words, separated by commas.
func BenchmarkStart(b *testing.B) {
	set, err := bootstrap.Install(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	many := map[string]string{"index.js": "", "main.py": ""}
	for i := range 200 {
		many[fmt.Sprintf("m%d.js", i)] = "exports.f = function () { return 1 };\n" + strings.Repeat("function a(x) { return x + 1 }\n", 100)
		many[fmt.Sprintf("m%d.py", i)] = strings.Repeat("def a(x): return x + 1\n", 100)
		many["index.js"] += fmt.Sprintf("require('./m%d');\n", i)
		many["main.py"] += fmt.Sprintf("import m%d\n", i)
	}
	many["index.js"] += nodeReady
	many["main.py"] += pythonReady
	small := write(b, map[string]string{"index.js": nodeReady, "main.py": pythonReady})
	modules := write(b, many)
	prog := goProgram(b)
	apps := []struct{ name, dir, command string }{
		{"node", small, "node index.js"}, {"node200", modules, "node index.js"},
		{"python", small, "python3 main.py"}, {"python200", modules, "python3 main.py"}, {"go", filepath.Dir(prog), prog},
	}
	if extra := os.Getenv("WEFT_BENCH_APPS"); extra != "" {
		for app := range strings.SplitSeq(extra, ",") {
			dir, command, _ := strings.Cut(app, ":")
			apps = append(apps, struct{ name, dir, command string }{filepath.Base(dir), dir, command})
		}
	}
	for _, app := range apps {
		b.Run(app.name, func(b *testing.B) {
			var took, cpu [3][]time.Duration
			var leaf []float64
			for b.Loop() {
				for i, c := range []function.Tracing{{}, {Modules: true}, {Modules: true, Profile: true}} {
					config := coldstart.Config{Hooks: set, Dir: app.dir, Command: strings.Fields(app.command), Tracing: c}
					d, used, l := once(b, config)
					cpu[i] = append(cpu[i], used)
					took[i] = append(took[i], d)
					if i == 1 {
						leaf = append(leaf, l)
					}
				}
			}
			median := func(d []time.Duration) float64 {
				slices.Sort(d)
				return float64(d[len(d)/2].Microseconds()) / 1000
			}
			b.ReportMetric(median(took[0]), "off-ms")
			b.ReportMetric(median(took[1]), "steps-ms")
			b.ReportMetric(median(took[2]), "profile-ms")
			b.ReportMetric(median(cpu[0]), "off-cpu-ms")
			b.ReportMetric(median(cpu[1]), "steps-cpu-ms")
			b.ReportMetric(slices.Min(leaf)*100, "min-leaf-%")
		})
	}
}

func once(b *testing.B, c coldstart.Config) (took, cpu time.Duration, leaf float64) {
	rec, err := coldstart.New(c)
	if err != nil {
		b.Fatal(err)
	}
	defer rec.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = rec.Environment([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "READY=" + listener.Addr().String()})
	cmd.ExtraFiles = rec.Files()
	var stderr syncBuffer
	cmd.Stderr = rec.Stderr(&stderr)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	rec.Started()
	conn, err := listener.Accept()
	ready := time.Now()
	if err != nil {
		b.Fatal(err)
	}
	conn.Close()
	steps := rec.Finish(began, ready)
	cmd.Process.Kill()
	cmd.Wait() // killed
	leaf, _ = coldstart.Coverage(steps, began, ready)
	return ready.Sub(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), leaf
}
