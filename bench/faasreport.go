package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// faasReport is one file in results.
type faasReport struct {
	environment
	PerSecond int       `json:"open_loop_per_second"`
	WindowNS  int64     `json:"window_ns"`
	Starts    int       `json:"starts_per_run"`
	Warm      []warmRun `json:"warm,omitempty"`
	Tracing   []warmRun `json:"tracing,omitempty"`
	// Sink is what arrived of the warm and the tracing part, Lost how many spans and records did not.
	Sink sunk      `json:"sink"`
	Lost float64   `json:"lost"`
	Cold []coldRun `json:"cold,omitempty"`
	Bare []int64   `json:"bare_exec_to_poll_ns,omitempty"`
}

// warmRun is one measurement of one way to a handler.
type warmRun struct {
	Name       string     `json:"name"`
	Latency    latency    `json:"beyond_the_handler,omitzero"`
	Throughput throughput `json:"closed_loop"`
}

func (w warmRun) String() string {
	return fmt.Sprintf("%s: p50 %.3f ms, p99 %.3f ms, %d failed; %.0f requests/s", w.Name, float64(w.Latency.P50)/1e6, float64(w.Latency.P99)/1e6,
		w.Latency.Failed, w.Throughput.PerSecond())
}

func newFaasEnvironment(ctx context.Context, o *options) environment {
	e := newEnvironment(ctx, o)
	e.Versions = map[string]string{"go": e.Versions["go"]}
	for name, command := range map[string][]string{"node": {"node", "--version"}, "python": {"/usr/bin/python3", "--version"}} {
		out, _ := exec.CommandContext(ctx, command[0], command[1:]...).Output() // a label
		e.Versions[name] = strings.TrimSpace(string(out))
	}
	return e
}

// shown is a spread in the table.
func shown(format string, values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	s := spreadOf(values)
	return fmt.Sprintf(format+" ("+format+" – "+format+")", s.middle, s.low, s.high)
}

func collect[T any](runs []T, of func(T) (float64, bool)) (out []float64) {
	for _, r := range runs {
		if v, ok := of(r); ok {
			out = append(out, v)
		}
	}
	return out
}

// table is Markdown: medians, with lowest and highest in brackets.
func (r *faasReport) table() string {
	var b strings.Builder
	if len(r.Warm) > 0 {
		r.warmTable(&b)
	}
	if len(r.Tracing) > 0 {
		r.tracingTable(&b)
	}
	if len(r.Cold) > 0 {
		r.coldTable(&b)
	}
	return b.String()
}

// warmAims are the bounds of p50 and p99 and the least throughput.
var warmAims = map[string][3]string{
	lambdaGo:  {"≤ 0.30", "≤ 1.5", "≥ 5000"},
	inProcess: {"≤ 0.015", "", ""},
}

func (r *faasReport) warmTable(b *strings.Builder) {
	fmt.Fprintf(b, "**Warm**: beyond the handler's own time, ms, at %d requests a second (in process: one at a time); throughput of %d clients in a closed loop:\n\n", r.PerSecond, workers)
	b.WriteString("| way to the handler | p50 | aim | p99 | aim | requests/s | aim |\n|---|---|---|---|---|---|---|\n")
	var names []string
	for _, w := range r.Warm {
		if !slices.Contains(names, w.Name) {
			names = append(names, w.Name)
		}
	}
	for _, name := range names {
		of := func(v func(warmRun) float64) []float64 {
			return collect(r.Warm, func(w warmRun) (float64, bool) { return v(w), w.Name == name })
		}
		aims := warmAims[name]
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", name,
			shown("%.3f", of(func(w warmRun) float64 { return float64(w.Latency.P50) / 1e6 })), aims[0],
			shown("%.3f", of(func(w warmRun) float64 { return float64(w.Latency.P99) / 1e6 })), aims[1],
			shown("%.0f", of(func(w warmRun) float64 { return w.Throughput.PerSecond() })), aims[2])
	}
	b.WriteString("\n")
}

