package logs

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// FuzzStream has that any text, in pieces of any size, gives records of valid UTF-8 within the bounds, and the same ones whatever the
// pieces.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		"panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1\n", "Traceback (most recent call last):\n  File\nX: y\n\n", "/a.js:1\n^\n\nError: x\n",
		`{"level":"x","time":1e300,"msg":{"a":[null]},"trace_id":"00"}` + "\n", "level=\"\\xff\" msg=\n", "E0506 07:08:09.1 1 a.go:1] x\n",
		"[ERROR]\ta\tb\tc\n", "2024-05-06T07:08:09Z a [ERROR] b\n", "FC Invoke Start RequestId: x\n\xff\r\n", "java.lang.Error\n\tat x\n}\n", "FC  RequestId: ,\n",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, piece int) {
		whole := records(t, string(text), max(len(text), 1))
		pieces := records(t, string(text), min(max(piece, 1), 100))
		if a, b := strings.Join(lines(whole), "\n"), strings.Join(lines(pieces), "\n"); a != b {
			t.Errorf("whole\n%q\nin pieces\n%q", a, b)
		}
		for _, r := range whole {
			if body := r.Body.String(); !utf8.ValidString(body) || len(body) > 3*MaxRecord {
				t.Errorf("body %q", body)
			}
			for _, a := range r.Attributes {
				if !utf8.ValidString(string(a.Key)) || a.Value.Type() == attribute.STRING && !utf8.ValidString(a.Value.AsString()) {
					t.Errorf("attribute %q %q", a.Key, a.Value.String())
				}
			}
			if !utf8.ValidString(r.RequestID) || !utf8.ValidString(r.SeverityText) || r.Time.IsZero() {
				t.Errorf("%+v", r)
			}
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(frameMark|frameText, time.Unix(1, 0), "a\nb"))
	f.Add(append(frame(frameMark|frameOld, time.Unix(1, 0), "x"), "\xa5\x5a\x00stray\xa5"...))
	f.Add([]byte{0xa5, 0x5a, 0, 2, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readFrames(t, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			if !utf8.ValidString(r.Body.String()) {
				t.Errorf("body %q", r.Body.String())
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	for name, line := range map[string]string{
		"plain":   "GET /orders/17 took 12 ms and was answered from the cache\n",
		"json":    `{"level":"info","time":"2026-05-06T07:08:09.123Z","msg":"order placed","order_id":"o-17","items":3,"total":12.5}` + "\n",
		"node":    "2026-05-06T07:08:09.123Z\t" + idA + "\tINFO\torder placed\n",
		"logfmt":  `time=2026-05-06T07:08:09.123Z level=INFO msg="order placed" order_id=o-17 items=3` + "\n",
		"dropped": "a line beyond the rate\n",
	} {
		b.Run("format="+name, func(b *testing.B) {
			cfg := Config{Emit: func(Record) {}, Rate: 1e12, Burst: 1 << 40, Queue: 1 << 30}
			if name == "dropped" {
				cfg.Rate, cfg.Burst = 1e-9, 1
			}
			f := New(cfg)
			in := f.Instance("i", span(1))
			in.Begin(idA, span(1))
			out, block := in.Stream(Stdout), []byte(strings.Repeat(line, 64))
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			lines := 0
			for b.Loop() {
				if lines%64 == 0 {
					_, _ = out.Write(block)
				}
				lines++
			}
			b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
			in.Close()
			f.Close()
		})
	}
}
