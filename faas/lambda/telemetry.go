package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Kinds of telemetry that an extension may subscribe to.
const (
	kindPlatform  = "platform"
	kindFunction  = "function"
	kindExtension = "extension"
)

// backlogItems and backlogBytes bound what is kept of a start for extensions that subscribe later.
const (
	backlogItems = 1000
	backlogBytes = 256 << 10
)

// telemetry hands records to extensions. Without subscribers, once the start is over, it costs one atomic load.
type telemetry struct {
	log    *slog.Logger
	active atomic.Bool // somebody may want records

	mu      sync.Mutex
	open    bool // subscriptions are taken
	backlog []record
	bytes   int
	subs    map[string]*subscription // by extension
}

// record is one event, as JSON.
type record struct {
	kind string
	json []byte
}

func newTelemetry(log *slog.Logger) *telemetry {
	t := &telemetry{log: log, open: true, subs: map[string]*subscription{}}
	t.active.Store(true)
	return t
}

// emit passes a record on. make is called when somebody may want it only.
func (t *telemetry) emit(at time.Time, kind, eventType string, make func() any) {
	if !t.active.Load() {
		return
	}
	b, err := json.Marshal(struct {
		Time   string `json:"time"`
		Type   string `json:"type"`
		Record any    `json:"record"`
	}{timestamp(at), eventType, make()})
	if err != nil {
		t.log.Error("telemetry record lost", "type", eventType, "error", err)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r := record{kind, b}
	if t.open && len(t.backlog) < backlogItems && t.bytes+len(b) <= backlogBytes {
		t.backlog = append(t.backlog, r)
		t.bytes += len(b)
	}
	for _, s := range t.subs {
		s.add(r)
	}
}

func timestamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// closeSubscriptions is called when the start is over.
func (t *telemetry) closeSubscriptions() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.backlog = false, nil
	t.active.Store(len(t.subs) > 0)
}

// subscribe makes or replaces the subscription of an extension, which gets what has happened so far, too.
func (t *telemetry) subscribe(name string, c subscriptionConfig) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		return false
	}
	if old := t.subs[name]; old != nil {
		old.cancel()
	}
	s := newSubscription(c, t.log)
	t.subs[name] = s
	for _, r := range t.backlog {
		s.add(r)
	}
	return true
}

func (t *telemetry) each(f func(*subscription)) {
	t.mu.Lock()
	subs := make([]*subscription, 0, len(t.subs))
	for _, s := range t.subs {
		subs = append(subs, s)
	}
	t.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range subs {
		wg.Go(func() { f(s) })
	}
	wg.Wait()
}

// flush delivers what there is, or stops with ctx.
func (t *telemetry) flush(ctx context.Context) {
	t.each(func(s *subscription) { s.flush(ctx) })
}

// close flushes for at most a second and ends the subscriptions.
func (t *telemetry) close() {
	t.active.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	t.each(func(s *subscription) {
		s.flush(ctx)
		s.cancel()
		<-s.ended
	})
}

// subscriptionConfig is the body of a subscription.
type subscriptionConfig struct {
	SchemaVersion string   `json:"schemaVersion"`
	Types         []string `json:"types"`
	Buffering     struct {
		MaxItems  *int `json:"maxItems"`
		MaxBytes  *int `json:"maxBytes"`
		TimeoutMS *int `json:"timeoutMs"`
	} `json:"buffering"`
	Destination struct {
		Protocol string `json:"protocol"`
		URI      string `json:"URI"`
	} `json:"destination"`

	maxItems, maxBytes int
	timeout            time.Duration
	target             *url.URL // its host is 127.0.0.1
}

// validate fills the defaults in and returns every problem. Bounds:
// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html.
func (c *subscriptionConfig) validate() []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if !slices.Contains([]string{"2022-07-01", "2022-12-13", "2025-01-29"}, c.SchemaVersion) {
		add("schemaVersion: want 2022-07-01, 2022-12-13 or 2025-01-29, got %q", c.SchemaVersion)
	}
	if len(c.Types) == 0 {
		add("types should not be empty")
	}
	for _, t := range c.Types {
		if t != kindPlatform && t != kindFunction && t != kindExtension {
			add("types: want platform, function or extension, got %q", t)
		}
	}
	bounded := func(name string, given *int, least, most, otherwise int) int {
		if given == nil {
			return otherwise
		}
		if *given < least || *given > most {
			add("buffering.%s: want %d to %d, got %d", name, least, most, *given)
		}
		return *given
	}
	c.maxItems = bounded("maxItems", c.Buffering.MaxItems, 1000, 10000, 10000)
	c.maxBytes = bounded("maxBytes", c.Buffering.MaxBytes, 256<<10, 1<<20, 256<<10)
	c.timeout = time.Duration(bounded("timeoutMs", c.Buffering.TimeoutMS, 25, 30000, 1000)) * time.Millisecond
	if c.Destination.Protocol != "HTTP" && c.Destination.Protocol != "TCP" {
		add("destination.protocol: want HTTP or TCP, got %q", c.Destination.Protocol)
	}
	u, err := url.Parse(c.Destination.URI)
	switch {
	case err != nil:
		add("destination.URI: %v", err)
	case !strings.EqualFold(u.Scheme, c.Destination.Protocol):
		add("destination.URI: want the scheme of protocol %s, got %q", c.Destination.Protocol, u.Scheme)
	case u.Hostname() != "sandbox.localdomain" && u.Hostname() != "sandbox":
		add("destination.URI: want the host sandbox.localdomain, got %q", u.Hostname())
	case u.Port() == "":
		add("URI port is not provided")
	default:
		u.Host = "127.0.0.1:" + u.Port()
		c.target = u
	}
	return problems
}

// subscribe answers a request of the Telemetry API.
func (i *Instance) subscribe(w http.ResponseWriter, req *http.Request, x *extension) {
	var c subscriptionConfig
	b, err := readAll(req.Body, 64<<10)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, "ValidationError", err.Error())
		return
	}
	if problems := c.validate(); problems != nil {
		writeError(w, http.StatusBadRequest, "ValidationError", strings.Join(problems, "; "))
		return
	}
	if !i.telemetry.subscribe(x.name, c) {
		forbidden(w, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed")
		return
	}
	i.telemetry.emit(time.Now(), kindPlatform, "platform.telemetrySubscription", func() any {
		return map[string]any{"name": x.name, "state": "Subscribed", "types": c.Types}
	})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`"OK"`)) // to a client that is gone
}
