package sdk

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Each decoder must not panic, must give valid ids or an error, and must read back what its encoder makes of the result.

func fuzzCodec(f *testing.F, parse func(string) (remote, error), key string, c codec, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parse(s)
		if err != nil || !r.sc.IsValid() {
			return
		}
		if !r.sc.IsRemote() || r.sc.IsSampled() != (r.decision != drop) {
			t.Errorf("%q: got %+v", s, r)
		}
		m := propagation.MapCarrier{}
		c.write(r.sc, m)
		again, err := parse(m[key])
		if err != nil || !again.sc.Equal(r.sc) {
			t.Errorf("%q: wrote %q, read %+v, %v", s, m[key], again, err)
		}
	})
}

func FuzzUber(f *testing.F) {
	c, _ := codecOf(Jaeger)
	fuzzCodec(f, parseUber, uberTraceID, c, traceHex+":"+spanHex+":0:1", "1:2:3:d", "1%3A2%3A0%3A1", ":::", "%")
}

func FuzzB3(f *testing.F) {
	c, _ := codecOf(B3)
	fuzzCodec(f, parseB3, b3Single, c, traceHex+"-"+spanHex+"-1-"+spanHex, "0", "1-2", "1-2-d", "---")
}

func FuzzXRay(f *testing.F) {
	c, _ := codecOf(XRay)
	fuzzCodec(f, parseXRay, amznTraceID, c, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent="+spanHex+";Sampled=?", "Root=;Parent=1", ";;=")
}

func FuzzExtract(f *testing.F) {
	f.Add("traceparent", "00-"+traceHex+"-"+spanHex+"-01", "b3", "1-2-1")
	f.Add("x-b3-traceid", "1", "x-b3-spanid", "2")
	f.Add("uberctx-k", "v%20", "jaeger-baggage", "a=1,b")
	f.Add(fcBaggages, "eyJhIjoiMSJ9", fcBaggagePrefix+"K", "v")
	f.Add("baggage", "a=1;p=2,b=%E5", "X-Amzn-Trace-Id", "Sampled=0")
	p := propagatorOf(AllFormats())
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		e := p.extract(propagation.MapCarrier{k1: v1, k2: v2})
		if e.bag.Len() > maxBaggageItems || len(itemsOf(e.bag)) > maxBaggageBytes+3*maxBaggageItems {
			t.Errorf("baggage out of bounds: %d items", e.bag.Len())
		}
		for _, sc := range e.conflicts {
			if !sc.IsValid() || sameSpan(sc, e.parent) {
				t.Errorf("conflict %v with %v", sc, e.parent)
			}
		}
		h := propagation.MapCarrier{}
		p.inject(e.parent, e.bag, h)
		again := p.extract(h)
		if e.parent.IsValid() && (again.parent.TraceID() != e.parent.TraceID() || again.parent.SpanID() != e.parent.SpanID()) || len(again.conflicts) > 0 {
			t.Errorf("read %+v, wrote %v, read %+v", e, h, again)
		}
		if got, want := itemsOf(again.bag), itemsOf(e.bag); got != want {
			t.Errorf("baggage %q became %q", want, got)
		}
	})
}

func FuzzFCBaggages(f *testing.F) {
	f.Add("eyJhIjoiMSJ9")
	f.Add("e30")
	f.Add("bnVsbA==")
	f.Fuzz(func(t *testing.T, s string) {
		for k, v := range parseFCBaggages(s) {
			if len(k)+len(v) > 3*len(s) { // JSON's replacement of bad UTF-8 triples a byte at most
				t.Errorf("%q grew to %q=%q", s, k, v)
			}
		}
	})
}

func FuzzBinary(f *testing.F) {
	ts, _ := trace.ParseTraceState("a=1")
	for _, c := range []*spanContext{
		remoteContext(spanContextOf(f, traceHex, spanHex, true).WithTraceState(ts), bagOf(f, "k", "值", "e", "")),
	} {
		var b bytes.Buffer
		if err := writeBinary(&b, c); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, binaryHeader))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := readBinary(bytes.NewReader(in))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := writeBinary(&b, c); err != nil {
			t.Fatal(err)
		}
		again, err := readBinary(&b)
		if err != nil || !again.sc.Equal(c.sc) || itemsOf(again.bag) != itemsOf(c.bag) {
			t.Errorf("%x: read %+v, then %+v, %v", in, c, again, err)
		}
	})
}

func FuzzStrategy(f *testing.F) {
	f.Add([]byte(`{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}`))
	f.Add([]byte(`{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":2}}`))
	f.Add([]byte(`{"operationSampling":{"defaultSamplingProbability":1,"perOperationStrategies":[{"operation":"x"}]}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := parseStrategy(in)
		if (s == nil) == (err == nil) {
			t.Fatalf("%q: got %v, %v", in, s, err)
		}
		if s != nil {
			for _, name := range []string{"x", strings.Repeat("y", 10)} {
				s.ShouldSample(samplingParameters(context.Background(), name))
			}
		}
	})
}
