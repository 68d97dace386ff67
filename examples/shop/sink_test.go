package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	jaegertest "github.com/uber/jaeger-client-go/testutils"
	jaegerthrift "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// received is one span that arrived, by whatever protocol.
type received struct {
	service, trace, id, parent, name string
	links                            []string // span ids
	kind                             string
	attrs                            map[string]string
}

// sink takes what the shop sends over all of its protocols. It stands in for a backend and checks the token.
type sink struct {
	coltrace.UnimplementedTraceServiceServer
	token      string
	grpc, http string
	agent      *jaegertest.MockAgent

	mu      sync.Mutex // protects all below
	spans   []received
	logs    map[string]int // records with a trace id, by service
	metrics map[string]bool
	refused int
}

func newSink(t *testing.T, token string) *sink {
	t.Helper()
	s := &sink{token: token, logs: map[string]int{}, metrics: map[string]bool{}}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.grpc = lis.Addr().String()
	g := grpc.NewServer()
	coltrace.RegisterTraceServiceServer(g, s)
	served := make(chan error, 1)
	go func() { served <- g.Serve(lis) }()
	h := httptest.NewServer(http.HandlerFunc(s.serveHTTP))
	s.http = h.Listener.Addr().String()
	if s.agent, err = jaegertest.StartMockAgent(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		h.Close()
		s.agent.Close()
	})
	return s
}

func (s *sink) allowed(header string) bool {
	if s.token == "" || header == "Bearer "+s.token {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
	return false
}

func (s *sink) Export(ctx context.Context, r *coltrace.ExportTraceServiceRequest) (*coltrace.ExportTraceServiceResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	var header string
	if v := md.Get("authorization"); len(v) > 0 {
		header = v[0]
	}
	if !s.allowed(header) {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	s.take(r)
	return &coltrace.ExportTraceServiceResponse{}, nil
}

func (s *sink) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(r.Header.Get("Authorization")) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = s.takeHTTP(r.URL.Path, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (s *sink) takeHTTP(path string, body []byte) error {
	switch path {
	case "/v1/traces":
		r := new(coltrace.ExportTraceServiceRequest)
		if err := proto.Unmarshal(body, r); err != nil {
			return err
		}
		s.take(r)
	case "/v1/logs":
		r := new(collogs.ExportLogsServiceRequest)
		if err := proto.Unmarshal(body, r); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, rl := range r.ResourceLogs {
			for _, sl := range rl.ScopeLogs {
				for _, l := range sl.LogRecords {
					if len(l.TraceId) == 16 {
						s.logs[sl.Scope.Name]++
					}
				}
			}
		}
	case "/v1/metrics":
		r := new(colmetrics.ExportMetricsServiceRequest)
		if err := proto.Unmarshal(body, r); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, rm := range r.ResourceMetrics {
			for _, sm := range rm.ScopeMetrics {
				for _, m := range sm.Metrics {
					s.metrics[m.Name] = true
				}
			}
		}
	}
	return nil
}

func (s *sink) take(r *coltrace.ExportTraceServiceRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range r.ResourceSpans {
		var service string
		for _, kv := range rs.Resource.Attributes {
			if kv.Key == "service.name" {
				service = kv.Value.GetStringValue()
			}
		}
		for _, ss := range rs.ScopeSpans {
			for _, sp := range ss.Spans {
				got := received{service: service, trace: hex.EncodeToString(sp.TraceId), id: hex.EncodeToString(sp.SpanId),
					parent: hex.EncodeToString(sp.ParentSpanId), name: sp.Name, kind: sp.Kind.String(), attrs: map[string]string{}}
				for _, l := range sp.Links {
					got.links = append(got.links, hex.EncodeToString(l.SpanId))
				}
				for _, kv := range sp.Attributes {
					got.attrs[kv.Key] = kv.Value.GetStringValue()
				}
				s.spans = append(s.spans, got)
			}
		}
	}
}

// all returns every span, those that came by UDP included, once there are n or time is up.
func (s *sink) all(n int) []received {
	deadline := time.Now().Add(5 * time.Second)
	for {
		s.mu.Lock()
		spans := append([]received{}, s.spans...)
		s.mu.Unlock()
		for _, b := range s.agent.GetJaegerBatches() {
			for _, sp := range b.Spans {
				spans = append(spans, fromJaeger(b.Process.ServiceName, sp))
			}
		}
		if len(spans) >= n || time.Now().After(deadline) {
			return spans
		}
		time.Sleep(5 * time.Millisecond) // the datagrams are on their way: the agent has no event to wait for
	}
}

func fromJaeger(service string, sp *jaegerthrift.Span) received {
	id := func(vs ...int64) string {
		var b []byte
		for _, v := range vs {
			b = binary.BigEndian.AppendUint64(b, uint64(v))
		}
		return hex.EncodeToString(b)
	}
	got := received{service: service, trace: id(sp.TraceIdHigh, sp.TraceIdLow), id: id(sp.SpanId), name: sp.OperationName, attrs: map[string]string{}}
	if sp.ParentSpanId != 0 {
		got.parent = id(sp.ParentSpanId)
	}
	for _, tag := range sp.Tags {
		if tag.VStr != nil {
			got.attrs[tag.Key] = *tag.VStr
		}
	}
	return got
}
