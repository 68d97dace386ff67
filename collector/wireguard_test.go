package collector

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"weft/auth"
	"weft/semconv"
)

// The memory limiter and authentication stand in front of what is read past pdata as of everything.
func TestWireRefused(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		t.Setenv("WEFT_COLLECTOR_MEMORY_MIB", "2")
		t.Setenv("WEFT_COLLECTOR_SPIKE_MIB", "1")
		hold := bytes.Repeat([]byte("x"), 8<<20)
		r := startWith(t, &blocks{}, options{}, false)
		var err error
		for deadline := time.Now().Add(30 * time.Second); err == nil && time.Now().Before(deadline); { // until the limiter has looked for the first time
			err = exportGRPC(t, r.addr["WEFT_OTLP_GRPC"], cleanTraces(1, 2))
		}
		if status.Code(err) != codes.Unavailable {
			t.Errorf("got %v, want Unavailable: try again", err)
		}
		if got := r.metric(t, semconv.MetricRefused, "signal=traces", "receiver=otlp", "reason="+semconv.ReasonMemoryLimit); got != 2 {
			t.Errorf("%s{reason=%s}: got %v, want 2", semconv.MetricRefused, semconv.ReasonMemoryLimit, got)
		}
		_ = hold[0]
	})
	t.Run("token", func(t *testing.T) {
		tokens, token := newTokens(t, auth.Ingest)
		st := &blocks{}
		r := startWith(t, st, options{tokens: tokens}, false)
		client := ptraceotlp.NewGRPCClient(dial(t, r.addr["WEFT_OTLP_GRPC"]))
		request := ptraceotlp.NewExportRequestFromTraces(cleanTraces(1, 2))
		raw, err := request.MarshalProto()
		url := "http://" + r.addr["WEFT_OTLP_HTTP"] + "/v1/traces"
		for _, wrong := range []string{"", "weft_wrong"} {
			if _, err := client.Export(withToken(t.Context(), wrong), request); status.Code(err) != codes.Unauthenticated {
				t.Errorf("gRPC with %q: %v", wrong, err)
			}
			if err := post(t, url, "application/x-protobuf", wrong, raw, err); err == nil {
				t.Errorf("HTTP with %q: taken", wrong)
			}
		}
		if got := r.metric(t, semconv.MetricWire, "receiver=otlp", "signal=traces"); got != 0 {
			t.Errorf("%v spans got in without a token", got)
		}
		if _, err := client.Export(withToken(t.Context(), token), request); err != nil {
			t.Error(err)
		}
		if err := post(t, url, "application/x-protobuf", token, raw, err); err != nil {
			t.Error(err)
		}
		if got := r.metric(t, semconv.MetricWire, "receiver=otlp", "signal=traces"); got != 4 {
			t.Errorf("%v spans went past pdata, want 4", got)
		}
	})
}

// A client that sends two messages where one belongs gets an error, and nothing is kept of them.
func TestWireSecondMessage(t *testing.T) {
	raw, err := ptraceotlp.NewExportRequestFromTraces(cleanTraces(1, 2)).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	r := startWith(t, &blocks{}, options{}, false)
	stream, err := dial(t, r.addr["WEFT_OTLP_GRPC"]).NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true},
		"/opentelemetry.proto.collector.trace.v1.TraceService/Export", grpc.ForceCodec(rawCodec{}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := stream.SendMsg(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.RecvMsg(new([]byte)); status.Code(err) != codes.Internal {
		t.Errorf("got %v", err)
	}

	// The same without a network, to see what is kept.
	decoder, err := (&ingestConfig{Wire: true}).decoder()
	if err != nil {
		t.Fatal(err)
	}
	codec := newWireCodec(decoder)
	handler := &grpcStats{&ingestExtension{}, codec}
	ctx := handler.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: "Export"})
	message := reflect.New(traceRequest.Elem()).Interface()
	for range 2 {
		if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, message); err != nil {
			t.Fatal(err)
		}
		handler.HandleRPC(ctx, &stats.InPayload{Payload: message})
	}
	if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, message); err != nil {
		t.Fatal(err)
	}
	handler.HandleRPC(ctx, &stats.End{})
	if ctx.Value(callKey{}).(*call).wire == nil {
		t.Error("the stats handler did not hand on what was read")
	}
	codec.read.Range(func(any, any) bool { t.Error("a request is kept"); return true })
}

