package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
)

// breaking is an extension that fails for good once it runs, as a server does whose listener dies.
type breaking struct {
	component.ShutdownFunc
	running <-chan struct{}
	ended   chan struct{}
}

func (b breaking) Start(_ context.Context, host component.Host) error {
	go func() {
		defer close(b.ended)
		<-b.running // before, the collector's start and the report would wait for each other
		componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(errors.New("listener died")))
	}()
	return nil
}

// The collector itself only logs a fatal error; Run must not make a good end of it.
func TestFatalError(t *testing.T) {
	typ := component.MustNewType("breaking")
	file := writeFile(t, `
extensions: {breaking: }
receivers: {zipkin: {endpoint: "${env:WEFT_ZIPKIN}"}}
exporters: {weft_store: }
service: {extensions: [breaking], pipelines: {traces: {receivers: [zipkin], exporters: [weft_store]}}}`)
	r := &running{sink: newSink(), addr: freeAddresses(t), reg: prometheus.NewRegistry(), log: &lockedBuffer{}}
	ready, ended := make(chan struct{}), make(chan struct{})
	err := run(t.Context(), r.settings(t, options{configFile: file}, func() { close(ready) }), func(set Settings, h *host) (otelcol.Factories, error) {
		f, err := r.factories(set, h)
		if err != nil {
			return f, err
		}
		f.Extensions[typ] = extension.NewFactory(typ, func() component.Config { return &struct{}{} },
			func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
				return breaking{running: ready, ended: ended}, nil
			},
			component.StabilityLevelStable)
		return f, nil
	})
	<-ended
	if err == nil || err.Error() != "collector: listener died" {
		t.Errorf("got %v, want collector: listener died", err)
	}
}

func TestLogBridge(t *testing.T) {
	var out lockedBuffer
	z := newZapLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	z.Debug("not asked for")
	z.With(zap.String("kind", "receiver")).Info("hello", zap.Int("n", 7), zap.Duration("took", time.Second), zap.Error(errors.New("bad")))
	z.Warn("careful", zap.Strings("list", []string{"a", "b"}))
	z.DPanic("broken")
	want := `level=INFO msg=hello kind=receiver n=7 took=1s error=bad
level=WARN msg=careful list="[a b]"
level=ERROR msg=broken
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for i := range 5000 {
		z.Error("packet refused", zap.String("n", fmt.Sprint(i)))
	}
	if got := strings.Count(out.String(), "packet refused"); got < 10 || got > 40 {
		t.Errorf("got %d lines of 5000 that repeat, want about 14 a second", got)
	}
}
