package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"weft/sdk"
)

const (
	// flushEvery is short, so that a visitor's trace is there when the page is.
	flushEvery   = time.Second
	metricsEvery = 10 * time.Second
)

// openTelemetry sets up traces by gRPC, logs and metrics by HTTP, as a service written against OpenTelemetry would. Of ours
// it uses the propagator alone, because it calls services that know other headers.
func (s *service) openTelemetry(ctx context.Context) (shutdown func(context.Context) error, err error) {
	headers := map[string]string{}
	if s.token != "" {
		headers["Authorization"] = "Bearer " + s.token
	}
	res := resource.NewSchemaless(
		attribute.String("service.name", s.Name),
		attribute.String("service.namespace", "shop"),
		attribute.String("service.version", "1.4.2"),
		attribute.String("deployment.environment.name", "demo"),
	)
	spans, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(s.OTLPGRPC), otlptracegrpc.WithInsecure(), otlptracegrpc.WithHeaders(headers))
	if err != nil {
		return nil, err
	}
	logs, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(s.OTLPHTTP), otlploghttp.WithInsecure(), otlploghttp.WithHeaders(headers))
	if err != nil {
		return nil, err
	}
	metrics, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(s.OTLPHTTP), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithHeaders(headers))
	if err != nil {
		return nil, err
	}
	traceOptions := []sdktrace.TracerProviderOption{sdktrace.WithResource(res),
		sdktrace.WithSpanProcessor(sdk.NewProcessor(sdktrace.NewBatchSpanProcessor(spans, sdktrace.WithBatchTimeout(flushEvery))))}
	if s.counts != nil {
		traceOptions = append(traceOptions, sdktrace.WithSpanProcessor(s.counts))
	}
	tp := sdktrace.NewTracerProvider(traceOptions...)
	lp := sdklog.NewLoggerProvider(sdklog.WithResource(res),
		sdklog.WithProcessor(sdklog.NewBatchProcessor(logs, sdklog.WithExportInterval(flushEvery))))
	mp := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics, sdkmetric.WithInterval(metricsEvery))))
	propagator, err := sdk.NewPropagator()
	if err != nil {
		return nil, err
	}
	otel.SetTracerProvider(tp)
	otel.SetMeterProvider(mp)
	otel.SetTextMapPropagator(propagator)
	quietExportErrors(s.Name)
	s.client = &http.Client{Timeout: callTimeout, Transport: otelhttp.NewTransport(s.transport)}
	s.log = slog.New(otelslog.NewHandler(s.Name, otelslog.WithLoggerProvider(lp)))
	return func(ctx context.Context) error {
		return errors.Join(tp.Shutdown(ctx), lp.Shutdown(ctx), mp.Shutdown(ctx))
	}, nil
}

// openTracing sets up as a service written against OpenTracing would with our SDK: one call, told by the environment that
// the supervisor made.
func (s *service) openTracing(ctx context.Context) (shutdown func(context.Context) error, err error) {
	var opts []sdk.Option
	if s.counts != nil {
		opts = append(opts, sdk.WithSpanProcessor(s.counts))
	}
	shutdown, err = sdk.Start(ctx, opts...)
	quietExportErrors(s.Name)
	s.client = &http.Client{Timeout: callTimeout, Transport: sdk.Transport(s.transport)}
	return shutdown, err
}

// sdkEnvironment is what openTracing and the Node service are configured by.
func sdkEnvironment(o options, name string) map[string]string {
	env := map[string]string{
		"OTEL_SERVICE_NAME":           name,
		"OTEL_RESOURCE_ATTRIBUTES":    "service.namespace=shop,service.version=1.4.2,deployment.environment.name=demo",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + o.otlpHTTP,
		"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		"OTEL_BSP_SCHEDULE_DELAY":     fmt.Sprint(flushEvery.Milliseconds()),
	}
	if o.token != "" {
		env["OTEL_EXPORTER_OTLP_HEADERS"] = "Authorization=" + url.PathEscape("Bearer "+o.token)
	}
	return env
}

// quietExportErrors says at most every half minute that telemetry does not arrive; a stopped collector is no reason to fill
// a terminal.
func quietExportErrors(service string) {
	var mu sync.Mutex
	var last time.Time
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) < 30*time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintf(os.Stderr, "%s: telemetry: %v\n", service, err)
	}))
}

// openDB creates the tables untraced, then opens the database file through an instrumented driver.
func (s *service) openDB(ctx context.Context, file string, schema string) (*sql.DB, error) {
	path := filepath.Join(s.DataDir, file)
	plain, err := openSQLite(ctx, path, schema)
	if err != nil {
		return nil, err
	}
	if err := plain.Close(); err != nil {
		return nil, err
	}
	db, err := otelsql.Open("sqlite", sqliteDSN(path),
		otelsql.WithAttributes(attribute.String("db.system.name", "sqlite"), attribute.String("db.namespace", file)),
		otelsql.WithSpanNameFormatter(func(_ context.Context, m otelsql.Method, query string) string { return statementName(m, query) }),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true, OmitConnectorConnect: true, DisableErrSkip: true,
			// Statements belong to requests; the pool's own housekeeping makes no traces.
			SpanFilter: func(ctx context.Context, _ otelsql.Method, _ string, _ []driverNamedValue) bool { return hasSpan(ctx) },
		}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	return db, nil
}

var statementTable = regexp.MustCompile(`(?i)\b(?:FROM|INTO|UPDATE)\s+(\w+)`)

// statementName names a span "SELECT products", as OpenTelemetry's database conventions have it; without a statement the
// method says what it is.
func statementName(m otelsql.Method, query string) string {
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	table := statementTable.FindStringSubmatch(query)
	switch {
	case m == otelsql.MethodConnBeginTx:
		return "BEGIN"
	case m == otelsql.MethodTxCommit:
		return "COMMIT"
	case m == otelsql.MethodTxRollback:
		return "ROLLBACK"
	case table == nil:
		return string(m)
	}
	return verb + " " + table[1]
}

func openSQLite(ctx context.Context, path, schema string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", sqliteDSN(path))
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("create tables: %w", err), db.Close())
	}
	return db, nil
}

func sqliteDSN(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate"
}
