package seed

import (
	"context"
	"fmt"
	"math"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// Send sends all spans to a collector's OTLP/gRPC address. token is sent along unless it is empty.
func (s *Seed) Send(ctx context.Context, endpoint, token string) error {
	conn, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(math.MaxInt32)))
	if err != nil {
		return fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	defer conn.Close()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	client := ptraceotlp.NewGRPCClient(conn)
	for _, td := range s.Requests() {
		answer, err := client.Export(ctx, ptraceotlp.NewExportRequestFromTraces(td))
		if err != nil {
			return fmt.Errorf("send to %s: %w", endpoint, err)
		}
		if n := answer.PartialSuccess().RejectedSpans(); n > 0 {
			return fmt.Errorf("send to %s: %d spans were refused: %s", endpoint, n, answer.PartialSuccess().ErrorMessage())
		}
	}
	return nil
}
