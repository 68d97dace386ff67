package faas

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/contract"
	"weft/faas/emit"
	"weft/faas/logs"
)

// output is what an instance prints, as log records.
type output struct {
	*logs.Instance
	stdout, stderr *logs.Stream
}

func newOutput(in *instance) *output {
	o := &output{Instance: in.pool.target.logs.Instance(in.id, trace.SpanContext{})}
	o.stdout, o.stderr = o.Stream(logs.Stdout), o.Stream(logs.Stderr)
	return o
}

// openLogs starts the log of a version, which its instances share.
func (rt *Runtime) openLogs(t *target) *logs.Function {
	return logs.New(logs.Config{Emit: func(r logs.Record) {
		attrs := r.Attributes
		if r.Stream != "" {
			attrs = append(attrs, attribute.String("log.iostream", r.Stream))
		}
		if r.RequestID != "" {
			attrs = append(attrs, attribute.String("faas.invocation_id", r.RequestID))
		}
		if r.Instance != "" {
			attrs = append(attrs, attribute.String("faas.instance", r.Instance))
		}
		rt.emitter.Records(t.resource, emit.Record{Time: r.Time, Observed: r.Observed, Severity: plog.SeverityNumber(r.Severity),
			SeverityText: r.SeverityText, Body: r.Body, Span: r.Span, Attributes: attrs})
	}})
}

// settle is how long what a function printed before its answer may take to be read.
const settle = 5 * time.Millisecond

// end returns the end of what an invocation has printed, when that was asked for or it has failed: then the last lines get a moment to
// arrive. Of a failure it returns the stack as the language's runtime has printed it, if it has.
func (o *output) end(inv *contract.Invocation, asked bool, failure *contract.Error) (tail []byte, stack string) {
	if !asked && failure == nil {
		o.End(inv.ID)
		return nil, ""
	}
	time.Sleep(settle)
	if failure != nil {
		stack = o.Failed(inv.ID, logs.Failure{Type: failure.Type, Message: failure.Message})
	}
	o.End(inv.ID)
	return o.Tail(inv.ID), stack
}
