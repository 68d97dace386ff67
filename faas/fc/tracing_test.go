package fc_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"go.opentelemetry.io/otel/baggage"

	"weft/faas/contract/contracttest"
	"weft/faas/fc"
)

// TestTracingFunction is the vendor's tracing example: what the function reports with Jaeger's client is a child of our span.
func TestTracingFunction(t *testing.T) {
	batches := make(chan *jaeger.Batch, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		batch, err := readBatch(r)
		if err != nil {
			t.Error(err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		batches <- batch
		w.WriteHeader(http.StatusAccepted)
	}))
	defer collector.Close()

	i := newInstance(t, fc.Identity{JaegerEndpoint: collector.URL + "/api/traces"})
	contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-tracing"))
	contracttest.Ready(t, i)
	inv := contracttest.Event("")
	var err error
	if inv.Baggage, err = baggage.Parse("user=alice"); err != nil {
		t.Fatal(err)
	}
	w, out := invoke(t, i, inv)
	if out.Error != nil {
		t.Fatal(out.Error)
	}
	if got := w.Body.String(); got != `{"user":"alice"}` {
		t.Errorf("baggage %s", got)
	}
	batch := <-batches // the function has flushed before it answered
	if len(batch.Spans) != 1 {
		t.Fatalf("%d spans", len(batch.Spans))
	}
	s := batch.Spans[0]
	var trace [16]byte
	var parent [8]byte
	binary.BigEndian.PutUint64(trace[:8], uint64(s.TraceIdHigh))
	binary.BigEndian.PutUint64(trace[8:], uint64(s.TraceIdLow))
	binary.BigEndian.PutUint64(parent[:], uint64(s.ParentSpanId))
	if s.OperationName != "load catalogue" || trace != inv.Span.TraceID() || parent != inv.Span.SpanID() {
		t.Errorf("span %q of trace %x under %x, want it under %v of %v", s.OperationName, trace, parent, inv.Span.SpanID(), inv.Span.TraceID())
	}
}

func readBatch(r *http.Request) (*jaeger.Batch, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if typ := r.Header.Get("Content-Type"); r.URL.Path != "/api/traces" || typ != "application/x-thrift" {
		return nil, fmt.Errorf("%s of %s", r.URL.Path, typ)
	}
	memory := thrift.NewTMemoryBufferLen(len(body))
	if _, err := memory.Write(body); err != nil {
		return nil, err
	}
	batch := jaeger.NewBatch()
	return batch, batch.Read(r.Context(), thrift.NewTBinaryProtocolConf(memory, nil))
}
