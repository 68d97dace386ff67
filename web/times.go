package web

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// instantNS is Unix time in nanoseconds; on the wire a decimal string, because JavaScript numbers are too short for it.
type instantNS int64

// MarshalJSON writes the decimal string.
func (t instantNS) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 22)
	b = append(b, '"')
	b = strconv.AppendInt(b, int64(t), 10)
	return append(b, '"'), nil
}

// UnmarshalJSON reads it back.
func (t *instantNS) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*t = instantNS(n)
	return err
}

const (
	instantBound  = "Unix nanoseconds, RFC 3339, or now with an offset such as now-1h"
	durationBound = "nanoseconds, or a number with unit such as 250us, 1.5s, 7d"
)

// The instants that Unix nanoseconds in an int64 can name: 1677 to 2262.
var (
	minInstant = time.Unix(0, math.MinInt64)
	maxInstant = time.Unix(0, math.MaxInt64)
)

// parseInstant reads the InstantParam of openapi.yaml.
func parseInstant(s string, now time.Time) (time.Time, error) {
	if isDigits(strings.TrimPrefix(s, "-")) {
		ns, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}, errors.New("more nanoseconds than 64 bits hold")
		}
		return time.Unix(0, ns).UTC(), nil
	}
	t := now
	if rest, ok := strings.CutPrefix(s, "now"); ok {
		if rest != "" {
			if rest[0] != '-' && rest[0] != '+' {
				return time.Time{}, errors.New("want + or - after now")
			}
			d, err := parseDuration(rest[1:])
			if err != nil {
				return time.Time{}, err
			}
			if rest[0] == '-' {
				d = -d
			}
			t = now.Add(d)
		}
	} else {
		var err error
		if t, err = time.Parse(time.RFC3339Nano, s); err != nil {
			return time.Time{}, errors.New("none of the three forms of an instant")
		}
	}
	if t.Before(minInstant) || t.After(maxInstant) {
		return time.Time{}, errors.New("outside the years 1678 to 2261")
	}
	return t.UTC(), nil
}

// parseDuration reads the DurationParam of openapi.yaml: digits alone are nanoseconds, otherwise Go's form with days and
// weeks added. Never negative.
func parseDuration(s string) (time.Duration, error) {
	if isDigits(s) {
		ns, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, errors.New("more nanoseconds than 64 bits hold")
		}
		return time.Duration(ns), nil
	}
	if s == "" {
		return 0, errors.New("empty duration")
	}
	var total time.Duration
	for rest := s; rest != ""; {
		n := strings.IndexFunc(rest, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
		if n <= 0 {
			return 0, fmt.Errorf("want a number and a unit at %q", clip(rest))
		}
		u := strings.IndexAny(rest[n:], "0123456789.")
		if u < 0 {
			u = len(rest) - n
		}
		number, unit := rest[:n], rest[n:n+u]
		times := time.Duration(1)
		switch unit {
		case "d":
			unit, times = "h", 24
		case "w":
			unit, times = "h", 7*24
		}
		d, err := time.ParseDuration(number + unit)
		if err != nil {
			return 0, fmt.Errorf("want a number and a unit (ns, us, ms, s, m, h, d, w) at %q", clip(rest))
		}
		if d > (math.MaxInt64-total)/times {
			return 0, errors.New("longer than 292 years")
		}
		total += d * times
		rest = rest[n+u:]
	}
	return total, nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
