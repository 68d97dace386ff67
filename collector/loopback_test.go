package collector

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/confmap"
)

func TestLoopbackOnly(t *testing.T) {
	conf := func(addr string) *confmap.Conf {
		return confmap.NewFromStringMap(map[string]any{
			"receivers":  map[string]any{"otlp": map[string]any{"protocols": map[string]any{"grpc": map[string]any{"endpoint": addr}}}},
			"extensions": map[string]any{"weft_sampling": map[string]any{"endpoint": addr}},
			"exporters":  map[string]any{"otlp": map[string]any{"endpoint": "10.0.0.1:4317"}}, // goes out, opens nothing
		})
	}
	for _, addr := range []string{"127.0.0.1:1", "[::1]:1", "localhost:1"} {
		if err := (loopbackOnly{}).Convert(context.Background(), conf(addr)); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for _, addr := range []string{"0.0.0.0:1", ":1", "[::]:1", "192.0.2.1:1", "example.org:1"} {
		err := loopbackOnly{}.Convert(context.Background(), conf(addr))
		if err == nil {
			t.Fatalf("%s: no error", addr)
		}
		for _, want := range []string{"receivers::otlp::protocols::grpc::endpoint: " + addr, "extensions::weft_sampling::endpoint: " + addr} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v lacks %q", addr, err, want)
			}
		}
	}
}
