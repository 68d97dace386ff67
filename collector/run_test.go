package collector

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"weft/auth"
	"weft/semconv"
)

func someTraces(names ...string) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i, name := range names {
		span := spans.AppendEmpty()
		span.SetTraceID([16]byte{1, 2, 3})
		span.SetSpanID([8]byte{1, byte(i + 1)})
		span.SetName(name)
		span.SetKind(ptrace.SpanKindClient)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(spanStart))
		span.SetEndTimestamp(span.StartTimestamp() + 1_000_000)
		span.Attributes().PutStr("http.method", "GET")
	}
	return td
}

func TestEveryProtocol(t *testing.T) {
	r := start(t, options{})
	sent := map[string]float64{}
	for _, s := range append(senders(), udpSenders()...) {
		t.Run(s.name, func(t *testing.T) {
			if err := s.send(t, r.addr[s.variable], "", s.name); err != nil {
				t.Fatal(err)
			}
			sent[s.receiver]++
			r.waitFor(t, s.name, func() bool { _, ok := r.named(s.name); return ok })
			span, _ := r.named(s.name)
			if span.StartTimestamp().AsTime() != spanStart || span.EndTimestamp()-span.StartTimestamp() != 1_000_000 {
				t.Errorf("times: got %v to %v, want %v and 1ms", span.StartTimestamp(), span.EndTimestamp(), spanStart)
			}
			attrs := span.Attributes().AsRaw()
			if attrs["http.request.method"] != "GET" || attrs[semconv.SpanCategory] != semconv.CategoryClient {
				t.Errorf("attributes: got %v, want them normalised and enriched", attrs)
			}
			if _, ok := attrs[semconv.Repaired]; ok {
				t.Errorf("attributes: got %v, want nothing repaired", attrs)
			}
			if got := r.metric(t, semconv.MetricReceived, "receiver="+s.receiver, "signal=traces"); got != sent[s.receiver] {
				t.Errorf("%s: got %v, want %v", semconv.MetricReceived, got, sent[s.receiver])
			}
		})
	}
}

func TestLogsAndMetrics(t *testing.T) {
	r := start(t, options{})
	conn := dial(t, r.addr["WEFT_OTLP_GRPC"])
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	if _, err := plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(ld)); err != nil {
		t.Fatal(err)
	}
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("requests")
	m.SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(pcommon.NewTimestampFromTime(spanStart))
	if _, err := pmetricotlp.NewGRPCClient(conn).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(md)); err != nil {
		t.Fatal(err)
	}
	r.sink.mu.Lock()
	defer r.sink.mu.Unlock()
	if len(r.logs) != 1 || r.logs[0].LogRecordCount() != 1 || len(r.metrics) != 1 || r.metrics[0].DataPointCount() != 1 {
		t.Errorf("got %d batches of logs, %d of metrics, want one record each", len(r.logs), len(r.metrics))
	}
}

func TestTokens(t *testing.T) {
	tokens, ingest := newTokens(t, auth.Ingest)
	tokens, query := tokens.With("reader", auth.Query)
	r := start(t, options{tokens: tokens})
	for _, s := range senders() {
		t.Run(s.name, func(t *testing.T) {
			refused := func(token, reason string, code codes.Code) {
				t.Helper()
				before := r.metric(t, semconv.MetricRefused, "reason="+reason, "receiver="+s.receiver)
				err := s.send(t, r.addr[s.variable], token, s.name)
				var answer *refusal
				if errors.As(err, &answer) {
					if answer.code != http.StatusUnauthorized {
						t.Errorf("got %v, want 401", answer)
					}
				} else if status.Code(err) != code {
					t.Errorf("got %v, want %v", err, code)
				}
				if got := r.metric(t, semconv.MetricRefused, "reason="+reason, "receiver="+s.receiver); got != before+1 {
					t.Errorf("%s{reason=%s}: got %v, want %v", semconv.MetricRefused, reason, got, before+1)
				}
				if _, ok := r.named(s.name); ok {
					t.Error("the span was taken all the same")
				}
			}
			refused("", semconv.ReasonUnauthenticated, codes.Unauthenticated)
			refused("weft_wrong", semconv.ReasonUnauthenticated, codes.Unauthenticated)
			refused(query, semconv.ReasonForbidden, codes.PermissionDenied)
			if err := s.send(t, r.addr[s.variable], ingest, s.name); err != nil {
				t.Fatal(err)
			}
			if _, ok := r.named(s.name); !ok {
				t.Error("the span did not arrive")
			}
		})
	}
	t.Run("basic", func(t *testing.T) {
		raw, err := otlpRequest("basic").MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.addr["WEFT_OTLP_HTTP"]+"/v1/traces", strings.NewReader(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-protobuf")
		req.SetBasicAuth("anyone", ingest)
		if err := do(t, req); err != nil {
			t.Error(err)
		}
	})
	t.Run("sampling", func(t *testing.T) {
		url := "http://" + r.addr["WEFT_SAMPLING"] + "/sampling?service=shop"
		get := func(token string) error {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				req.Header.Set("Authorization", "Bearer "+token)
			}
			return do(t, req)
		}
		var answer *refusal
		if err := get(""); !errors.As(err, &answer) || answer.code != http.StatusUnauthorized {
			t.Errorf("without a token: got %v, want 401", err)
		}
		if err := get(ingest); err != nil {
			t.Errorf("with a token: %v", err)
		}
	})
}

