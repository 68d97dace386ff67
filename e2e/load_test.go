package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	loadConnections = 4
	// spansPerRequest are all of one trace.
	spansPerRequest = 100
	requestTimeout  = 30 * time.Second
	// searchableWithin is how long what is countable may take to be found, on a machine that is catching up.
	searchableWithin = 30 * time.Second
)

// load sends OTLP over gRPC on four connections with one request in flight on each, and keeps the books. Every request is
// one trace with an id of its own; none is sent twice, so nothing may be stored twice.
type load struct {
	target string
	// interval is the time from one request to the next on each connection; 0 is as fast as answers come.
	interval time.Duration

	mu      sync.Mutex
	acked   []pcommon.TraceID // Weft answered: safe
	unknown []pcommon.TraceID // no answer: stored as a whole or not at all
	refused []error           // Weft answered: not taken
	lastAck time.Time
}

// run sends until ctx is done. Errors are not its business: they are in the books.
func (l *load) run(ctx context.Context, t testing.TB) {
	t.Helper()
	var wg sync.WaitGroup
	for range loadConnections {
		conn, err := grpc.NewClient(l.target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer conn.Close()
			l.connection(ctx, ptraceotlp.NewGRPCClient(conn))
		})
	}
	wg.Wait()
}

// connection sends request after request. It ends when ctx is done or the connection breaks.
func (l *load) connection(ctx context.Context, client ptraceotlp.GRPCClient) {
	td := traceTemplate()
	req := ptraceotlp.NewExportRequestFromTraces(td)
	next := time.Now()
	for ctx.Err() == nil {
		id := renew(td)
		// An answer that is on its way when the load ends is waited for.
		callCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		_, err := client.Export(callCtx, req)
		cancel()
		l.mu.Lock()
		switch {
		case err == nil:
			l.acked = append(l.acked, id)
			l.lastAck = time.Now()
		case isAnswer(err):
			l.refused = append(l.refused, err)
		default:
			l.unknown = append(l.unknown, id)
		}
		l.mu.Unlock()
		if err != nil && !isAnswer(err) {
			return
		}
		next = next.Add(l.interval)
		if err != nil {
			next = time.Now().Add(20 * time.Millisecond) // a client that is refused waits a little
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(next)):
		}
	}
}

// isAnswer tells a refusal by Weft from a connection that broke: only an answer carries details.
func isAnswer(err error) bool {
	s, ok := status.FromError(err)
	return ok && (len(s.Details()) > 0 || s.Code() != codes.Unavailable && s.Code() != codes.DeadlineExceeded && s.Code() != codes.Canceled)
}

func (l *load) counts() (acked, unknown, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked), len(l.unknown), len(l.refused)
}

// traceTemplate is a small but complete trace: what is stored matters here, not how it looks.
func traceTemplate() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "load")
	rs.Resource().Attributes().PutStr("service.version", "1.0.0")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("weft-e2e")
	for i := range spansPerRequest {
		s := ss.Spans().AppendEmpty()
		s.SetName(fmt.Sprintf("step %d", i))
		s.SetKind(ptrace.SpanKindInternal)
		s.Attributes().PutInt("step", int64(i))
		s.Attributes().PutStr("text", "some text that takes some room in the queue and in the tables")
	}
	return td
}

// renew gives the template's spans new ids and the present time.
func renew(td ptrace.Traces) pcommon.TraceID {
	var id pcommon.TraceID
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	now := time.Now()
	first := rand.Uint64() | 1
	for i := range spans.Len() {
		var spanID, root pcommon.SpanID
		binary.BigEndian.PutUint64(spanID[:], first+uint64(i)*2)
		binary.BigEndian.PutUint64(root[:], first)
		s := spans.At(i)
		s.SetTraceID(id)
		s.SetSpanID(spanID)
		if i > 0 {
			s.SetParentSpanID(root)
		}
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Duration(i) * time.Microsecond)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Duration(i+1) * time.Microsecond)))
	}
	return id
}

