package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// byteSize is a number of bytes, written with an optional binary unit: 512MiB, 4GiB, 1048576.
type byteSize int64

var byteUnits = []struct {
	suffix string
	factor float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}}

// Set implements pflag.Value.
func (b *byteSize) Set(s string) error {
	number, factor := strings.TrimSpace(s), 1.0
	for _, u := range byteUnits {
		if cut, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(cut), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0) || n*factor >= 1<<62 {
		return fmt.Errorf("want a size such as 512MiB or 4GiB, got %q", s)
	}
	*b = byteSize(n * factor)
	return nil
}

// String implements pflag.Value.
func (b *byteSize) String() string { return formatBytes(int64(*b)) }

// Type implements pflag.Value.
func (b *byteSize) Type() string { return "size" }

func formatBytes(n int64) string {
	for _, u := range slices.Backward(byteUnits[:4]) {
		if f := float64(n) / u.factor; f >= 1 {
			return strconv.FormatFloat(f, 'g', 4, 64) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}
