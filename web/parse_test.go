package web

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"weft/store"
)

var testNow = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

func TestParseInstant(t *testing.T) {
	good := func(in string, want time.Time) {
		t.Helper()
		if got, err := parseInstant(in, testNow); err != nil || !got.Equal(want) {
			t.Errorf("parseInstant(%q): got %v, %v, want %v", in, got, err, want)
		}
	}
	bad := func(in, want string) {
		t.Helper()
		if _, err := parseInstant(in, testNow); err == nil || err.Error() != want {
			t.Errorf("parseInstant(%q): got %v, want %s", in, err, want)
		}
	}
	good("1700000000000000001", time.Unix(1_700_000_000, 1))
	good("0", time.Unix(0, 0))
	good("-5", time.Unix(0, -5))
	good("2023-11-14T22:13:20.000000001Z", time.Unix(1_700_000_000, 1))
	good("2023-11-15T06:13:20+08:00", time.Unix(1_700_000_000, 0))
	good("now", testNow)
	good("now-1h30m", testNow.Add(-90*time.Minute))
	good("now-7d", testNow.Add(-7*24*time.Hour))
	good("now+5m", testNow.Add(5*time.Minute))
	bad("99999999999999999999", "more nanoseconds than 64 bits hold")
	bad("now1h", "want + or - after now")
	bad("now-", "empty duration")
	bad("now-1y", `want a number and a unit (ns, us, ms, s, m, h, d, w) at "1y"`)
	bad("yesterday", "none of the three forms of an instant")
	bad("0001-01-01T00:00:00Z", "outside the years 1678 to 2261")
	bad("now+15000w", "outside the years 1678 to 2261")
	bad("", "none of the three forms of an instant")
}

func TestParseDuration(t *testing.T) {
	good := func(in string, want time.Duration) {
		t.Helper()
		if got, err := parseDuration(in); err != nil || got != want {
			t.Errorf("parseDuration(%q): got %v, %v, want %v", in, got, err, want)
		}
	}
	bad := func(in, want string) {
		t.Helper()
		if _, err := parseDuration(in); err == nil || err.Error() != want {
			t.Errorf("parseDuration(%q): got %v, want %s", in, err, want)
		}
	}
	good("250", 250)
	good("250us", 250*time.Microsecond)
	good("250µs", 250*time.Microsecond)
	good("1.5s", 1500*time.Millisecond)
	good("2m30s", 150*time.Second)
	good("1w1d", 8*24*time.Hour)
	good("0.5d", 12*time.Hour)
	good("106751d", 106751*24*time.Hour)
	bad("", "empty duration")
	bad("-1s", `want a number and a unit at "-1s"`)
	bad("s", `want a number and a unit at "s"`)
	bad("1s5", `want a number and a unit at "5"`)
	bad("1fortnight", `want a number and a unit (ns, us, ms, s, m, h, d, w) at "1fortnight"`)
	bad("106752d", "longer than 292 years")
	bad("9999999h", `want a number and a unit (ns, us, ms, s, m, h, d, w) at "9999999h"`)
	bad("9223372036854775808", "more nanoseconds than 64 bits hold")
}

func TestParseCondition(t *testing.T) {
	str, num, dbl := store.StringValue, store.IntValue, store.DoubleValue
	good := func(in, field string, op store.Op, v store.Value) {
		t.Helper()
		want := store.Predicate{Field: field, Op: op, Value: v}
		if got, err := parseCondition(in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("parseCondition(%q): got %+v, %v, want %+v", in, got, err, want)
		}
	}
	bad := func(in, want string) {
		t.Helper()
		if p, err := parseCondition(in); err == nil || err.Error() != want {
			t.Errorf("parseCondition(%q): got %+v, %v, want %s", in, p, err, want)
		}
	}
	good("http.route=/a", "http.route", store.OpEqual, str("/a"))
	good(" http.route = /a b ", "http.route", store.OpEqual, str("/a b"))
	good("k!=v=w", "k", store.OpNotEqual, str("v=w"))
	good("k=200", "k", store.OpEqual, str("200"))
	good("k>200", "k", store.OpGreater, num(200))
	good("k>=-0.5", "k", store.OpGreaterEqual, dbl(-0.5))
	good("k<1e3", "k", store.OpLess, dbl(1000))
	good("k<=9223372036854775807", "k", store.OpLessEqual, num(math.MaxInt64))
	good("k", "k", store.OpExists, store.Value{})
	good("!k", "k", store.OpNotExists, store.Value{})
	good(`"odd = key"="a \"b\" "`, "odd = key", store.OpEqual, str(`a "b" `))
	good(`k=""`, "k", store.OpEqual, str(""))
	good(`!"odd key"`, "odd key", store.OpNotExists, store.Value{})
	good("@duration>1.5s", store.FieldDuration, store.OpGreater, num(1_500_000_000))
	good("@kind!=server", store.FieldKind, store.OpNotEqual, str("server"))
	good("@event=cache miss", store.FieldEvent, store.OpEqual, str("cache miss"))
	good("!@event", store.FieldEvent, store.OpNotExists, store.Value{})
	good("@dead_letter!=true", store.FieldDeadLetter, store.OpNotEqual, str("true"))
	good("@peer=orders", store.FieldPeer, store.OpEqual, str("orders"))
	bad("", "want a key")
	bad("=v", "want a key")
	bad("!", "want a key")
	bad("k=", `want a value; the empty one is written ""`)
	bad("k>abc", "want a number after this operator")
	bad("k>NaN", "want a number after this operator")
	bad(`k>"5"`, "want a number without quotes after this operator")
	bad(`k="open`, "want a closed double-quoted string with JSON escapes")
	bad(`k="a" b`, "want nothing after the closing quote")
	bad(`"k" v`, "want an operator after the key")
	bad("!k=v", "want only a key after the leading !; write key!=value")
	bad("k!v", "want an operator after the key")
	bad("@kind=fast", "want one of unspecified, internal, server, client, producer, consumer")
	bad("@status=bad", "want one of unset, ok, error")
	bad("@name>a", "@name takes = and != only")
	bad("@nothing=1", "want @service, @name, @kind, @status, @error, @duration, @category, @peer, @event, @cold_start, @retry or @dead_letter")
	bad("@name", "@name is always there; compare it with a value")
	bad("k=\x91", "want UTF-8 text")
	bad("@retry=yes", "want true or false")
	bad("@cold_start", "@cold_start is always there; compare it with a value")
	bad("@event>a", "@event takes = and != only")
	bad("@duration>x", `want a number and a unit at "x"`)
}