// newTokens makes a set of one token with scope.
func newTokens(t testing.TB, scope auth.Scope) (*auth.Tokens, string) {
	t.Helper()
	token, hash := auth.New()
	tokens, err := auth.Load(writeFile(t, "tokens:\n- {name: test, hash: '"+hash+"', scopes: ["+string(scope)+"]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return tokens, token
}

// A file of the user's own gets authentication all the same, on every server it opens.
func TestTokensWithOwnFile(t *testing.T) {
	tokens, ingest := newTokens(t, auth.Ingest)
	file := writeFile(t, `
receivers:
  otlp/mine: {protocols: {grpc: {endpoint: "${env:WEFT_OTLP_GRPC}"}, http: {endpoint: "${WEFT_OTLP_HTTP}"}}}
  zipkin: {endpoint: "${env:WEFT_ZIPKIN}"}
exporters: {weft_store: }
service:
  telemetry: {logs: {level: debug}, metrics: {level: detailed}}
  pipelines: {traces: {receivers: [otlp/mine, zipkin], exporters: [weft_store]}}
`)
	r := start(t, options{tokens: tokens, configFile: file})
	for _, s := range senders() {
		if s.receiver == "jaeger" {
			continue
		}
		if err := s.send(t, r.addr[s.variable], "", s.name); err == nil {
			t.Errorf("%s: accepted without a token", s.name)
		}
		if err := s.send(t, r.addr[s.variable], ingest, s.name); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
	if !strings.Contains(r.log.String(), "service.telemetry is ignored") {
		t.Errorf("log: want a word about the ignored section, got\n%s", r.log.String())
	}
}

func TestPortInUse(t *testing.T) {
	for variable, udp := range addressVariables {
		t.Run(variable, func(t *testing.T) {
			r := &running{sink: newSink(), addr: freeAddresses(t), reg: prometheus.NewRegistry(), log: &lockedBuffer{}}
			network := "tcp"
			if udp {
				network = "udp"
				conn, err := net.ListenPacket("udp", r.addr[variable])
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
			} else {
				l, err := net.Listen("tcp", r.addr[variable])
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
			}
			err := run(t.Context(), r.settings(t, options{}, func() { t.Error("said it was ready") }), r.factories)
			want := "collector: cannot listen on " + network + " " + r.addr[variable] +
				": address already in use: stop the program that uses it or set " + variable + "=HOST:PORT"
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	bad := func(content string, want ...string) {
		t.Helper()
		file := writeFile(t, content)
		r := &running{sink: newSink(), reg: prometheus.NewRegistry(), log: &lockedBuffer{}}
		err := run(t.Context(), r.settings(t, options{configFile: file}, nil), r.factories)
		if err == nil {
			t.Fatal("no error")
		}
		if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "collector: configuration file "+file+": ") {
			t.Errorf("want one line that names the file, got %q", err)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("want %q in %q", w, err)
			}
		}
	}
	bad("receivers: [", "line 1")
	bad("receivers: {otlp: {protocols: {grpc: {endpont: x}}}}\nexporters: {weft_store: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [weft_store]}}}", "otlp", "endpont")
	bad("receivers: {kafka: }\nexporters: {weft_store: }\nservice: {pipelines: {traces: {receivers: [kafka], exporters: [weft_store]}}}", "kafka")
	bad("receivers: {zipkin: }\nprocessors: {enrich: {max_events: 0, max_future: 1s}}\nexporters: {weft_store: }\nservice: {pipelines: {traces: {receivers: [zipkin], processors: [enrich], exporters: [weft_store]}}}",
		"max_events: want 1 to 65536, got 0", "max_future: want 1m to 8760h, got 1s")
	bad("receivers: {zipkin: }\nexporters: {weft_store: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [weft_store]}}}", "otlp")
	bad("", "")
}

func TestMissingConfigFile(t *testing.T) {
	r := &running{sink: newSink(), reg: prometheus.NewRegistry(), log: &lockedBuffer{}}
	err := run(t.Context(), r.settings(t, options{configFile: "/nowhere/weft.yaml"}, nil), r.factories)
	if err == nil || !strings.Contains(err.Error(), "/nowhere/weft.yaml") || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

// A second run may register its metrics where the first did.
func TestRunTwiceOnOneRegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	for range 2 {
		r := &running{sink: newSink(), addr: freeAddresses(t), reg: reg, log: &lockedBuffer{}}
		ctx, cancel := context.WithCancel(t.Context())
		if err := run(ctx, r.settings(t, options{}, cancel), r.factories); err != nil {
			t.Fatal(err)
		}
		if _, err := reg.Gather(); err != nil {
			t.Errorf("gather: %v", err)
		}
	}
}