// check wants every acknowledged span to be stored exactly once, and every unanswered request wholly or not at all.
func (l *load) check(t testing.TB, in *instance, timeout time.Duration) {
	t.Helper()
	acked, unknown, refused := l.counts()
	if acked == 0 {
		t.Fatal("nothing was acknowledged")
	}
	// What was answered within the last seconds may still be on its way.
	await(t, timeout, func() error {
		rows, err := in.rows("traces")
		if err != nil {
			return err
		}
		if rows < int64(acked)*spansPerRequest {
			return fmt.Errorf("%d spans are countable, %d were acknowledged", rows, acked*spansPerRequest)
		}
		return nil
	})
	// Unanswered requests were queued before the acknowledged ones that came last, so they have arrived by now too, if ever.
	alsoStored := 0
	for _, id := range l.unknown {
		spans, err := in.trace(id.String())
		if err != nil {
			t.Fatal(err)
		}
		switch len(spans) {
		case 0:
		case spansPerRequest:
			alsoStored++
		default:
			t.Errorf("unanswered trace %s: %d spans are stored, want 0 or %d", id, len(spans), spansPerRequest)
		}
	}
	if rows, want := in.mustRows(t, "traces"), int64(acked+alsoStored)*spansPerRequest; rows != want {
		t.Errorf("%d spans are countable, want %d: %d acknowledged requests and %d unanswered ones that arrived", rows, want, acked, alsoStored)
	}
	t.Logf("%d requests of %d spans acknowledged, %d unanswered (%d stored), %d refused", acked, spansPerRequest, unknown, alsoStored, refused)

	// What the search reads is filled from the spans, a moment after they can be counted.
	await(t, searchableWithin, func() error { return l.searchable(in) })
	l.checkWholeTraces(t, in)
}

// searchable wants the search to find every acknowledged trace once, with all its spans.
func (l *load) searchable(in *instance) error {
	summaries, err := in.search(url.Values{"service": {"load"}})
	if err != nil {
		return err
	}
	spans := map[string]int{}
	for _, s := range summaries {
		if _, twice := spans[s.TraceID]; twice {
			return fmt.Errorf("trace %s is found twice", s.TraceID)
		}
		spans[s.TraceID] = s.Spans
	}
	var wrong []string
	for _, id := range l.acked {
		if n := spans[id.String()]; n != spansPerRequest {
			wrong = append(wrong, fmt.Sprintf("%s with %d spans", id, n))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the search finds %d traces; %d of %d acknowledged ones wrongly, such as %v", len(summaries), len(wrong), len(l.acked), wrong[:min(3, len(wrong))])
	}
	return nil
}

// checkWholeTraces reads some acknowledged traces, the last ones among them, and wants every span once.
func (l *load) checkWholeTraces(t testing.TB, in *instance) {
	t.Helper()
	const sample = 50
	for i := range min(sample, len(l.acked)) {
		id := l.acked[len(l.acked)-1-i]
		if i >= sample/2 {
			id = l.acked[rand.IntN(len(l.acked))]
		}
		spans, err := in.trace(id.String())
		if err != nil {
			t.Fatal(err)
		}
		distinct := map[string]bool{}
		for _, s := range spans {
			distinct[s.SpanID] = true
		}
		if len(spans) != spansPerRequest || len(distinct) != spansPerRequest {
			t.Errorf("trace %s has %d spans, %d of them distinct, want %d", id, len(spans), len(distinct), spansPerRequest)
		}
	}
}

// noRefusals fails the test when Weft did not take something.
func (l *load) noRefusals(t testing.TB) {
	t.Helper()
	if len(l.refused) > 0 {
		t.Errorf("%d requests were refused, the first with: %v", len(l.refused), l.refused[0])
	}
	if len(l.unknown) > 0 {
		t.Errorf("%d requests were not answered", len(l.unknown))
	}
}

var errNoEngine = errors.New("weft has no engine child")
