package main

import (
	"strings"
	"testing"
)

func TestDrawTrace(t *testing.T) {
	tr := compactTrace{TraceID: strings.Repeat("ab", 16), StartNS: "not a number", DurationNS: 1000_000,
		Services: []string{"shop", "订单"}, Names: []string{"GET /", "sel\x1b[31mect"}, ErrorTypes: []string{"timeout"}}
	tr.Spans.Depth = []int{0, 1, 1}
	tr.Spans.Start = []int64{0, 250_000, 999_999}
	tr.Spans.Duration = []int64{1000_000, 500_000, 1}
	tr.Spans.Service = []int{0, 1, 1}
	tr.Spans.Name = []int{0, 1, 1}
	tr.Spans.Status = []int{0, 2, 0}
	tr.Spans.ErrorType = []int{-1, 0, -1}
	tr.Spans.Flags = []int{0, 0, parentMissing}
	var b strings.Builder
	if err := drawTrace(&b, &tr, 60, 10); err != nil {
		t.Fatal(err)
	}
	want := `trace abababababababababababababababab  start not a number  duration 1.00ms  spans 3  services 2  errors 1
 shop GET /                 ███████████████████████   1.00ms
  !订单 sel` + "\uFFFD" + `[31mect         ·····████████████······    500µs  timeout
   订单 sel` + "\uFFFD" + `[31mect         ······················█      1ns  (parent missing)
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b.Reset()
	if err := drawTrace(&b, &tr, 60, 1); err != nil || !strings.Contains(b.String(), "… 2 more spans") {
		t.Errorf("with one row: %v\n%s", err, b.String())
	}
}

func TestFit(t *testing.T) {
	for in, want := range map[string]string{"ab": "ab  ", "abcd": "abcd", "abcde": "abc…", "订单": "订单", "订单x": "订… "} {
		if got := fit(in, 4); got != want {
			t.Errorf("fit(%q, 4) = %q, want %q", in, got, want)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for ns, want := range map[int64]string{0: "0ns", 999: "999ns", 1500: "1.50µs", 12_345_678: "12.3ms", 250_000_000: "250ms", 61_000_000_000: "61.0s"} {
		if got := formatDuration(ns); got != want {
			t.Errorf("formatDuration(%d) = %q, want %q", ns, got, want)
		}
	}
}
