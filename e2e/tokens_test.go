package e2e

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// newToken makes a token with the command that users make it with, and returns it with its lines for the file.
func newToken(t *testing.T, name, scope string) (token, entry string) {
	t.Helper()
	cmd := exec.Command(weftBin, "token", "--name", name, "--scope", scope)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("weft token: %v %s", err, said.String())
	}
	for word := range strings.FieldsSeq(said.String()) {
		if strings.HasPrefix(word, "weft_") {
			return word, string(out)
		}
	}
	t.Fatalf("weft token shows no token: %s", said.String())
	return "", ""
}

// TestSignIn lets a browser sign in to a server that is still empty, and see its first trace arrive.
func TestSignIn(t *testing.T) {
	admin, entry := newToken(t, "root", "admin")
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(file, []byte("tokens:\n"+entry), 0o600); err != nil {
		t.Fatal(err)
	}
	in := newInstance(t, t.TempDir(), "--tokens", file)
	in.token = admin
	in.start(t)
	t.Cleanup(func() { in.cleanup(t) })
	runBrowser(t, in, "sign-in", "first-run")
}

// TestTokens opens Weft to the network with tokens, and wants every port that speaks HTTP or gRPC to refuse without one,
// or with one of the wrong scope, and to accept with the right one.
func TestTokens(t *testing.T) {
	ingest, ingestEntry := newToken(t, "sender", "ingest")
	query, queryEntry := newToken(t, "reader", "query")
	admin, adminEntry := newToken(t, "root", "admin")
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(file, []byte("tokens:\n"+ingestEntry+queryEntry+adminEntry), 0o600); err != nil {
		t.Fatal(err)
	}
	in := newInstance(t, t.TempDir(), "--tokens", file)
	// With tokens every address may be opened, so the one that needs them is taken.
	_, port, _ := strings.Cut(in.addr["http"], ":")
	in.addr["http"] = "0.0.0.0:" + port
	in.token = query
	in.start(t)
	t.Cleanup(func() { in.cleanup(t) })

	ports := map[string]func(t *testing.T, token string) string{
		"OTLP gRPC traces":  in.grpcCall("WEFT_OTLP_GRPC", exportTraces),
		"OTLP gRPC logs":    in.grpcCall("WEFT_OTLP_GRPC", exportLogs),
		"OTLP gRPC metrics": in.grpcCall("WEFT_OTLP_GRPC", exportMetrics),
		"Jaeger gRPC":       in.grpcCall("WEFT_JAEGER_GRPC", postJaegerSpans),
		"OTLP HTTP traces":  in.httpCall("WEFT_OTLP_HTTP", http.MethodPost, "/v1/traces", `{"resourceSpans":[]}`),
		"OTLP HTTP logs":    in.httpCall("WEFT_OTLP_HTTP", http.MethodPost, "/v1/logs", `{"resourceLogs":[]}`),
		"OTLP HTTP metrics": in.httpCall("WEFT_OTLP_HTTP", http.MethodPost, "/v1/metrics", `{"resourceMetrics":[]}`),
		"Zipkin":            in.httpCall("WEFT_ZIPKIN", http.MethodPost, "/api/v2/spans", `[]`),
		"sampling":          in.httpCall("WEFT_SAMPLING", http.MethodGet, "/sampling?service=a", ""),
		"Jaeger thrift":     in.httpCall("WEFT_JAEGER_HTTP", http.MethodPost, "/api/traces", "not thrift"),
	}
	for name, call := range ports {
		t.Run(name, func(t *testing.T) {
			for who, token := range map[string]string{"nobody": "", "a wrong token": ingest + "x", "a reader": query} {
				if got := call(t, token); got != "refused" {
					t.Errorf("with %s: %s, want refused", who, got)
				}
			}
			for who, token := range map[string]string{"a sender": ingest, "an administrator": admin} {
				if got := call(t, token); got != "accepted" {
					t.Errorf("with %s: %s, want accepted", who, got)
				}
			}
		})
	}
	for _, path := range []string{"/api/v1/services", "/api/v1/stats", "/api/v1/traces", "/api/services", "/api/v3/services", "/api/dependencies?endTs=1000", "/metrics"} {
		t.Run("GET "+path, func(t *testing.T) {
			call := in.httpCall("http", http.MethodGet, path, "")
			for who, token := range map[string]string{"nobody": "", "a wrong token": query + "x", "a sender": ingest} {
				if got := call(t, token); got != "refused" {
					t.Errorf("with %s: %s, want refused", who, got)
				}
			}
			if got := call(t, query); got != "accepted" {
				t.Errorf("with a reader: %s, want accepted", got)
			}
		})
	}
	t.Run("GET at the Zipkin port", func(t *testing.T) {
		call := in.httpCall("WEFT_ZIPKIN", http.MethodGet, "/api/v2/services", "")
		for who, token := range map[string]string{"nobody": "", "a wrong token": query + "x", "a sender": ingest} {
			if got := call(t, token); got != "refused" {
				t.Errorf("with %s: %s, want refused", who, got)
			}
		}
		if got := call(t, query); got != "accepted" {
			t.Errorf("with a reader: %s, want accepted", got)
		}
		if got := in.httpCall("WEFT_ZIPKIN", http.MethodGet, "/health", "")(t, ""); got != "accepted" {
			t.Errorf("health without a token: %s, want accepted", got)
		}
	})
	t.Run("Alibaba's client at the function gateway", func(t *testing.T) {
		for who, c := range map[string]struct {
			token, code string
			status      int
		}{
			"nobody": {"", "AccessDenied", http.StatusUnauthorized}, "a sender": {ingest, "AccessDenied", http.StatusForbidden},
			"an administrator": {admin, "FunctionNotFound", http.StatusNotFound}, // let in
		} {
			got := computeClient(t, in, c.token, `[{"function": "nobody", "payload": "{}"}]`)[0]
			if got.Code != c.code || got.Status != c.status {
				t.Errorf("with %s: got %+v, want %s", who, got, c.code)
			}
		}
	})
	// Probes and the sign-in page are for everybody.
	in.token = ""
	for _, path := range []string{"/healthz", "/readyz", "/"} {
		wantStatus(t, in, path, http.StatusOK)
	}
	if refused, err := withToken(in, query).metric("weft_ingest_refused_total", `reason="unauthenticated"`); err != nil || refused < 1 {
		t.Errorf("weft_ingest_refused_total counts %v unauthenticated requests (%v), want some", refused, err)
	}
}

