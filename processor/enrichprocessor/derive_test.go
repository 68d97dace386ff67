package enrichprocessor

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

func TestCategoryAndPeer(t *testing.T) {
	const (
		none     = ptrace.SpanKindUnspecified
		internal = ptrace.SpanKindInternal
		client   = ptrace.SpanKindClient
		server   = ptrace.SpanKindServer
		producer = ptrace.SpanKindProducer
		consumer = ptrace.SpanKindConsumer
	)
	type m = map[string]any
	is := func(kind ptrace.SpanKind, attrs map[string]any, category, peer string) {
		t.Helper()
		span := one(t, func(s ptrace.Span) {
			s.SetKind(kind)
			if err := s.Attributes().FromRaw(attrs); err != nil {
				t.Fatal(err)
			}
		})
		if got := attr(span.Attributes(), semconv.SpanCategory); got != category {
			t.Errorf("%v %v: got category %q, want %q", kind, attrs, got, category)
		}
		if got := attr(span.Attributes(), semconv.PeerName); got != peer {
			t.Errorf("%v %v: got peer %q, want %q", kind, attrs, got, peer)
		}
	}
	is(none, nil, "internal", "")
	is(internal, m{"server.address": "x"}, "internal", "")
	is(server, m{"http.method": "GET", "server.address": "me", "peer.service": "caller"}, "server", "")

	is(client, nil, "client", "")
	is(client, m{"server.address": "pay.example"}, "client", "pay.example")
	is(client, m{"server.address": "10.0.0.7", "peer.service": "payments"}, "client", "payments")
	is(client, m{"http.url": "https://u:p@pay.example:8443/a?b#c"}, "client", "pay.example")
	is(client, m{"url.full": "http://[2001:db8::1]:80/x"}, "client", "2001:db8::1")
	is(client, m{"url.full": "/relative"}, "client", "")
	is(client, m{"net.peer.ip": "10.0.0.7"}, "client", "10.0.0.7")

	is(client, m{"db.system": "postgresql", "db.name": "shop", "net.peer.name": "db1"}, "db", "shop@db1")
	is(client, m{"db.system": "postgresql", "server.address": "db1", "peer.service": "x"}, "db", "postgresql@db1")
	is(client, m{"db.system": "sqlite", "db.namespace": "shop.db"}, "db", "shop.db")
	is(client, m{"db.system": "redis"}, "db", "redis")
	is(client, m{"db.system": "redis", "peer.service": "cache"}, "db", "cache")
	is(internal, m{"db.system": "sqlite", "db.name": "shop"}, "db", "shop")
	is(client, m{"db.type": "sql", "db.instance": "shop", "peer.hostname": "db1"}, "db", "shop@db1") // OpenTracing
	is(server, m{"db.system": "postgresql"}, "server", "")                                           // a database's own span

	is(producer, m{"messaging.system": "kafka", "messaging.destination": "orders", "server.address": "broker"}, "messaging", "orders")
	is(consumer, m{"messaging.system": "nats", "messaging.destination.name": "orders"}, "messaging", "orders")
	is(producer, nil, "messaging", "")
	is(producer, m{"message_bus.destination": "orders"}, "messaging", "orders")

	is(server, m{"faas.trigger": "http"}, "faas", "")
	is(server, m{"faas.execution": "7"}, "faas", "")
	is(consumer, m{"faas.trigger": "pubsub", "messaging.destination.name": "orders"}, "faas", "orders")
	is(client, m{"faas.invoked_name": "resize"}, "faas", "resize")
}

func TestMarks(t *testing.T) {
	type m = map[string]any
	is := func(kind ptrace.SpanKind, attrs map[string]any, want string) {
		t.Helper()
		span := one(t, func(s ptrace.Span) {
			s.SetKind(kind)
			if err := s.Attributes().FromRaw(attrs); err != nil {
				t.Fatal(err)
			}
		})
		if got := attr(span.Attributes(), semconv.SpanMarks); got != want {
			t.Errorf("%v %v: got marks %q, want %q", kind, attrs, got, want)
		}
	}
	const (
		client, server, producer, consumer = ptrace.SpanKindClient, ptrace.SpanKindServer, ptrace.SpanKindProducer, ptrace.SpanKindConsumer
		cold, retried, dead                = "1", "2", "4"
	)
	is(server, nil, "")
	is(server, m{semconv.SpanMarks: 7}, "") // what a client claims is not believed
	is(server, m{"faas.coldstart": true}, cold)
	is(server, m{"faas.coldstart": "true"}, cold)
	is(server, m{"faas.coldstart": false}, "")
	is(server, m{"faas.coldstart": 1}, "")
	is(client, m{"http.request.resend_count": 1}, retried)
	is(client, m{"http.resend_count": "2"}, retried)
	is(client, m{"http.request.resend_count": 0}, "")
	is(consumer, m{semconv.Attempt: 2}, retried)
	is(consumer, m{semconv.Attempt: 1}, "")
	is(consumer, m{semconv.Attempt: 3, "faas.coldstart": true}, "3")
	is(producer, m{semconv.DestinationCondition: semconv.ConditionDeadLetter}, dead)
	is(producer, m{semconv.DestinationCondition: "success", "messaging.destination.name": "results"}, "")
	for name, want := range map[string]string{
		"dlq": dead, "orders-dlq": dead, "orders_DLQ": dead, "dlq.orders": dead, "a-dlq-b": dead, "dead-letter": dead, "DeadLetter": dead,
		"orders.dead_letters": dead, "orders-dead.letter-2": dead, "deadletters": dead,
		"": "", "orders": "", "dlqs": "", "mydlq": "", "dlq2": "", "dead": "", "deadletterbox": "", "undead-letter": "", "dead--letter": "", "dead-lette": "",
	} {
		is(producer, m{"messaging.destination.name": name}, want)
		is(consumer, m{"messaging.destination.name": name}, "") // to work off a dead-letter queue kills no message
	}
}