func FuzzParseInstant(f *testing.F) {
	for _, s := range []string{"now-1h", "now", "1700000000000000000", "2023-11-14T22:13:20Z", "-9223372036854775808", "now+1w"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseInstant(s, testNow)
		if err != nil {
			return
		}
		// What is accepted fits 64 bits of nanoseconds and reads back from its own text.
		again, err := parseInstant(strconv.FormatInt(got.UnixNano(), 10), testNow)
		if err != nil || !again.Equal(got) {
			t.Errorf("%q: %v reads back as %v, %v", s, got, again, err)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1h2m", "0.5d", "250us", "9223372036854775807", "1w1d1h", "1.5.5s", "106751d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseDuration(s)
		if err != nil {
			return
		}
		if got < 0 {
			t.Errorf("%q: negative duration %v", s, got)
		}
		if again, err := parseDuration(got.String()); err != nil || again != got {
			t.Errorf("%q: %v reads back as %v, %v", s, got, again, err)
		}
	})
}

func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{"k=v", "k!=v", "k>1", "k>=1.5", "k", "!k", `"a b"="c\"d"`, "@duration>1s", "@kind=server", `k=""`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseCondition(s)
		if err != nil {
			return
		}
		if p.Field == "" {
			t.Fatalf("%q: no field", s)
		}
		numeric := p.Value.Type() == store.TypeInt || p.Value.Type() == store.TypeDouble
		switch p.Op {
		case store.OpExists, store.OpNotExists:
			if p.Value.Type() != store.TypeEmpty {
				t.Errorf("%q: a value where none is compared: %+v", s, p)
			}
		case store.OpGreater, store.OpGreaterEqual, store.OpLess, store.OpLessEqual:
			if !numeric {
				t.Errorf("%q: order of something that is no number: %+v", s, p)
			}
		default:
			if p.Value.Type() == store.TypeEmpty {
				t.Errorf("%q: no value: %+v", s, p)
			}
		}
		// Writing the condition with everything quoted asks for the same.
		if p.Value.Type() == store.TypeString {
			key, _ := json.Marshal(p.Field)
			value, _ := json.Marshal(p.Value.Str())
			op := map[store.Op]string{store.OpEqual: "=", store.OpNotEqual: "!="}[p.Op]
			if again, err := parseCondition(string(key) + op + string(value)); err != nil || !reflect.DeepEqual(again, p) {
				t.Errorf("%q: quoted form gives %+v, %v, want %+v", s, again, err, p)
			}
		}
	})
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\n\r\t\x00\x7f", "é世\u2028", "\xff\xfe", "a\xc3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got, want string
		out := appendString(nil, s)
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q: %s is no JSON: %v", s, out, err)
		}
		std, _ := json.Marshal(s)
		json.Unmarshal(std, &want)
		if got != want {
			t.Errorf("%q: reads back as %q, encoding/json gives %q", s, got, want)
		}
	})
}

func FuzzStructured(f *testing.F) {
	f.Add(`{"arrayValue":{"values":[{"stringValue":"a"},{"doubleValue":"NaN"}]}}`)
	f.Add(`{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"AA=="}}]}}`)
	f.Add(`{"intValue":5}`)
	f.Fuzz(func(t *testing.T, s string) {
		typ, text := structured(s)
		if !slices.Contains([]string{"json", "bytes", "string"}, typ) {
			t.Errorf("%q: type %s", s, typ)
		}
		if typ == "json" && !json.Valid([]byte(text)) {
			t.Errorf("%q: %s is no JSON", s, text)
		}
	})
}
