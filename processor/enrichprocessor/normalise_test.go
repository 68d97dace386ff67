package enrichprocessor

import (
	"maps"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

func TestIndexFits(t *testing.T) {
	for name, info := range index {
		if info.slot >= maxSlots {
			t.Errorf("%s has slot %d, want less than %d", name, info.slot, maxSlots)
		}
	}
	for s := noSlot + 1; s < firstFreeSlot; s++ {
		if names[s] == "" {
			t.Errorf("slot %d has no name", s)
		}
	}
}

// Every plain alias, with a value of its type, ends under its new name and only there.
func TestEveryAlias(t *testing.T) {
	for _, a := range semconv.Aliases() {
		if specials[a.Old] != plain {
			continue // TestNormalise
		}
		span := one(t, func(s ptrace.Span) {
			if a.Side == semconv.ServerSide {
				s.SetKind(ptrace.SpanKindServer)
			}
			switch a.Type {
			case semconv.Int:
				s.Attributes().PutInt(a.Old, 42)
			case semconv.Bool:
				s.Attributes().PutBool(a.Old, true)
			default:
				s.Attributes().PutStr(a.Old, "42")
			}
		})
		want := map[semconv.AttrType]any{semconv.Int: int64(42), semconv.Bool: true, semconv.String: "42"}[a.Type]
		got := span.Attributes().AsRaw()
		if _, there := got[a.Old]; there || got[a.New] != want {
			t.Errorf("%s: got %v, want %v under %s alone", a.Old, got, want, a.New)
		}
	}
}

func TestNormalise(t *testing.T) {
	is := func(kind ptrace.SpanKind, in, want map[string]any) {
		t.Helper()
		span := one(t, func(s ptrace.Span) {
			s.SetKind(kind)
			if err := s.Attributes().FromRaw(in); err != nil {
				t.Fatal(err)
			}
		})
		got := span.Attributes().AsRaw()
		maps.DeleteFunc(got, func(key string, _ any) bool { return index[key] != nil && index[key].derived })
		if !maps.Equal(got, want) {
			t.Errorf("%v\n got %v\nwant %v", in, got, want)
		}
	}
	const client, server = ptrace.SpanKindClient, ptrace.SpanKindServer
	type m = map[string]any
	// The side decides.
	is(client, m{"net.peer.name": "db", "net.peer.port": 5432}, m{"server.address": "db", "server.port": int64(5432)})
	is(server, m{"net.peer.name": "me", "net.host.name": "shop"}, m{"client.address": "me", "server.address": "shop"})
	is(client, m{"net.host.name": "me"}, m{"net.host.name": "me"})
	// Conversions only when exact.
	is(client, m{"http.status_code": "200"}, m{"http.response.status_code": int64(200)})
	is(client, m{"http.status_code": 200.0}, m{"http.response.status_code": int64(200)})
	is(client, m{"http.response.status_code": "404"}, m{"http.response.status_code": int64(404)})
	is(client, m{"http.status_code": "0200"}, m{"http.response.status_code": "0200"})
	is(client, m{"http.status_code": 200.5}, m{"http.response.status_code": 200.5})
	is(client, m{"http.status_code": 1e300}, m{"http.response.status_code": 1e300})
	is(client, m{"db.redis.database_index": 3}, m{"db.namespace": "3"})
	is(client, m{"messaging.temp_destination": "true"}, m{"messaging.destination.temporary": true})
	// A new name is never overwritten; the old one goes when it says the same.
	is(client, m{"http.method": "GET", "http.request.method": "POST"}, m{"http.method": "GET", "http.request.method": "POST"})
	is(client, m{"http.method": "GET", "http.request.method": "GET"}, m{"http.request.method": "GET"})
	is(client, m{"http.status_code": 200, "http.response.status_code": "200"}, m{"http.response.status_code": int64(200)})
	// Two old names for one new: the more telling wins.
	is(client, m{"db.instance": "b", "db.name": "a"}, m{"db.namespace": "a", "db.instance": "b"})
	is(client, m{"net.peer.name": "db", "http.host": "proxy:80"}, m{"server.address": "db", "http.host": "proxy:80"})
	// Taken apart.
	is(server, m{"http.target": "/a?b=c?d"}, m{"url.path": "/a", "url.query": "b=c?d"})
	is(server, m{"http.target": "/a?"}, m{"url.path": "/a"})
	is(server, m{"http.target": "/a?b", "url.path": "/a"}, m{"url.path": "/a", "url.query": "b"})
	is(server, m{"http.target": "/a?b", "url.path": "/x"}, m{"http.target": "/a?b", "url.path": "/x", "url.query": "b"})
	is(server, m{"http.host": "shop:8080"}, m{"server.address": "shop", "server.port": int64(8080)})
	is(server, m{"http.host": "[::1]:8080"}, m{"server.address": "::1", "server.port": int64(8080)})
	is(server, m{"http.host": "shop"}, m{"server.address": "shop"})
	is(server, m{"http.host": 7}, m{"http.host": int64(7)})
	is(client, m{"net.transport": "ip_tcp"}, m{"network.transport": "tcp"})
	is(client, m{"net.transport": "pipe"}, m{"network.transport": "pipe"})
	is(client, m{"rpc.grpc.status_code": 14}, m{"rpc.response.status_code": "UNAVAILABLE"})
	is(client, m{"rpc.grpc.status_code": "4"}, m{"rpc.response.status_code": "DEADLINE_EXCEEDED"})
	is(client, m{"rpc.grpc.status_code": 99}, m{"rpc.response.status_code": "99"})
	// What is ours is not believed from outside.
	is(client, m{semconv.PeerName: "forged", "a": 1}, m{"a": int64(1)})
	// Everything else passes.
	is(client, m{"my.key": "v", "n": int64(-1), "f": 0.5, "b": false}, m{"my.key": "v", "n": int64(-1), "f": 0.5, "b": false})
}

func TestSchemaURL(t *testing.T) {
	const old = "https://opentelemetry.io/schemas/1.4.0"
	for _, c := range []struct{ key, url, want string }{
		{"http.method", old, semconv.SchemaURL},
		{"my.key", old, old},
		{"http.method", "", ""},
	} {
		r := newRig(t, nil)
		td := ptrace.NewTraces()
		ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
		ss.SetSchemaUrl(c.url)
		span := ss.Spans().AppendEmpty()
		good(span, "a")
		span.Attributes().PutStr(c.key, "v")
		if _, err := r.traces(t.Context(), td); err != nil {
			t.Fatal(err)
		}
		if ss.SchemaUrl() != c.want {
			t.Errorf("%s under %q: got %q, want %q", c.key, c.url, ss.SchemaUrl(), c.want)
		}
	}
}

func TestNormaliseOtherPlaces(t *testing.T) {
	r := newRig(t, nil)
	renamed := func(where string, attrs pcommon.Map) {
		t.Helper()
		if got := attrs.AsRaw(); got["deployment.environment.name"] != "prod" || got["deployment.environment"] != nil {
			t.Errorf("%s: got %v", where, got)
		}
	}
	put := func(attrs pcommon.Map) pcommon.Map { attrs.PutStr("deployment.environment", "prod"); return attrs }

	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	ss := rs.ScopeSpans().AppendEmpty()
	span := ss.Spans().AppendEmpty()
	good(span, "a")
	event := span.Events().AppendEmpty()
	event.SetTimestamp(span.StartTimestamp())
	link := span.Links().AppendEmpty()
	link.SetTraceID(pcommon.TraceID{1})
	link.SetSpanID(pcommon.SpanID{1})
	places := []pcommon.Map{put(rs.Resource().Attributes()), put(ss.Scope().Attributes()), put(event.Attributes()), put(link.Attributes())}
	if _, err := r.traces(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	for i, attrs := range places {
		renamed([]string{"resource", "scope", "event", "link"}[i], attrs)
	}

	ld := plog.NewLogs()
	record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	put(record.Attributes())
	if _, err := r.logs(t.Context(), ld); err != nil {
		t.Fatal(err)
	}
	renamed("log record", record.Attributes())

	md := pmetric.NewMetrics()
	point := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptySum().DataPoints().AppendEmpty()
	point.SetTimestamp(stamp(testNow))
	put(point.Attributes())
	if _, err := r.metrics(t.Context(), md); err != nil {
		t.Fatal(err)
	}
	renamed("data point", point.Attributes())
}