// A configuration in which some component needs pdata is served with pdata: everything arrives everywhere, enriched.
func TestWireAssembly(t *testing.T) {
	const receiver = `
receivers: {otlp: {protocols: {grpc: {endpoint: "${env:WEFT_OTLP_GRPC}"}}}}
processors: {memory_limiter: {check_interval: 1s, limit_mib: 2000}, enrich: , topology: }
`
	for _, c := range []struct {
		name, config string
		copies, wire float64 // of each span sent
	}{
		{"all of ours", receiver + `
exporters: {weft_store: }
service: {pipelines: {traces: {receivers: [otlp], processors: [memory_limiter, enrich, topology], exporters: [weft_store]}}}`, 1, 1},
		{"enrich alone", receiver + `
exporters: {weft_store: }
service: {pipelines: {traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store]}}}`, 1, 1},
		{"nothing", receiver + `
exporters: {weft_store: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [weft_store]}}}`, 1, 0},
		{"two exporters", receiver + `
exporters: {weft_store: , weft_store/2: {directory: ` + t.TempDir() + `}}
service: {pipelines: {traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store, weft_store/2]}}}`, 2, 0},
		{"two pipelines", receiver + `
exporters: {weft_store: , weft_store/2: {directory: ` + t.TempDir() + `}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store]}
    traces/2: {receivers: [otlp], processors: [enrich], exporters: [weft_store/2]}`, 2, 0},
		{"a middleware of one's own", `
receivers: {otlp: {protocols: {grpc: {endpoint: "${env:WEFT_OTLP_GRPC}", middlewares: [{id: weft_ingest/mine}]}}}}
extensions: {weft_ingest/mine: }
processors: {enrich: }
exporters: {weft_store: }
service: {extensions: [weft_ingest/mine], pipelines: {traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store]}}}`, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := &blocks{}
			r := startWith(t, st, options{configFile: writeFile(t, c.config)}, false)
			if err := exportGRPC(t, r.addr["WEFT_OTLP_GRPC"], cleanTraces(1, 5)); err != nil {
				t.Fatal(err)
			}
			if got := r.metric(t, semconv.MetricWire, "receiver=otlp", "signal=traces"); got != 5*c.wire {
				t.Errorf("%v spans went past pdata, want %v", got, 5*c.wire)
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			st.mu.Lock()
			defer st.mu.Unlock()
			if float64(st.stored) != 5*c.copies {
				t.Errorf("%d rows, want %v", st.stored, 5*c.copies)
			}
		})
	}
}

// Only a pipeline of nothing but our own components gets what is not pdata.
func TestWireSection(t *testing.T) {
	const start = `
receivers: {otlp: , jaeger: }
processors: {enrich: {max_events: 7}, enrich/mine: , topology: , memory_limiter: , memory_limiter/2: , batch: }
exporters: {weft_store: , weft_store/2: , debug: }
connectors: {forward: }
service: {pipelines: {`
	events := map[string]any{"max_events": 7}
	for pipelines, want := range map[string]map[string]any{
		`traces: {receivers: [otlp, jaeger], processors: [memory_limiter, enrich, topology], exporters: [weft_store]}`:                                             events,
		`traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store/2]}`:                                                                             events,
		`traces: {receivers: [otlp], processors: [enrich/mine, memory_limiter/2], exporters: [weft_store]}`:                                                        {},
		`traces: {receivers: [otlp], processors: [enrich, topology], exporters: [weft_store]}, logs: {receivers: [otlp], exporters: [debug]}`:                      events,
		`traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store]}, traces/2: {receivers: [jaeger], processors: [batch], exporters: [debug]}`:     events,
		`traces: {receivers: [otlp], processors: [enrich, topology, batch], exporters: [weft_store]}`:                                                              nil,
		`traces: {receivers: [otlp], processors: [enrich, batch, topology], exporters: [weft_store]}`:                                                              nil,
		`traces: {receivers: [otlp], processors: [enrich, enrich/mine], exporters: [weft_store]}`:                                                                  nil,
		`traces: {receivers: [otlp], processors: [topology, enrich], exporters: [weft_store]}`:                                                                     nil,
		`traces: {receivers: [otlp], processors: [memory_limiter], exporters: [weft_store]}`:                                                                       nil,
		`traces: {receivers: [otlp], exporters: [weft_store]}`:                                                                                                     nil,
		`traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store, debug]}`:                                                                        nil,
		`traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store, weft_store/2]}`:                                                                 nil,
		`traces: {receivers: [otlp], processors: [enrich], exporters: [forward]}, traces/2: {receivers: [forward], processors: [enrich], exporters: [weft_store]}`: nil,
		`traces: {receivers: [otlp], processors: [enrich], exporters: [debug]}`:                                                                                    nil,
		`traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store]}, traces/2: {receivers: [otlp], processors: [enrich], exporters: [weft_store]}`: nil,
		`traces: {receivers: [jaeger], processors: [enrich], exporters: [weft_store]}`:                                                                             nil,
	} {
		parsed, err := confmap.NewRetrievedFromYAML([]byte(start + pipelines + "}}"))
		if err != nil {
			t.Fatal(err)
		}
		conf, err := parsed.AsConf()
		if err != nil {
			t.Fatal(err)
		}
		if got := wireSection(conf, "otlp"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", pipelines, got, want)
		}
		if got := wireSection(conf, "jaeger"); got != nil {
			t.Errorf("%s: jaeger got %v", pipelines, got)
		}
	}
}
