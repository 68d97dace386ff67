package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/contract"
)

var _ contract.Instance = (*Instance)(nil)

func span(t testing.TB) trace.SpanContext {
	t.Helper()
	traceID, err := trace.TraceIDFromHex("5759e988bd862e3fe1be46a994272793")
	if err != nil {
		t.Fatal(err)
	}
	spanID, err := trace.SpanIDFromHex("53995c3f42cd8ad8")
	if err != nil {
		t.Fatal(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled})
}

func TestNextHeaders(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	inv := event("8476a536-e9f4-11e8-9739-2dfe598c3fcd", `{"a":1}`)
	inv.Span = span(t)
	inv.Deadline = time.UnixMilli(1542409706888)
	inv.Qualifier = "live"
	inv.ClientContext = `{"custom":{"k":"v"}}`
	inv.CognitoIdentity = `{"cognitoIdentityId":"i"}`
	member, err := baggage.NewMember("tenant", "t1")
	if err != nil {
		t.Fatal(err)
	}
	if inv.Baggage, err = baggage.New(member); err != nil {
		t.Fatal(err)
	}
	results := invoke(context.Background(), i, inv)
	g := p.next()
	if g.status != http.StatusOK || g.body != `{"a":1}` {
		t.Errorf("got %d %s", g.status, g.body)
	}
	const xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	for header, want := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id":          inv.ID,
		"Lambda-Runtime-Deadline-Ms":             "1542409706888",
		"Lambda-Runtime-Invoked-Function-Arn":    "arn:aws:lambda:eu-test-1:123456789012:function:shop:live",
		"Lambda-Runtime-Trace-Id":                xray,
		"Lambda-Runtime-Client-Context":          inv.ClientContext,
		"Lambda-Runtime-Cognito-Identity":        inv.CognitoIdentity,
		"Content-Type":                           "application/json",
		"X-Amzn-Trace-Id":                        xray,
		"traceparent":                            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
		"b3":                                     "5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-1",
		"x-b3-traceid":                           "5759e988bd862e3fe1be46a994272793",
		"uber-trace-id":                          "5759e988bd862e3fe1be46a994272793:53995c3f42cd8ad8:0:1",
		"x-fc-tracing-opentracing-span-context":  "5759e988bd862e3fe1be46a994272793:53995c3f42cd8ad8:0:1",
		"x-fc-tracing-opentracing-span-baggages": base64.StdEncoding.EncodeToString([]byte(`{"tenant":"t1"}`)),
		"baggage":                                "tenant=t1",
		"uberctx-tenant":                         "t1",
	} {
		if got := g.header.Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	p.respond(inv.ID, "1")
	if out := await(t, results); out.String() != "1" {
		t.Errorf("outcome: %v", out)
	}
}