func (r *faasReport) tracingTable(b *strings.Builder) {
	b.WriteString("**Tracing**: requests a second in a closed loop; loss is of the medians:\n\n| | every trace | no trace, rows only | nothing told | loss to tracing | aim | loss to traces and rows |\n|---|---|---|---|---|---|---|\n")
	for _, kind := range []string{"Go, Lambda contract", "in process"} {
		middle := map[string]float64{}
		fmt.Fprintf(b, "| %s |", kind)
		for _, mode := range []string{"traced", "not sampled", "no exporter"} {
			values := collect(r.Tracing, func(w warmRun) (float64, bool) { return w.Throughput.PerSecond(), w.Name == kind+": "+mode })
			middle[mode] = spreadOf(values).middle
			fmt.Fprintf(b, " %s |", shown("%.0f", values))
		}
		loss := func(than string) float64 { return 100 * (1 - middle["traced"]/middle[than]) }
		aim := ""
		if kind != "in process" {
			aim = "≤ 5 %"
		}
		fmt.Fprintf(b, " %.1f %% | %s | %.1f %% |\n", loss("not sampled"), aim, loss("no exporter"))
	}
	b.WriteString("\n")
}

func (r *faasReport) coldTable(b *strings.Builder) {
	of := func(language string, hooks bool, v func(coldRun) float64) []float64 {
		return collect(r.Cold, func(c coldRun) (float64, bool) { return v(c), c.Language == language && c.Hooks == hooks })
	}
	took := func(c coldRun) float64 { return float64(c.TookNS) / 1e6 }
	if len(r.Bare) > 0 {
		b.WriteString("**Cold, Go on the Lambda contract**, ms:\n\n| | p50 (lowest – highest) | aim |\n|---|---|---|\n")
		row := func(what, aim string, values []float64) {
			fmt.Fprintf(b, "| %s | %s | %s |\n", what, shown("%.2f", values), aim)
		}
		row("request until the program is executed", "", of("Go", true, func(c coldRun) float64 { return float64(c.BeforeNS) / 1e6 }))
		row("first poll until the answer, without the handler", "", of("Go", true, func(c coldRun) float64 { return float64(c.AfterNS) / 1e6 }))
		row("both: what the platform adds", "≤ 3", of("Go", true, func(c coldRun) float64 { return float64(c.BeforeNS+c.AfterNS) / 1e6 }))
		bare := collect(r.Bare, func(ns int64) (float64, bool) { return float64(ns) / 1e6, true })
		row("bare: executing the program until its first poll", "", bare)
		row("whole request", fmt.Sprintf("≤ %.2f (bare + 15)", spreadOf(bare).middle+15), of("Go", true, took))
		b.WriteString("\n")
	}
	b.WriteString("**Cold, whole request**, ms, and the share of it that leaf spans explain:\n\n| | hooks on | hooks off | difference | aim | explained | aim |\n|---|---|---|---|---|---|---|\n")
	seen := map[string]bool{}
	for _, c := range r.Cold {
		seen[c.Language] = true
	}
	for _, language := range languages {
		if !seen[language] {
			continue
		}
		on, off := of(language, true, took), of(language, false, took)
		base := spreadOf(off).middle
		fmt.Fprintf(b, "| %s | %s | %s | %.1f | ≤ %.1f | %s | ≥ 95 %% |\n", language, shown("%.1f", on), shown("%.1f", off), spreadOf(on).middle-base, max(3, base*0.03),
			shown("%.1f %%", of(language, true, func(c coldRun) float64 { return 100 * c.Explained })))
	}
}

// save keeps the raw results, and the tables in README.md when everything was measured.
func (r *faasReport) save(dir string, complete bool) error {
	name := r.fileName("faas-")
	if err := saveResults(dir, name, r); err != nil || !complete {
		return err
	}
	about := fmt.Sprintf("%s Medians (lowest – highest) of %d runs, each load %s; %d cold starts of each kind. Node %s, %s. The sink took %d exports of %s in all; %.0f spans and records were lost.\n\n",
		r.place(name), len(r.Warm)/max(1, countNames(r.Warm)), time.Duration(r.WindowNS), len(r.Bare), r.Versions["node"], r.Versions["python"], r.Sink.Exports, mebibytes(r.Sink.Bytes), r.Lost)
	return fillReadme(dir, "make bench-faas", about+strings.TrimRight(r.table(), "\n")+"\n")
}

func countNames(runs []warmRun) int {
	names := map[string]bool{}
	for _, w := range runs {
		names[w.Name] = true
	}
	return len(names)
}
