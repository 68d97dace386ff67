package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// environment is where and with what something was measured.
type environment struct {
	Time        time.Time         `json:"time"`
	Commit      string            `json:"commit"`
	Changed     bool              `json:"uncommitted_changes"`
	CPU         string            `json:"cpu"`
	Cores       int               `json:"cores"`
	MemoryBytes int64             `json:"memory_bytes"`
	Kernel      string            `json:"kernel"`
	Versions    map[string]string `json:"versions"`
}

// report is one file in results.
type report struct {
	environment
	Sides       []string  `json:"sides"`
	GOGC        int       `json:"gogc"` // 0: each side's own
	Connections int       `json:"connections"`
	Warmup      int64     `json:"warmup_spans"`
	Load        loadFacts `json:"load"`
	Runs        []result  `json:"runs"`
}

func newReport(ctx context.Context, o *options, about loadFacts) *report {
	r := &report{environment: newEnvironment(ctx, o), GOGC: o.gogc, Connections: o.connections, Warmup: o.warmup, Load: about}
	for _, s := range o.sides {
		r.Sides = append(r.Sides, s.name)
	}
	return r
}

func newEnvironment(ctx context.Context, o *options) environment {
	// An empty answer is as good as none: these are labels.
	output := func(name string, args ...string) string {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = o.root
		out, _ := cmd.Output()
		return strings.TrimSpace(string(out))
	}
	return environment{
		Time: time.Now().UTC().Truncate(time.Second), Commit: output("git", "rev-parse", "--short=12", "HEAD"),
		Changed: output("git", "status", "--porcelain", "--untracked-files=no") != "",
		CPU:     cpuModel(), Cores: runtime.NumCPU(), MemoryBytes: memoryTotal(), Kernel: output("uname", "-sr"),
		Versions: map[string]string{
			"go": runtime.Version(), "weft": output(o.weft, "version"),
			"stock collector and clickhouseexporter": "0.161.0",
			"engine package":                         enginePackage(filepath.Join(o.root, "store", "engine", "npm", "package.json")),
		},
	}
}

// place is a line about it, with the raw results' file.
func (e environment) place(file string) string {
	changed := ""
	if e.Changed {
		changed = " with uncommitted changes"
	}
	engine := ""
	if v := e.Versions["engine package"]; v != "" {
		engine = ", engine " + v
	}
	return fmt.Sprintf("%s, commit %s%s: %d × %s, %d GiB, %s, %s%s; raw results in [results/%s](results/%s).",
		e.Time.Format("2 January 2006"), e.Commit, changed, e.Cores, e.CPU, e.MemoryBytes>>30, e.Kernel, e.Versions["go"], engine, file, file)
}

// fileName is the one in results; what names the kind of run.
func (e environment) fileName(what string) string {
	return fmt.Sprintf("%s%s-%s.json", what, e.Time.Format("20060102-150405"), e.Commit)
}

// enginePackage is the version that package.json pins.
func enginePackage(path string) string {
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
		Optional     map[string]string `json:"optionalDependencies"`
	}
	raw, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(raw, &manifest) != nil {
		return "unknown"
	}
	for _, set := range []map[string]string{manifest.Dependencies, manifest.Optional} {
		for _, version := range set {
			return version
		}
	}
	return "unknown"
}

func (r result) String() string {
	return fmt.Sprintf("%-5s %s spans, accepted in %.1f s, countable in %.1f s: %s spans/s; CPU-s/M %.1f (collector %.1f, engine %.1f), settled %.1f; peak %s + %s; %.1f B/span; p50 %s p99 %s; %d retries",
		r.Side, thousands(float64(r.Load.Spans)), r.Load.Took.Seconds(), r.Countable.Seconds(), thousands(r.perSecond()), r.cpuPerM(),
		r.million(r.CollectorCPU.Seconds()), r.million(r.EngineCPU.Seconds()), r.settledPerM(), mebibytes(r.CollectorPeak), mebibytes(r.EnginePeak),
		r.bytesPerSpan(), r.Load.P50.Round(100*time.Microsecond), r.Load.P99.Round(100*time.Microsecond), r.Load.Retries)
}

func thousands(x float64) string { return fmt.Sprintf("%.1fk", x/1000) }
func mebibytes(n int64) string   { return fmt.Sprintf("%d MiB", n>>20) }

