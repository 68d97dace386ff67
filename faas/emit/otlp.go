package emit

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// OTLPConfig is where an OTLP exporter sends to.
type OTLPConfig struct {
	// Address is host:port of OTLP over gRPC.
	Address string
	// TLS uses the system's certificate authorities; without it the connection is plain.
	TLS bool
	// Token, when there is one, is sent as a bearer token.
	Token string
}

// OTLP is an Exporter over gRPC.
type OTLP struct {
	conn   *grpc.ClientConn
	traces ptraceotlp.GRPCClient
	logs   plogotlp.GRPCClient
	header metadata.MD
}

// NewOTLP returns an exporter that connects when it is first used, and again when the connection is lost.
func NewOTLP(cfg OTLPConfig) (*OTLP, error) {
	creds := insecure.NewCredentials()
	if cfg.TLS {
		creds = credentials.NewTLS(nil)
	}
	conn, err := grpc.NewClient(cfg.Address, grpc.WithTransportCredentials(creds))
	if err != nil {
		return nil, fmt.Errorf("OTLP exporter to %s: %w", cfg.Address, err)
	}
	o := &OTLP{conn: conn, traces: ptraceotlp.NewGRPCClient(conn), logs: plogotlp.NewGRPCClient(conn)}
	if cfg.Token != "" {
		o.header = metadata.Pairs("authorization", "Bearer "+cfg.Token)
	}
	return o, nil
}

// Close ends the connection.
func (o *OTLP) Close() error { return o.conn.Close() }

func (o *OTLP) context(ctx context.Context) context.Context {
	if o.header == nil {
		return ctx
	}
	return metadata.NewOutgoingContext(ctx, o.header)
}

// ExportTraces implements Exporter. When the receiver refuses a part for good, the error is a *RefusedError.
func (o *OTLP) ExportTraces(ctx context.Context, td ptrace.Traces) error {
	resp, err := o.traces.Export(o.context(ctx), ptraceotlp.NewExportRequestFromTraces(td))
	if err != nil {
		return err
	}
	return refused(resp.PartialSuccess().RejectedSpans(), resp.PartialSuccess().ErrorMessage())
}

// ExportLogs implements Exporter.
func (o *OTLP) ExportLogs(ctx context.Context, ld plog.Logs) error {
	resp, err := o.logs.Export(o.context(ctx), plogotlp.NewExportRequestFromLogs(ld))
	if err != nil {
		return err
	}
	return refused(resp.PartialSuccess().RejectedLogRecords(), resp.PartialSuccess().ErrorMessage())
}

// RefusedError says that the receiver took a batch but for Count items, for good: they are not to be sent again.
type RefusedError struct {
	Count  int64
	Reason string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the receiver refused %d items: %s", e.Count, e.Reason)
}

func refused(count int64, reason string) error {
	if count == 0 {
		return nil
	}
	return &RefusedError{count, reason}
}
