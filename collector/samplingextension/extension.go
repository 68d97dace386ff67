package samplingextension

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// maxFileBytes bounds a strategies file; 1 MiB is some ten thousand operations.
const maxFileBytes = 1 << 20

// maxCreditOperations bounds what one request for credits may ask for.
const maxCreditOperations = 1000

// samplingExtension serves strategies over HTTP and watches their file.
type samplingExtension struct {
	cfg      Config
	set      component.TelemetrySettings
	current  atomic.Pointer[strategies]
	server   *http.Server
	stop     context.CancelFunc
	stopping sync.Once
	running  sync.WaitGroup
}

func newExtension(cfg Config, set component.TelemetrySettings) *samplingExtension {
	e := &samplingExtension{cfg: cfg, set: set}
	e.current.Store(&strategies{fallback: everything()})
	return e
}

// Start reads the file, listens, and watches the file. A file that cannot be read or understood is an error here, while
// later on the strategies in force stay until it is mended.
func (e *samplingExtension) Start(ctx context.Context, host component.Host) error {
	var raw []byte
	if e.cfg.File != "" {
		var err error
		if raw, err = e.load(); err != nil {
			return fmt.Errorf("sampling strategies %s: %w", e.cfg.File, err)
		}
	}
	server, err := e.cfg.ServerConfig.ToServer(ctx, host.GetExtensions(), e.set, e.routes())
	if err != nil {
		return err
	}
	listener, err := e.cfg.ServerConfig.ToListener(ctx)
	if err != nil {
		return err
	}
	e.server = server
	e.running.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	if e.cfg.File != "" {
		e.running.Go(func() { e.watch(watching, raw) })
	}
	return nil
}

// Shutdown stops listening and watching, and waits for both.
func (e *samplingExtension) Shutdown(ctx context.Context) error {
	var err error
	e.stopping.Do(func() {
		if e.stop != nil {
			e.stop()
		}
		if e.server != nil {
			err = e.server.Shutdown(ctx)
		}
	})
	e.running.Wait()
	return err
}

// load reads the file and puts its strategies in force. It returns the content also when that is not understood.
func (e *samplingExtension) load() ([]byte, error) {
	info, err := os.Stat(e.cfg.File)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("want at most %d bytes, got %d", maxFileBytes, info.Size())
	}
	raw, err := os.ReadFile(e.cfg.File)
	if err != nil {
		return nil, err
	}
	s, err := parse(raw)
	if err != nil {
		return raw, err
	}
	e.current.Store(s)
	return raw, nil
}

// watch compares contents, not modification times: two quick edits can share one.
func (e *samplingExtension) watch(ctx context.Context, last []byte) {
	tick := time.NewTicker(e.cfg.ReloadInterval)
	defer tick.Stop()
	var reported string
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		before := e.current.Load()
		raw, err := e.load()
		switch {
		case err != nil && err.Error() != reported:
			reported = err.Error()
			e.set.Logger.Error("sampling strategies not reloaded, the old ones stay in force",
				zap.String("file", e.cfg.File), zap.String("problem", reported))
		case err == nil && bytes.Equal(raw, last):
			e.current.Store(before)
			reported = ""
		case err == nil:
			last, reported = raw, ""
			e.set.Logger.Info("sampling strategies reloaded", zap.String("file", e.cfg.File))
		}
	}
}

func (e *samplingExtension) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", e.sampling)
	mux.HandleFunc("GET /sampling", e.sampling)
	mux.HandleFunc("GET /credits", e.credits)
	return mux
}

func (e *samplingExtension) sampling(w http.ResponseWriter, r *http.Request) {
	services := r.URL.Query()["service"]
	if len(services) != 1 || services[0] == "" {
		http.Error(w, "'service' parameter must be provided once", http.StatusBadRequest)
		return
	}
	answer(w, e.current.Load().of(services[0]))
}

// credits answers the debug throttler of Jaeger clients: how many debug traces each operation may start.
func (e *samplingExtension) credits(w http.ResponseWriter, r *http.Request) {
	type balance struct {
		Operation string  `json:"operation"`
		Balance   float64 `json:"balance"`
	}
	query := r.URL.Query()
	if services := query["service"]; len(services) != 1 || services[0] == "" {
		http.Error(w, "'service' parameter must be provided once", http.StatusBadRequest)
		return
	}
	if n := len(query["operations"]); n > maxCreditOperations {
		http.Error(w, fmt.Sprintf("want at most %d 'operations' parameters, got %d", maxCreditOperations, n), http.StatusBadRequest)
		return
	}
	balances := make([]balance, 0, len(query["operations"]))
	for _, op := range query["operations"] {
		balances = append(balances, balance{op, e.cfg.DebugCredits})
	}
	answer(w, map[string]any{"balances": balances})
}

func answer(w http.ResponseWriter, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw) // the client has gone when this fails
}