func TestEnvironment(t *testing.T) {
	i := newInstance(t, concurrency(8), func(c *Config) { c.Init = Provisioned })
	env := strings.Join(i.Environment(), "\n") + "\n"
	for _, want := range []string{
		"AWS_LAMBDA_RUNTIME_API=" + i.Addr(), "_HANDLER=app.handler", "LAMBDA_TASK_ROOT=" + i.cfg.CodeDir,
		"LAMBDA_RUNTIME_DIR=" + i.cfg.CodeDir, "AWS_REGION=eu-test-1", "AWS_DEFAULT_REGION=eu-test-1",
		"AWS_LAMBDA_FUNCTION_NAME=shop", "AWS_LAMBDA_FUNCTION_VERSION=7", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/shop", "AWS_LAMBDA_LOG_STREAM_NAME=shop-1", "AWS_EXECUTION_ENV=AWS_Lambda_provided",
		"AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency", "AWS_LAMBDA_MAX_CONCURRENCY=8", "TZ=:UTC",
		"AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
	} {
		if !strings.Contains(env, want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	one := strings.Join(newInstance(t).Environment(), "\n")
	if strings.Contains(one, "AWS_LAMBDA_MAX_CONCURRENCY") {
		t.Error("AWS_LAMBDA_MAX_CONCURRENCY is set for a function of one at a time")
	}
}

func TestOutcomeTimes(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	before := time.Now()
	results := invoke(context.Background(), i, event("a", "1"))
	p.next()
	p.respond("a", "four", "Content-Type", "text/plain")
	out := await(t, results)
	order := []time.Time{before, out.Dispatched, out.FirstByte, out.LastByte, time.Now()}
	for k := 1; k < len(order); k++ {
		if order[k].Before(order[k-1]) {
			t.Errorf("times are out of order: %v", order)
		}
	}
	if out.ResponseBytes != 4 || out.header.Get("Content-Type") != "text/plain" || out.Free == nil {
		t.Errorf("got %d bytes of %s, Free %v", out.ResponseBytes, out.header.Get("Content-Type"), out.Free)
	}
	if i.Phases().FirstContact.Before(before) {
		t.Error("FirstContact is not set")
	}
}

func TestResponseSize(t *testing.T) {
	for _, size := range []int{contract.MaxLambdaResponse, contract.MaxLambdaResponse + 1, 7 << 20} {
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprintf("size=%d/known=%t", size, known), func(t *testing.T) {
				i := newInstance(t)
				p := newProgram(t, i)
				results := invoke(context.Background(), i, event("a", "1"))
				p.next()
				body := bytes.NewReader(bytes.Repeat([]byte{'x'}, size))
				req, err := http.NewRequest("POST", p.base+runtimePath+"invocation/a/response", body)
				if err != nil {
					t.Fatal(err)
				}
				if !known {
					req.ContentLength = -1
				}
				resp, err := p.client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				out := await(t, results)
				if size == contract.MaxLambdaResponse {
					if resp.StatusCode != http.StatusAccepted || out.Error != nil || len(out.body) != size {
						t.Errorf("got %d, outcome %v, %d bytes", resp.StatusCode, out.Error, len(out.body))
					}
					return
				}
				if resp.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("got %d, want 413", resp.StatusCode)
				}
				if out.Error == nil || out.Error.Type != contract.ErrTooLarge || out.body != "" {
					t.Errorf("outcome: %v, %d bytes were written", out.Error, len(out.body))
				}
				// The program goes on.
				results = invoke(context.Background(), i, event("b", "1"))
				if g := p.next(); g.String() != "200 b" {
					t.Fatalf("next: %v", g)
				}
				p.respond("b", "ok")
				if out := await(t, results); out.String() != "ok" {
					t.Errorf("the one after: %v", out)
				}
			})
		}
	}
}

// TestTruncatedResponse has the program hang up in the middle of its answer, of a known size and of an unknown one.
func TestTruncatedResponse(t *testing.T) {
	for name, head := range map[string]string{
		"known":    "Content-Length: 100\r\n\r\nhalf",
		"chunked":  "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"streamed": headerResponseMode + ": streaming\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"error":    "Content-Length: 100\r\n\r\nhalf",
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstance(t)
			p := newProgram(t, i)
			results := invoke(context.Background(), i, event("a", "1"))
			p.next()
			path := "response"
			if name == "error" {
				path = "error"
			}
			conn := p.raw("POST " + runtimePath + "invocation/a/" + path + " HTTP/1.1\r\nHost: x\r\n" + head)
			until(t, i, "the answer has begun", func() bool { return i.runs["a"].state != running })
			conn.Close()
			out := await(t, results)
			if out.Error == nil || out.Error.Type != contract.ErrTruncated {
				t.Errorf("got %v, want %s", out, contract.ErrTruncated)
			}
			want := ""
			if name == "streamed" {
				want = "half"
			}
			if out.body != want {
				t.Errorf("written: %q, want %q", out.body, want)
			}
			if g := p.respond("a", "x"); g.String() != "403 InvalidStateTransition" {
				t.Errorf("a second answer: %v", g)
			}
			results = invoke(context.Background(), i, event("b", "1"))
			p.next()
			p.respond("b", "ok")
			if out := await(t, results); out.String() != "ok" {
				t.Errorf("the one after: %v", out)
			}
		})
	}
}

// TestPollHungUp has polls go away while invocations come: none is lost.
func TestPollHungUp(t *testing.T) {
	for _, n := range []int{1, 4} {
		t.Run("concurrency="+strconv.Itoa(n), func(t *testing.T) {
			i := newInstance(t, concurrency(n))
			p := newProgram(t, i)
			for round := range 20 {
				ctx, cancel := context.WithCancel(context.Background())
				lost := p.poll(ctx)
				until(t, i, "a poll", func() bool { return len(i.polls) == 1 })
				cancel()
				await(t, lost)
				until(t, i, "no poll", func() bool { return len(i.polls) == 0 })
				id := strconv.Itoa(round)
				results := invoke(context.Background(), i, event(id, "1"))
				if g := p.next(); g.String() != "200 "+id {
					t.Fatalf("next: %v", g)
				}
				p.respond(id, "ok")
				if out := await(t, results); out.String() != "ok" {
					t.Fatalf("round %d: %v", round, out)
				}
			}
		})
	}
}

