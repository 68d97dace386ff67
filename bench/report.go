package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is one file in results.
type report struct {
	Time        time.Time         `json:"time"`
	Commit      string            `json:"commit"`
	Changed     bool              `json:"uncommitted_changes"`
	CPU         string            `json:"cpu"`
	Cores       int               `json:"cores"`
	MemoryBytes int64             `json:"memory_bytes"`
	Kernel      string            `json:"kernel"`
	Versions    map[string]string `json:"versions"`
	Connections int               `json:"connections"`
	Warmup      int64             `json:"warmup_spans"`
	Load        loadFacts         `json:"load"`
	Runs        []result          `json:"runs"`
}

func newReport(ctx context.Context, o *options, about loadFacts) *report {
	// An empty answer is as good as none: these are labels.
	output := func(name string, args ...string) string {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = o.root
		out, _ := cmd.Output()
		return strings.TrimSpace(string(out))
	}
	return &report{
		Time: time.Now().UTC().Truncate(time.Second), Commit: output("git", "rev-parse", "--short=12", "HEAD"),
		Changed: output("git", "status", "--porcelain", "--untracked-files=no") != "",
		CPU:     cpuModel(), Cores: runtime.NumCPU(), MemoryBytes: memoryTotal(), Kernel: output("uname", "-sr"),
		Versions: map[string]string{
			"go": runtime.Version(), "weft": output(o.weft, "version"),
			"stock collector and clickhouseexporter": "0.161.0",
			"engine package":                         enginePackage(filepath.Join(o.root, "store", "engine", "npm", "package.json")),
		},
		Connections: o.connections, Warmup: o.warmup, Load: about,
	}
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

// table is Markdown: medians, with lowest and highest in brackets.
func (r *report) table() string {
	var b strings.Builder
	b.WriteString("| median (lowest – highest) | Weft | stock collector | Weft ÷ stock |\n|---|---|---|---|\n")
	for _, m := range measures {
		cell := func(side string) (string, float64) {
			v := r.values(side, m.of)
			if len(v) == 0 {
				return "–", 0
			}
			s := spreadOf(v)
			return fmt.Sprintf(m.format+" ("+m.format+" – "+m.format+")", s.middle, s.low, s.high), s.middle
		}
		weft, w := cell("weft")
		stock, s := cell("stock")
		ratio := "–"
		if w > 0 && s > 0 {
			ratio = fmt.Sprintf("**%.2f**", w/s)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.name, weft, stock, ratio)
	}
	return b.String()
}

const (
	tableBegin = "<!-- results: written by `make bench` -->"
	tableEnd   = "<!-- end of results -->"
)

// save writes the raw results, and for a comparison the table in README.md.
func (r *report) save(dir string, compare bool) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s.json", r.Time.Format("20060102-150405"), r.Commit)
	if !compare {
		name = r.Runs[0].Side + "-" + name
	}
	if err := os.MkdirAll(filepath.Join(dir, "results"), 0o755); err != nil {
		return err
	}
	file := filepath.Join(dir, "results", name)
	if err := os.WriteFile(file, append(raw, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Println("\nresults:", file)
	if !compare {
		return nil
	}
	readme := filepath.Join(dir, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return errors.New("README.md has no place for the results")
	}
	changed := ""
	if r.Changed {
		changed = " with uncommitted changes"
	}
	body := fmt.Sprintf("\n%s, commit %s%s: %d × %s, %d GiB, %s, %s, engine %s. %d runs of each side; raw results in [results/%s](results/%s).\n\n%s",
		r.Time.Format("2 January 2006"), r.Commit, changed, r.Cores, r.CPU, r.MemoryBytes>>30, r.Kernel, r.Versions["go"],
		r.Versions["engine package"], len(r.values("weft", result.perSecond)), name, name, r.table())
	return os.WriteFile(readme, []byte(before+tableBegin+body+tableEnd+after), 0o644)
}
