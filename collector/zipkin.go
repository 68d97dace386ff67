package collector

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"google.golang.org/protobuf/proto"

	"weft/semconv"
)

// zipkinKind is the Zipkin receiver's type. Its port answers reads too, as a Zipkin server's does.
const zipkinKind = "zipkin"

var zipkinType = component.MustNewType("weft_zipkin")

// noReads is what the Zipkin port says to a read when nobody was named who answers it.
const noReads = "this collector only takes spans in: ask the web role, or start the collector with --web and its address\n"

// newZipkinFactory returns the factory of the middleware in front of a Zipkin receiver. It hands everything that is no POST to reads,
// which authenticates for itself, and remembers of the spans what the receiver forgets.
func newZipkinFactory(reads http.Handler) extension.Factory {
	if reads == nil {
		reads = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, noReads, http.StatusNotImplemented) })
	}
	return extension.NewFactory(zipkinType, func() component.Config { return &struct{}{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return &zipkinExtension{reads: reads}, nil
		}, component.StabilityLevelStable)
}

// zipkinExtension implements extensionmiddleware.HTTPServer.
type zipkinExtension struct {
	component.StartFunc
	component.ShutdownFunc
	reads http.Handler
}

// notAllowed is why a client may not send, found out before it was known whether it wants to.
type notAllowed struct {
	err   error
	count func(context.Context)
}

type notAllowedKey struct{}

// GetHTTPHandler wraps the receiver's handler.
func (e *zipkinExtension) GetHTTPHandler(context.Context) (extensionmiddleware.WrapHTTPHandlerFunc, error) {
	return func(_ context.Context, next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				arrived(r.Context())
				e.reads.ServeHTTP(w, r)
				return
			}
			if refused, ok := r.Context().Value(notAllowedKey{}).(notAllowed); ok {
				refused.count(r.Context())
				http.Error(w, refused.err.Error(), http.StatusUnauthorized)
				return
			}
			if strings.Contains(r.URL.Path, "api/v2/spans") {
				r = withZipkinFlags(r)
			}
			next.ServeHTTP(w, r)
		}), nil
	}, nil
}

// arrived says that a request reached the middleware; see tokensExtension.watch.
func arrived(ctx context.Context) {
	if reached, ok := ctx.Value(passageKey{}).(*atomic.Bool); ok {
		reached.Store(true)
	}
}

// zipkinSpanID tells the two halves of a call apart, which may share an id.
type zipkinSpanID struct {
	traceID, id string // 32 and 16 hex digits
	kind        string
}

type zipkinFlags struct{ shared, debug bool }

type zipkinFlagsKey struct{}

// withZipkinFlags reads the body for the flags that the receiver does not pass on. A body without any, or one that cannot be read, is
// the receiver's business alone.
func withZipkinFlags(r *http.Request) *http.Request {
	body, _ := io.ReadAll(r.Body) // what is cut short cannot be decoded; the receiver says so
	r.Body = io.NopCloser(bytes.NewReader(body))
	flags := map[zipkinSpanID]zipkinFlags{}
	if r.Header.Get("Content-Type") == "application/x-protobuf" {
		protoFlags(body, r.Header.Get("X-B3-Flags") == "1", flags)
	} else {
		jsonFlags(body, flags)
	}
	if len(flags) == 0 {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), zipkinFlagsKey{}, flags))
}

func jsonFlags(body []byte, flags map[zipkinSpanID]zipkinFlags) {
	if !bytes.Contains(body, []byte(`"shared"`)) && !bytes.Contains(body, []byte(`"debug"`)) {
		return
	}
	var spans []struct {
		TraceID string `json:"traceId"`
		ID      string `json:"id"`
		Kind    string `json:"kind"`
		Shared  bool   `json:"shared"`
		Debug   bool   `json:"debug"`
	}
	if json.Unmarshal(body, &spans) != nil {
		return
	}
	for _, s := range spans {
		if s.Shared || s.Debug {
			flags[zipkinSpanID{padded(s.TraceID, 32), padded(s.ID, 16), s.Kind}] = zipkinFlags{s.Shared, s.Debug}
		}
	}
}

