package collector

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"

	"weft/collector/storeexporter"
	"weft/semconv"
)

var ingestType = component.MustNewType("weft_ingest")

// meterName is the scope of this package's metrics.
const meterName = "weft/collector"

func refusedCounter(mp metric.MeterProvider) (metric.Int64Counter, error) {
	c, err := mp.Meter(meterName).Int64Counter(semconv.MetricRefused, metric.WithDescription(
		"Items refused, by reason. Requests and packets refused before their items could be counted count as one."))
	if err != nil {
		return nil, fmt.Errorf("make counter: %w", err)
	}
	return c, nil
}

// request is what the two ends of a receiver share about one request through its context: the server in front of it,
// which sees the answer, and the consumer behind it, which sees the data.
type request struct {
	consumed atomic.Bool
	// retry says that the data was refused for now: it is not the client's mistake.
	retry atomic.Bool
	// wire is what the server has read, when what the consumer sees only stands in for it.
	wire *storeexporter.Request
}

type requestKey struct{}

// newIngestFactory returns the factory of the server middleware that counts requests which a receiver refused without
// passing anything on: what it could not read. Each receiver has an instance named after it.
func newIngestFactory() extension.Factory {
	return extension.NewFactory(ingestType, func() component.Config { return &ingestConfig{} },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			refused, err := refusedCounter(set.MeterProvider)
			if err != nil {
				return nil, err
			}
			decoder, err := cfg.(*ingestConfig).decoder()
			if err != nil {
				return nil, err
			}
			return &ingestExtension{receiver: set.ID.Name(), refused: refused, logger: set.Logger, decoder: decoder}, nil
		}, component.StabilityLevelStable)
}

// ingestExtension implements extensionmiddleware.HTTPServer and GRPCServer.
type ingestExtension struct {
	component.StartFunc
	component.ShutdownFunc
	receiver string
	refused  metric.Int64Counter
	logger   *zap.Logger
	decoder  *storeexporter.Decoder // nil when traces go through pdata
}

func (e *ingestExtension) malformed(ctx context.Context, signal string) {
	e.refused.Add(ctx, 1, metric.WithAttributes(attribute.String("signal", signal),
		attribute.String("reason", semconv.ReasonMalformed), attribute.String("receiver", e.receiver)))
}

// GetHTTPHandler wraps a receiver's handler.
func (e *ingestExtension) GetHTTPHandler(context.Context) (extensionmiddleware.WrapHTTPHandlerFunc, error) {
	return func(_ context.Context, next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			arrived(r.Context())
			req := new(request)
			answer := &statusWriter{ResponseWriter: w, status: http.StatusOK, req: req}
			e.guard(func() {
				if e.decoder != nil && fromWire(r) {
					e.read(r, req)
				}
				next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), requestKey{}, req)))
			}, func() {
				http.Error(answer, panicText, http.StatusInternalServerError)
			})
			if r.Method == http.MethodPost && answer.status >= 400 && !req.consumed.Load() {
				e.malformed(r.Context(), signalOf(r.URL.Path))
			}
		}), nil
	}, nil
}

// GetGRPCServerOptions adds a stats handler, which unlike an interceptor sees messages that cannot be decoded.
func (e *ingestExtension) GetGRPCServerOptions(context.Context) ([]grpc.ServerOption, error) {
	guard := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
		e.guard(func() { resp, err = handler(ctx, req) }, func() { err = status.Error(codes.Internal, panicText) })
		if err == nil {
			return resp, nil
		}
		if _, ok := status.FromError(err); !ok { // the Jaeger receiver passes on errors of any kind, which clients see as "unknown"
			code := codes.Unavailable
			if consumererror.IsPermanent(err) {
				code = codes.Internal
			}
			err = status.Error(code, err.Error())
		}
		return resp, err
	}
	codec := newWireCodec(e.decoder)
	opts := []grpc.ServerOption{grpc.StatsHandler(&grpcStats{e, codec}), grpc.ChainUnaryInterceptor(guard)}
	if codec != nil {
		opts = append(opts, grpc.ForceServerCodecV2(codec))
	}
	return opts, nil
}

// panicText is all that a client learns of a panic; the log has the rest.
const panicText = "internal error: this request could not be handled"

// guard runs handle, and answer when it panics: one request that a decoder was not prepared for must not end the process.
func (e *ingestExtension) guard(handle, answer func()) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case http.ErrAbortHandler: // how a handler drops a connection on purpose
			panic(r)
		default:
			e.logger.Error("request panicked", zap.String("receiver", e.receiver), zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
			answer()
		}
	}()
	handle()
}

// signalOf reads the signal out of an HTTP path or a gRPC method. Jaeger and Zipkin know only traces.
func signalOf(path string) string {
	switch {
	case strings.Contains(path, "logs"):
		return signalLogs
	case strings.Contains(path, "metrics"):
		return signalMetrics
	default:
		return signalTraces
	}
}

// statusWriter remembers the answer's code. Where the Jaeger and Zipkin receivers answer 500 to anything that went wrong
// behind them, it makes that a 503 when the same data would be taken later.
type statusWriter struct {
	http.ResponseWriter
	status int
	req    *request
}

func (w *statusWriter) WriteHeader(code int) {
	if code == http.StatusInternalServerError && w.req.retry.Load() {
		code = http.StatusServiceUnavailable
	}
	w.status = code
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type grpcStats struct {
	e     *ingestExtension
	codec *wireCodec // nil when traces go through pdata
}

type call struct {
	request
	method  string
	message any // what gRPC decoded into
}

type callKey struct{}

func (s *grpcStats) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	c := &call{method: info.FullMethodName}
	return context.WithValue(context.WithValue(ctx, callKey{}, c), requestKey{}, &c.request)
}

func (s *grpcStats) HandleRPC(ctx context.Context, st stats.RPCStats) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return
	}
	if in, ok := st.(*stats.InPayload); ok && s.codec != nil {
		c.message = in.Payload
		c.wire = s.codec.take(c.message)
		return
	}
	end, ok := st.(*stats.End)
	if !ok {
		return
	}
	if s.codec != nil && c.message != nil {
		s.codec.take(c.message) // there is something when the client sent a second message, which it must not
	}
	if end.Error == nil || c.consumed.Load() {
		return
	}
	switch status.Code(end.Error) {
	case codes.Unauthenticated, codes.PermissionDenied: // counted where they were refused
	case codes.Canceled, codes.DeadlineExceeded: // the client went away
	default:
		s.e.malformed(ctx, signalOf(c.method))
	}
}

func (s *grpcStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (s *grpcStats) HandleConn(context.Context, stats.ConnStats) {}