func TestFunctionResource(t *testing.T) {
	r := newRig(t, nil)
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("faas.name", "resize")
	list := rs.ScopeSpans().AppendEmpty().Spans()
	for _, kind := range []ptrace.SpanKind{ptrace.SpanKindServer, ptrace.SpanKindInternal, ptrace.SpanKindClient} {
		span := list.AppendEmpty()
		good(span, "a")
		span.SetKind(kind)
	}
	if _, err := r.traces(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"faas", "internal", "client"} {
		if got := attr(list.At(i).Attributes(), semconv.SpanCategory); got != want {
			t.Errorf("%v: got %q, want %q", list.At(i).Kind(), got, want)
		}
	}
}

func TestFailure(t *testing.T) {
	is := func(change func(ptrace.Span), kind, message string) {
		t.Helper()
		span := one(t, change)
		if k, m := attr(span.Attributes(), semconv.ErrorType), attr(span.Attributes(), semconv.ErrorMessage); k != kind || m != message {
			t.Errorf("got %q, %q, want %q, %q", k, m, kind, message)
		}
	}
	failed := func(s ptrace.Span) { s.Status().SetCode(ptrace.StatusCodeError) }
	event := func(s ptrace.Span, name string, pairs ...string) {
		e := s.Events().AppendEmpty()
		e.SetName(name)
		e.SetTimestamp(s.StartTimestamp())
		for i := 0; i < len(pairs); i += 2 {
			e.Attributes().PutStr(pairs[i], pairs[i+1])
		}
	}
	is(func(s ptrace.Span) { event(s, "exception", "exception.type", "Caught") }, "", "") // caught, the span went well
	is(func(s ptrace.Span) { s.Attributes().PutStr("error.type", "x") }, "", "")
	is(failed, "", "")
	is(func(s ptrace.Span) {
		failed(s)
		s.Status().SetMessage("boom")
		s.Attributes().PutStr("error.type", "timeout")
	}, "timeout", "boom")
	is(func(s ptrace.Span) {
		failed(s)
		event(s, "exception", "exception.type", "Retry", "exception.message", "first")
		event(s, "retrying", "exception.type", "", "attempt", "2")
		event(s, "exception", "exception.type", "java.net.ConnectException", "exception.message", "refused")
	}, "java.net.ConnectException", "refused")
	is(func(s ptrace.Span) {
		failed(s)
		s.Status().SetMessage("said by the span")
		event(s, "exception", "exception.type", "E", "exception.message", "said by the event")
	}, "E", "said by the span")
	is(func(s ptrace.Span) { failed(s); s.Attributes().PutInt("http.status_code", 503) }, "503", "")
	is(func(s ptrace.Span) { failed(s); s.Attributes().PutInt("rpc.grpc.status_code", 14) }, "UNAVAILABLE", "")
	is(func(s ptrace.Span) { failed(s); s.Attributes().PutInt("http.status_code", 200) }, "", "")
	// OpenTracing: an error flag and a log with error fields.
	is(func(s ptrace.Span) {
		s.Attributes().PutBool("error", true)
		event(s, "error", "event", "error", "error.kind", "IOError", "message", "disk gone")
	}, "IOError", "disk gone")
	is(func(s ptrace.Span) {
		s.Attributes().PutStr("error", "true")
		s.Attributes().PutStr("error.message", "m")
	}, "", "m")
	is(func(s ptrace.Span) {
		s.Attributes().PutBool("error", false)
		s.Attributes().PutStr("error.message", "m")
	}, "", "")
}

func TestErrorFlagSetsStatus(t *testing.T) {
	span := one(t, func(s ptrace.Span) { s.Attributes().PutBool("error", true) })
	if got := span.Status().Code(); got != ptrace.StatusCodeError {
		t.Errorf("unset: got %v, want Error", got)
	}
	span = one(t, func(s ptrace.Span) { s.Attributes().PutBool("error", true); s.Status().SetCode(ptrace.StatusCodeOk) })
	if got := span.Status().Code(); got != ptrace.StatusCodeOk {
		t.Errorf("ok: got %v, want it kept", got)
	}
}

func TestStatement(t *testing.T) {
	span := one(t, func(s ptrace.Span) {
		s.SetKind(ptrace.SpanKindClient)
		s.Attributes().PutStr("db.system", "postgresql")
		s.Attributes().PutStr("db.statement", "SELECT * FROM t WHERE id = 7")
	})
	want, hash := new(tokenizer).fingerprint("select * from t where id = 8", 0)
	v, _ := span.Attributes().Get(semconv.StatementHash)
	if got := attr(span.Attributes(), semconv.StatementText); got != want || v.Int() != int64(hash) {
		t.Errorf("got %q, %d, want %q, %d", got, v.Int(), want, int64(hash))
	}
	if got := attr(span.Attributes(), "db.query.text"); got != "SELECT * FROM t WHERE id = 7" {
		t.Errorf("statement: got %q, want it as it was sent", got)
	}
}
