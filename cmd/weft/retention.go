package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// days is how long something is kept, as 14d or a Go duration; 0 is for ever. Bound: 0, or 1 day to 10 years.
type days time.Duration

// Set implements pflag.Value.
func (d *days) Set(s string) error {
	var v time.Duration
	if n, ok := strings.CutSuffix(s, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return fmt.Errorf("want 0, or 1d to 3650d, got %q", s)
		}
		v = time.Duration(count) * day
	} else {
		var err error
		if v, err = time.ParseDuration(s); err != nil {
			return fmt.Errorf("want 0, or 1d to 3650d, got %q", s)
		}
	}
	if v != 0 && (v < day || v > 3650*day) {
		return fmt.Errorf("want 0, or 1d to 3650d, got %q", s)
	}
	*d = days(v)
	return nil
}

// String implements pflag.Value.
func (d *days) String() string {
	v := time.Duration(*d)
	if v%day == 0 && v != 0 {
		return strconv.Itoa(int(v/day)) + "d"
	}
	if v == 0 {
		return "0"
	}
	return v.String()
}

// Type implements pflag.Value.
func (d *days) Type() string { return "days" }
