package sdk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func samplingParameters(ctx context.Context, name string, attrs ...attribute.KeyValue) sdktrace.SamplingParameters {
	return sdktrace.SamplingParameters{ParentContext: ctx, TraceID: [16]byte{15: 1}, Name: name, Attributes: attrs}
}

func TestSampler(t *testing.T) {
	f := func(root sdktrace.Sampler, headers propagation.MapCarrier, attrs []attribute.KeyValue, want sdktrace.SamplingDecision) {
		t.Helper()
		ctx := propagatorOf(AllFormats()).Extract(context.Background(), headers)
		if got := NewSampler(root).ShouldSample(samplingParameters(ctx, "x", attrs...)).Decision; got != want {
			t.Errorf("%v %v under %s: got %v, want %v", headers, attrs, root.Description(), got, want)
		}
	}
	always, never := sdktrace.AlwaysSample(), sdktrace.NeverSample()
	const yes, no = sdktrace.RecordAndSample, sdktrace.Drop
	f(always, nil, nil, yes)
	f(never, nil, nil, no)
	f(never, propagation.MapCarrier{"b3": "1-2-1"}, nil, yes) // the parent's decision
	f(always, propagation.MapCarrier{"b3": "1-2-0"}, nil, no)
	f(always, propagation.MapCarrier{"b3": "1-2"}, nil, yes) // no decision: ours
	f(never, propagation.MapCarrier{"b3": "1-2"}, nil, no)
	f(always, propagation.MapCarrier{"b3": "0"}, nil, no) // a decision without a parent
	f(never, propagation.MapCarrier{"jaeger-debug-id": "x"}, nil, yes)
	priority := func(v int64) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.Int64("sampling.priority", v)}
	}
	f(never, nil, priority(1), yes)
	f(always, nil, priority(0), no)
	f(never, propagation.MapCarrier{"b3": "1-2-0"}, priority(1), yes)
	f(always, nil, []attribute.KeyValue{attribute.String("sampling.priority", "often")}, yes) // unreadable: ignored
}

func TestRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRateLimited(2)
		count := func() (n int) {
			for range 100 {
				if r.take() {
					n++
				}
			}
			return n
		}
		if got := count(); got != 2 {
			t.Errorf("at once: got %d, want 2", got)
		}
		time.Sleep(500 * time.Millisecond) // of the bubble's clock
		if got := count(); got != 1 {
			t.Errorf("after half a second: got %d, want 1", got)
		}
		time.Sleep(time.Hour)
		if got := count(); got != 2 {
			t.Errorf("after an hour: got %d, want 2", got)
		}
	})
	if newRateLimited(0).take() {
		t.Error("0 a second let one through")
	}
}

func TestRemoteSampler(t *testing.T) {
	var asked atomic.Value
	answer := make(chan string)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String())
		select {
		case a := <-answer:
			if _, err := w.Write([]byte(a)); err != nil {
				t.Error(err)
			}
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	s, err := newRemoteSampler(srv.URL+"/sampling", "a shop", time.Millisecond, sdktrace.NeverSample())
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	decide := func(op string) bool {
		return s.ShouldSample(samplingParameters(context.Background(), op)).Decision == sdktrace.RecordAndSample
	}
	// Handing over a second answer means that the first has been taken in: polls do not overlap.
	give := func(a string) {
		t.Helper()
		answer <- a
		answer <- a
	}
	if decide("x") {
		t.Error("sampled before the first answer")
	}
	give(`{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}`)
	if !decide("x") {
		t.Error("not sampled at rate 1")
	}
	if got := asked.Load(); got != "/sampling?service=a+shop" {
		t.Errorf("asked %s", got)
	}
	give(`not JSON`)
	if !decide("x") {
		t.Error("a bad answer changed the strategy")
	}
	give(`{"operationSampling":{"defaultSamplingProbability":0,"perOperationStrategies":[{"operation":"pay","probabilisticSampling":{"samplingRate":1}}]}}`)
	if decide("x") || !decide("pay") {
		t.Error("operations are not told apart")
	}
	give(`{"operationSampling":{"defaultSamplingProbability":0,"defaultLowerBoundTracesPerSecond":1}}`)
	if !decide("rare") || decide("rare") {
		t.Error("want the lower bound to let exactly one through")
	}
}

func TestParseStrategyErrors(t *testing.T) {
	for _, in := range []string{`{}`, `[]`, `{"probabilisticSampling":"x"}`, strings.Repeat(" ", maxStrategyBytes+1)} {
		if s, err := parseStrategy([]byte(in)); err == nil {
			t.Errorf("%.40q: got %+v", in, s)
		}
	}
}
