package main

import (
	"slices"
	"strconv"

	"weft/faas/function"
)

// byteSize is a number of bytes, written with an optional binary unit: 512MiB, 4GiB, 1048576.
type byteSize int64

// byteUnits are what sizes are shown in.
var byteUnits = []struct {
	suffix string
	factor float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

// Set implements pflag.Value.
func (b *byteSize) Set(s string) error {
	n, err := function.ParseSize(s)
	*b = byteSize(n)
	return err
}

// String implements pflag.Value.
func (b *byteSize) String() string { return formatBytes(int64(*b)) }

// Type implements pflag.Value.
func (b *byteSize) Type() string { return "size" }

func formatBytes(n int64) string {
	for _, u := range slices.Backward(byteUnits) {
		if f := float64(n) / u.factor; f >= 1 {
			return strconv.FormatFloat(f, 'g', 4, 64) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}
