package function

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// ParseSize reads a number of bytes with a unit, such as 256MiB or 1.5GiB; without one it is bytes.
func ParseSize(s string) (int64, error) {
	s = strings.TrimSpace(s)
	number, factor := s, int64(1)
	for _, u := range sizeUnits {
		if cut, ok := strings.CutSuffix(s, u.suffix); ok {
			number, factor = strings.TrimSpace(cut), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0) || n*float64(factor) >= math.MaxInt64 {
		return 0, fmt.Errorf("want a size such as 256MiB or 2GiB, got %q", s)
	}
	return int64(n * float64(factor)), nil
}

// formatSize is exact: the greatest unit that divides n.
func formatSize(n int64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("want a duration such as 500ms, 30s or 24h, got %q", s)
	}
	return d, nil
}

// formatDuration is time.Duration's text without the zeros that it ends in: 24h, not 24h0m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