// failingWriter is a poll whose connection breaks while the invocation is written.
type failingWriter struct{ header http.Header }

func (w *failingWriter) Header() http.Header       { return w.header }
func (w *failingWriter) WriteHeader(int)           {}
func (w *failingWriter) Write([]byte) (int, error) { return 0, http.ErrHandlerTimeout }

func TestPollBreaksWhileItIsWritten(t *testing.T) {
	i := newInstance(t, concurrency(2))
	p := newProgram(t, i)
	broken := &poll{&failingWriter{http.Header{}}, make(chan struct{})}
	i.mu.Lock()
	i.polls = append(i.polls, broken)
	i.mu.Unlock()
	results := invoke(context.Background(), i, event("a", "1"))
	await(t, broken.handed)
	if g := p.next(); g.String() != "200 a" {
		t.Fatalf("next: %v", g)
	}
	p.respond("a", "ok")
	if out := await(t, results); out.String() != "ok" {
		t.Errorf("outcome: %v", out)
	}
}

// TestConcurrentPolls has eight polls wait at once and answers in the reverse order.
func TestConcurrentPolls(t *testing.T) {
	const n = 8
	i := newInstance(t, concurrency(n))
	p := newProgram(t, i)
	polls := make(chan got, n)
	for range n {
		go func() {
			g, err := p.do(context.Background(), "GET", runtimePath+"invocation/next", "")
			if err != nil {
				g.body = err.Error()
			}
			polls <- g
		}()
	}
	until(t, i, "eight polls", func() bool { return len(i.polls) == n })
	var results []<-chan result
	for k := range n {
		results = append(results, invoke(context.Background(), i, event(strconv.Itoa(k), strconv.Itoa(k))))
	}
	seen := map[string]bool{}
	for range n {
		g := await(t, polls)
		seen[g.body] = true
		if g.String() != "200 "+g.body {
			t.Errorf("poll: %v with event %s", g, g.body)
		}
	}
	if len(seen) != n {
		t.Fatalf("handed out: %v", seen)
	}
	waiting := p.poll(context.Background()) // one more finds nothing, and is not given what runs
	until(t, i, "a poll", func() bool { return len(i.polls) == 1 })
	for k := n - 1; k >= 0; k-- {
		if g := p.respond(strconv.Itoa(k), "r"+strconv.Itoa(k)); g.status != http.StatusAccepted {
			t.Errorf("response %d: %v", k, g)
		}
		out := await(t, results[k])
		if out.body != "r"+strconv.Itoa(k) {
			t.Errorf("outcome %d: %v", k, out)
		}
		select {
		case <-out.Free:
			t.Errorf("%d is free before the program has polled", k)
		default:
		}
	}
	last := invoke(context.Background(), i, event("z", "1"))
	if g := await(t, waiting); g.String() != "200 z" {
		t.Errorf("the poll that waited: %v", g)
	}
	p.respond("z", "ok")
	await(t, last)
	if g := p.respond("3", "again"); g.String() != "403 InvalidStateTransition" {
		t.Errorf("answered twice: %v", g)
	}
}

// TestFreeOfEachSlot checks that each poll frees one of what has been answered.
func TestFreeOfEachSlot(t *testing.T) {
	i := newInstance(t, concurrency(2))
	p := newProgram(t, i)
	var results []<-chan result
	for _, id := range []string{"a", "b"} {
		results = append(results, invoke(context.Background(), i, event(id, "1")))
		if g := p.next(); g.String() != "200 "+id {
			t.Fatalf("next: %v", g)
		}
	}
	p.respond("b", "1")
	p.respond("a", "1")
	free := []<-chan struct{}{await(t, results[0]).Free, await(t, results[1]).Free}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.poll(ctx)
	await(t, free[1])
	select {
	case <-free[0]:
		t.Error("one poll has freed two")
	default:
	}
	p.poll(ctx)
	await(t, free[0])
}
