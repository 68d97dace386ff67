package lambda

import (
	"encoding/json"
	"math"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"weft/faas/contract"
)

// What the Telemetry API tells of the platform.
// Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html.

type tracing struct {
	SpanID string `json:"spanId,omitempty"`
	Type   string `json:"type"`
	Value  string `json:"value"`
}

// tracingOf is nil without a span.
func (i *Instance) tracingOf(inv *contract.Invocation) *tracing {
	if !inv.Span.IsValid() {
		return nil
	}
	c := lowerCarrier{}
	i.inject(inv, propagation.TextMapCarrier(c))
	return &tracing{SpanID: inv.Span.SpanID().String(), Type: headerTrace, Value: c.Get(headerTrace)}
}

func milliseconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e3 }

// initStart tells that the instance starts.
func (i *Instance) initStart() {
	f := i.cfg.Function
	i.telemetry.emit(i.created, kindPlatform, "platform.initStart", func() any {
		return map[string]any{
			"initializationType": i.cfg.Init, "phase": "init", "runtimeVersion": string(f.Language),
			"functionName": f.Name, "functionVersion": f.Version,
			"instanceId": i.cfg.InstanceID, "instanceMaxMemory": f.Memory,
		}
	})
}

// initDone tells that the program has polled, or failed to.
func (i *Instance) initDone(err *contract.Error) {
	i.telemetry.emit(time.Now(), kindPlatform, "platform.initRuntimeDone", func() any {
		r := map[string]any{"initializationType": i.cfg.Init, "phase": "init", "status": statusOf(err)}
		if err != nil {
			r["errorType"] = err.Type
		}
		return r
	})
}

// initReport tells that the start is over.
func (i *Instance) initReport() {
	now := time.Now()
	i.telemetry.emit(now, kindPlatform, "platform.initReport", func() any {
		return map[string]any{
			"initializationType": i.cfg.Init, "phase": "init", "status": "success",
			"metrics": map[string]any{"durationMs": milliseconds(now.Sub(i.created))},
		}
	})
}

func statusOf(err *contract.Error) string {
	switch {
	case err == nil:
		return "success"
	case err.Type == contract.ErrTimeout || err.Type == contract.ErrInitTimeout:
		return "timeout"
	case err.Handled:
		return "error" // the function's
	}
	return "failure"
}

// extensionReady tells that an extension has polled. i.mu is held.
func (i *Instance) extensionReady(x *extension) {
	i.telemetry.emit(time.Now(), kindPlatform, "platform.extension", func() any {
		events := []string{}
		if x.invoke {
			events = append(events, "INVOKE")
		}
		if x.shutdown {
			events = append(events, "SHUTDOWN")
		}
		return map[string]any{"name": x.name, "state": string(extReady), "events": events}
	})
}

// invoked tells extensions and subscribers that r has been handed to the program. i.mu is held.
func (i *Instance) invoked(r *run) {
	i.telemetry.emit(r.dispatched, kindPlatform, "platform.start", func() any {
		return withTracing(map[string]any{"requestId": r.inv.ID, "version": i.cfg.Function.Version}, i.tracingOf(r.inv))
	})
	var event []byte
	for _, x := range i.extensions.all {
		if !x.invoke || x.state != extReady && x.state != extRunning {
			continue
		}
		if event == nil {
			event = i.invokeEvent(r)
		}
		select {
		case x.events <- extensionEvent{body: event, run: r}:
			r.pending++
		default: // it has not taken the last ones
		}
	}
}

func (i *Instance) invokeEvent(r *run) []byte {
	b, err := json.Marshal(struct {
		Type      string   `json:"eventType"`
		Deadline  int64    `json:"deadlineMs"`
		RequestID string   `json:"requestId"`
		ARN       string   `json:"invokedFunctionArn"`
		Tracing   *tracing `json:"tracing,omitempty"`
	}{"INVOKE", r.inv.Deadline.UnixMilli(), r.inv.ID, i.arnOf(r.inv), i.tracingOf(r.inv)})
	if err != nil {
		return nil // cannot happen: strings and numbers always marshal
	}
	return b
}

func withTracing(record map[string]any, t *tracing) map[string]any {
	if t != nil {
		record["tracing"] = t
	}
	return record
}

// runtimeDone tells that the program has answered, or will not. i.mu is held.
func (i *Instance) runtimeDone(r *run) {
	i.telemetry.emit(r.lastByte, kindPlatform, "platform.runtimeDone", func() any {
		record := map[string]any{
			"requestId": r.inv.ID,
			"status":    statusOf(r.failure),
			"metrics":   map[string]any{"durationMs": milliseconds(r.lastByte.Sub(r.dispatched)), "producedBytes": r.size},
		}
		if r.failure != nil {
			record["errorType"] = r.failure.Type
		}
		if !r.firstByte.IsZero() {
			span := func(name string, from, to time.Time) map[string]any {
				return map[string]any{"name": name, "start": timestamp(from), "durationMs": milliseconds(to.Sub(from))}
			}
			record["spans"] = []any{
				span("responseLatency", r.dispatched, r.firstByte),
				span("responseDuration", r.firstByte, r.lastByte),
			}
		}
		return withTracing(record, i.tracingOf(r.inv))
	})
}

// report tells what r took until the program and its extensions were free again. i.mu is held.
func (i *Instance) report(r *run) {
	now := time.Now()
	first := !i.reported
	i.reported = true
	i.telemetry.emit(now, kindPlatform, "platform.report", func() any {
		d := now.Sub(r.dispatched)
		metrics := map[string]any{
			"durationMs":       milliseconds(d),
			"billedDurationMs": math.Ceil(milliseconds(d)),
			"memorySizeMB":     i.cfg.Function.Memory >> 20,
		}
		if i.cfg.MaxMemory != nil {
			metrics["maxMemoryUsedMB"] = i.cfg.MaxMemory() >> 20
		}
		if first && !i.readyAt.IsZero() {
			metrics["initDurationMs"] = milliseconds(i.readyAt.Sub(i.created))
		}
		record := map[string]any{"requestId": r.inv.ID, "status": statusOf(r.failure), "metrics": metrics}
		if r.failure != nil {
			record["errorType"] = r.failure.Type
		}
		return withTracing(record, i.tracingOf(r.inv))
	})
}

// FunctionLog passes a line that the program has printed to extensions that want it.
func (i *Instance) FunctionLog(at time.Time, line string) { i.logLine(at, kindFunction, line) }

// ExtensionLog passes a line that an external extension has printed.
func (i *Instance) ExtensionLog(at time.Time, line string) { i.logLine(at, kindExtension, line) }

func (i *Instance) logLine(at time.Time, kind, line string) {
	i.telemetry.emit(at, kind, kind, func() any { return line })
}