func withToken(in *instance, token string) *instance {
	with := *in
	with.token = token
	return &with
}

// httpCall returns how a port answers a request with a token. A request that is let in and found malformed counts as
// accepted: the token was.
func (in *instance) httpCall(port, method, path, body string) func(*testing.T, string) string {
	return func(t *testing.T, token string) string {
		t.Helper()
		req, err := http.NewRequest(method, "http://"+in.addr[port]+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if port == "WEFT_JAEGER_HTTP" {
			req.Header.Set("Content-Type", "application/x-thrift")
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := httpClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		switch {
		case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
			return "refused"
		case resp.StatusCode < 300 || resp.StatusCode == http.StatusBadRequest && port == "WEFT_JAEGER_HTTP":
			return "accepted"
		}
		return resp.Status
	}
}

func (in *instance) grpcCall(port string, call func(context.Context, *grpc.ClientConn) error) func(*testing.T, string) string {
	return func(t *testing.T, token string) string {
		t.Helper()
		conn, err := grpc.NewClient(in.addr[port], grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ctx := t.Context()
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
		}
		switch err := call(ctx, conn); status.Code(err) {
		case codes.OK:
			return "accepted"
		case codes.Unauthenticated, codes.PermissionDenied:
			return "refused"
		default:
			return err.Error()
		}
	}
}

func exportTraces(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := ptraceotlp.NewGRPCClient(conn).Export(ctx, ptraceotlp.NewExportRequestFromTraces(ptrace.NewTraces()))
	return err
}

func exportLogs(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := plogotlp.NewGRPCClient(conn).Export(ctx, plogotlp.NewExportRequestFromLogs(plog.NewLogs()))
	return err
}

func exportMetrics(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := pmetricotlp.NewGRPCClient(conn).Export(ctx, pmetricotlp.NewExportRequestFromMetrics(pmetric.NewMetrics()))
	return err
}

func postJaegerSpans(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := api_v2.NewCollectorServiceClient(conn).PostSpans(ctx, &api_v2.PostSpansRequest{})
	return err
}