// measures are the rows of the table. Of each the ratio Weft to stock is shown.
var measures = []struct {
	name   string
	format string
	of     func(result) float64
}{
	{"spans per CPU-second (collector and engine, merges included)", "%.0f", result.spansPerCPU},
	{"CPU-seconds per million spans", "%.1f", result.settledPerM},
	{"… of these the collector's", "%.1f", func(r result) float64 { return r.million(r.CollectorCPU.Seconds()) }},
	{"… the engine's, before the last merges", "%.1f", func(r result) float64 { return r.million(r.EngineCPU.Seconds()) }},
	{"countable spans per second", "%.0f", result.perSecond},
	{"collector's peak memory, MiB", "%.0f", func(r result) float64 { return float64(r.CollectorPeak) / (1 << 20) }},
	{"… its growth during the load, MiB", "%.0f", func(r result) float64 { return r.growth() / (1 << 20) }},
	{"engine's peak memory, MiB", "%.0f", func(r result) float64 { return float64(r.EnginePeak) / (1 << 20) }},
	{"bytes per span on disk", "%.1f", result.bytesPerSpan},
	{"acknowledged after, p50, ms", "%.1f", func(r result) float64 { return float64(r.Load.P50) / 1e6 }},
	{"acknowledged after, p99, ms", "%.1f", func(r result) float64 { return float64(r.Load.P99) / 1e6 }},
}

// spread is lowest, middle and highest of some runs.
type spread struct{ low, middle, high float64 }

func spreadOf(values []float64) spread {
	slices.Sort(values)
	return spread{values[0], values[len(values)/2], values[len(values)-1]}
}

func (r *report) values(side string, of func(result) float64) []float64 {
	var out []float64
	for _, run := range r.Runs {
		if run.Side == side {
			out = append(out, of(run))
		}
	}
	return out
}

// sideTitles are the sides' names for people.
var sideTitles = map[string]string{"weft": "Weft", "stock": "stock collector", "no-topology": "Weft without topology"}

// table is Markdown: medians, with lowest and highest in brackets; with two sides or more also the first divided by the last.
func (r *report) table() string {
	var b strings.Builder
	first, last := r.Sides[0], r.Sides[len(r.Sides)-1]
	b.WriteString("| median (lowest – highest) |")
	for _, side := range r.Sides {
		fmt.Fprintf(&b, " %s |", sideTitles[side])
	}
	fmt.Fprintf(&b, " %s ÷ %s |\n|%s\n", sideTitles[first], strings.TrimSuffix(sideTitles[last], " collector"), strings.Repeat("---|", len(r.Sides)+2))
	for _, m := range measures {
		middle := map[string]float64{}
		fmt.Fprintf(&b, "| %s |", m.name)
		for _, side := range r.Sides {
			s := spreadOf(r.values(side, m.of))
			middle[side] = s.middle
			fmt.Fprintf(&b, " "+m.format+" ("+m.format+" – "+m.format+") |", s.middle, s.low, s.high)
		}
		ratio := "–"
		if len(r.Sides) > 1 && middle[first] > 0 && middle[last] > 0 {
			ratio = fmt.Sprintf("**%.2f**", middle[first]/middle[last])
		}
		fmt.Fprintf(&b, " %s |\n", ratio)
	}
	return b.String()
}

// save writes the raw results, and for a comparison with the stock collector the table in README.md.
func (r *report) save(dir string) error {
	compare := len(r.Sides) > 1 && r.Sides[0] == "weft" && r.Sides[len(r.Sides)-1] == "stock"
	what := ""
	if !compare {
		what = strings.Join(r.Sides, "-") + "-"
	}
	name := r.fileName(what)
	if err := saveResults(dir, name, r); err != nil || !compare {
		return err
	}
	gogc := "GOGC as each side sets it"
	if r.GOGC > 0 {
		gogc = fmt.Sprint("GOGC=", r.GOGC, " on both sides")
	}
	return fillReadme(dir, "make bench", fmt.Sprintf("%s %d runs of each side; %s.\n\n%s", r.place(name), len(r.values("weft", result.perSecond)), gogc, r.table()))
}

func saveResults(dir, name string, report any) error {
	raw, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "results"), 0o755); err != nil {
		return err
	}
	file := filepath.Join(dir, "results", name)
	if err := os.WriteFile(file, append(raw, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Println("\nresults:", file)
	return nil
}

// fillReadme puts body into README.md, between the marks of what command writes.
func fillReadme(dir, command, body string) error {
	readme := filepath.Join(dir, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	begin, end := "<!-- results: written by `"+command+"` -->\n", "<!-- end of results -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("README.md has no place for the results of `%s`", command)
	}
	return os.WriteFile(readme, []byte(before+begin+body+end+after), 0o644)
}