// padded writes an id as pdata does.
func padded(id string, digits int) string {
	return strings.Repeat("0", max(digits-len(id), 0)) + strings.ToLower(id)
}

func protoFlags(body []byte, allDebug bool, flags map[zipkinSpanID]zipkinFlags) {
	// Field 12, debug, and field 13, shared, when they are true. Source: openzipkin/zipkin-api zipkin.proto.
	if !allDebug && !bytes.Contains(body, []byte{12 << 3, 1}) && !bytes.Contains(body, []byte{13 << 3, 1}) {
		return
	}
	var list zipkin_proto3.ListOfSpans
	if proto.Unmarshal(body, &list) != nil {
		return
	}
	for _, s := range list.Spans {
		if debug := s.Debug || allDebug; s.Shared || debug {
			id := zipkinSpanID{traceID: padded(hex.EncodeToString(s.TraceId), 32), id: padded(hex.EncodeToString(s.Id), 16)}
			if s.Kind != zipkin_proto3.Span_SPAN_KIND_UNSPECIFIED {
				id.kind = s.Kind.String()
			}
			flags[id] = zipkinFlags{s.Shared, debug}
		}
	}
}

// fromZipkin wraps the Zipkin receiver's factory so that spans say what a reader needs to give them back as they were sent.
func fromZipkin(f receiver.Factory) receiver.Factory {
	return receiver.NewFactory(f.Type(), f.CreateDefaultConfig, receiver.WithTraces(
		func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
			marking, err := consumer.NewTraces(func(ctx context.Context, td ptrace.Traces) error {
				markZipkin(ctx, td)
				return next.ConsumeTraces(ctx, td)
			}, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
			if err != nil {
				return nil, err
			}
			return f.CreateTraces(ctx, set, cfg, marking)
		}, f.TracesStability()))
}

// currentNames are the attribute names that replaced others, with those others. An OpenTelemetry SDK that speaks Zipkin uses the
// current ones, a Zipkin tracer does not. The receiver makes the last few of a span's endpoints.
var currentNames = func() map[string][]string {
	names := map[string][]string{}
	for _, a := range semconv.Aliases() {
		names[a.New] = append(names[a.New], a.Old)
	}
	for _, endpoint := range []string{"network.local.address", "network.peer.address", "service.peer.name"} {
		delete(names, endpoint)
	}
	return names
}()

// usesCurrentNames reports whether one of the attributes has a current name, unless the receiver put it beside an old one.
func usesCurrentNames(attrs pcommon.Map) bool {
	for key := range attrs.All() {
		olds, current := currentNames[key]
		if current && !slices.ContainsFunc(olds, func(old string) bool { _, ok := attrs.Get(old); return ok }) {
			return true
		}
	}
	return false
}

func markZipkin(ctx context.Context, td ptrace.Traces) {
	flags, _ := ctx.Value(zipkinFlagsKey{}).(map[zipkinSpanID]zipkinFlags)
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			native := true
			for _, span := range ss.Spans().All() {
				native = native && !usesCurrentNames(span.Attributes())
				if len(flags) > 0 {
					flagZipkin(span, flags)
				}
			}
			if native {
				ss.Scope().Attributes().PutStr(semconv.ReceivedFormat, semconv.FormatZipkin)
			}
		}
	}
}

func flagZipkin(span ptrace.Span, flags map[zipkinSpanID]zipkinFlags) {
	id := zipkinSpanID{traceID: span.TraceID().String(), id: span.SpanID().String()}
	if kind := span.Kind(); kind >= ptrace.SpanKindServer {
		id.kind = strings.ToUpper(kind.String())
	}
	f := flags[id]
	if f.shared {
		span.Attributes().PutBool(semconv.ZipkinShared, true)
	}
	if f.debug {
		span.Attributes().PutBool(semconv.ZipkinDebug, true)
	}
}
