package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// smallQueue is a collector configuration with a disk budget that a few seconds of load exhaust.
const smallQueue = `
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "${env:WEFT_OTLP_GRPC}"}
      http: {endpoint: "${env:WEFT_OTLP_HTTP}"}
processors:
  enrich:
exporters:
  weft_store: {max_bytes: 4194304, segment_bytes: 262144}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [enrich], exporters: [weft_store]}
`

// TestDiskBudget fills the queue while the engine is stopped. Clients are told to come back, what was refused is counted,
// and nothing that was acknowledged is lost.
func TestDiskBudget(t *testing.T) {
	config := filepath.Join(t.TempDir(), "collector.yaml")
	if err := os.WriteFile(config, []byte(smallQueue), 0o600); err != nil {
		t.Fatal(err)
	}
	in := newRunning(t, "--collector-config", config)
	pid := in.mustEngine(t)
	signal(t, pid, syscall.SIGSTOP)
	resumed := false
	resume := func() {
		if !resumed {
			resumed = true
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	t.Cleanup(resume)

	l := &load{target: in.addr["WEFT_OTLP_GRPC"]}
	ctx, stopLoad := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.run(ctx, t)
	}()
	await(t, time.Minute, func() error {
		if _, _, refused := l.counts(); refused < 20 {
			return errNotYet
		}
		return nil
	})
	stopLoad()
	<-done
	for _, err := range l.refused {
		s, _ := status.FromError(err)
		if s.Code() != codes.Unavailable {
			t.Fatalf("refused with %v, want UNAVAILABLE", err)
		}
		delay := time.Duration(0)
		for _, d := range s.Details() {
			if info, ok := d.(*errdetails.RetryInfo); ok {
				delay = info.GetRetryDelay().AsDuration()
			}
		}
		if delay < time.Second {
			t.Fatalf("refused with a retry delay of %v (%v), want at least 1s", delay, err)
		}
	}
	refused := float64(len(l.refused) * spansPerRequest)
	if got, err := in.metric("weft_ingest_refused_total", `reason="queue_full"`, `signal="traces"`); err != nil || got != refused {
		t.Errorf("weft_ingest_refused_total says %v (%v), want %v", got, err, refused)
	}

	// The same over HTTP. The queue may still have room for the small request, so it is tried until it has not.
	await(t, 10*time.Second, func() error {
		code, retryAfter := exportHTTP(t, in)
		if code == http.StatusOK {
			l.acked = append(l.acked, lastHTTP)
			return errNotYet
		}
		if code != http.StatusServiceUnavailable || retryAfter < 1 {
			t.Fatalf("over HTTP: %d with Retry-After %d, want 503 and at least 1", code, retryAfter)
		}
		return nil
	})

	resume()
	// The queue empties, so clients that come back are let in.
	await(t, time.Minute, func() error {
		if code, _ := exportHTTP(t, in); code != http.StatusOK {
			return errNotYet
		}
		l.acked = append(l.acked, lastHTTP)
		return nil
	})
	l.check(t, in, time.Minute)
}

// lastHTTP is the trace that exportHTTP sent last.
var lastHTTP [16]byte

func exportHTTP(t *testing.T, in *instance) (code, retryAfter int) {
	t.Helper()
	td := traceTemplate()
	lastHTTP = renew(td)
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := httpClient.Post("http://"+in.addr["WEFT_OTLP_HTTP"]+"/v1/traces", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	retryAfter, _ = strconv.Atoi(resp.Header.Get("Retry-After"))
	return resp.StatusCode, retryAfter
}
