package collector

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
)

var hostType = component.MustNewType("weft_host")

// host is what Run hears from the running collector: that its pipelines run, and why it gave up. mu guards fatal.
type host struct {
	ready func()
	once  sync.Once
	mu    sync.Mutex
	fatal error
}

// newHostFactory returns the factory of the extension through which h hears.
func newHostFactory(h *host) extension.Factory {
	return extension.NewFactory(hostType, func() component.Config { return &struct{}{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return &hostExtension{host: h}, nil
		}, component.StabilityLevelStable)
}

// hostExtension implements extensioncapabilities.PipelineWatcher and componentstatus.Watcher.
type hostExtension struct {
	component.StartFunc
	component.ShutdownFunc
	host *host
}

// Ready is called once all receivers listen; again after a reload, which is nobody's business.
func (e *hostExtension) Ready() error {
	if e.host.ready != nil {
		e.host.once.Do(e.host.ready)
	}
	return nil
}

// NotReady is called before the receivers stop.
func (e *hostExtension) NotReady() error { return nil }

// ComponentStatusChanged keeps the first fatal error: the collector itself only says that there was one.
func (e *hostExtension) ComponentStatusChanged(_ *componentstatus.InstanceID, ev *componentstatus.Event) {
	if ev.Status() != componentstatus.StatusFatalError {
		return
	}
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.host.fatal == nil {
		e.host.fatal = ev.Err()
	}
}

func (h *host) fatalError() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fatal
}
