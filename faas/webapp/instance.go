package webapp

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"weft/faas/contract"
	"weft/faas/fc"
	"weft/faas/function"
)

// Instance is the client of one program's web server. It implements contract.Instance.
type Instance struct {
	identity fc.Identity
	server   function.Server
	port     int
	link     *link
	health   health

	gone chan struct{} // closed when the program is gone
	// alive ends a moment after the program: a process that it has left behind may hold its connections open.
	alive context.Context
	end   context.CancelFunc

	mu    sync.Mutex // protects what follows
	cause *contract.Error
}

var _ contract.Instance = (*Instance)(nil)

// New chooses the port of a program that is to be started. It fails when the function's own port is in use.
func New(identity fc.Identity) (*Instance, error) {
	server := identity.Function.Server
	port, err := reservePort(server.Port)
	if err != nil {
		return nil, err
	}
	i := &Instance{identity: identity, server: server, port: port, gone: make(chan struct{})}
	i.alive, i.end = context.WithCancel(context.Background())
	i.link = newLink(port, identity.Function.Concurrency)
	i.health = newHealth(server.Health, i.link)
	return i, nil
}

// Environment implements contract.Instance. Besides Function Compute's names and the usual PORT it has those by which widely
// used servers are told their port without a change of the program.
func (i *Instance) Environment() []string {
	env := i.identity.Environment()
	for _, name := range []string{
		"PORT", "FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT", "CAPort",
		"FLASK_RUN_PORT",        // flask run
		"UVICORN_PORT",          // uvicorn
		"SERVER_PORT",           // Spring Boot
		"ASPNETCORE_HTTP_PORTS", // ASP.NET Core
	} {
		env = append(env, name+"="+strconv.Itoa(i.port))
	}
	return env
}

// Port is where the program has to listen.
func (i *Instance) Port() int { return i.port }

// Ready implements contract.Instance: the program is ready when it is healthy.
func (i *Instance) Ready(ctx context.Context) error { return i.health.wait(ctx, i) }

// Check probes a program that was ready. It returns an error when the probe fails and as many before it as the function's
// FailureThreshold says have failed too. It is meant to be called once in a Period, never twice at once.
func (i *Instance) Check(ctx context.Context) error { return i.health.check(ctx) }

// Initialize implements contract.Instance.
func (i *Instance) Initialize(ctx context.Context, hook *contract.Invocation) error {
	return i.runHook(ctx, hook, i.identity.Function.Initializer, fc.Initializer, http.MethodPost, "/initialize")
}

// PreFreeze implements contract.Instance.
func (i *Instance) PreFreeze(ctx context.Context, hook *contract.Invocation) error {
	return i.runHook(ctx, hook, i.identity.Function.PreFreeze, fc.PreFreeze, http.MethodGet, "/pre-freeze")
}

// PreStop implements contract.Instance.
func (i *Instance) PreStop(ctx context.Context, hook *contract.Invocation) error {
	return i.runHook(ctx, hook, i.identity.Function.PreStop, fc.PreStop, http.MethodGet, "/pre-stop")
}

func (i *Instance) runHook(ctx context.Context, inv *contract.Invocation, hook function.Hook, typ fc.Type, method, path string) error {
	if !hook.Enabled {
		return nil
	}
	alive, cancel := i.whileAlive(ctx)
	defer cancel()
	resp, _, err := i.control(alive, inv, typ, method, path, nil)
	if err != nil {
		return i.failure(ctx, err, 0)
	}
	defer resp.Body.Close()
	return i.fault(ctx, resp)
}

// Phases implements contract.Instance.
func (i *Instance) Phases() contract.Phases { return i.health.phases() }

// Exited implements contract.Instance.
func (i *Instance) Exited(cause *contract.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cause == nil {
		i.cause = cause
		close(i.gone)
		time.AfterFunc(lastWords, i.end)
	}
}

// exit is why the program is gone.
func (i *Instance) exit() *contract.Error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.cause
}

// Close implements contract.Instance.
func (i *Instance) Close() error {
	i.end()
	i.link.base.CloseIdleConnections()
	releasePort(i.port)
	return nil
}

// lastWords is how long a program that has exited may still have an answer in its connection's buffer, and how long after its
// connections it is known to be dead.
const lastWords = 100 * time.Millisecond

// whileAlive returns a context that ends with ctx or with the program.
func (i *Instance) whileAlive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(i.alive, cancel)
	return ctx, func() { stop(); cancel() }
}

// failure is why there is no answer, or only read bytes of one. When ctx has ended it is ctx's error, otherwise a *contract.Error.
func (i *Instance) failure(ctx context.Context, err error, read int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case <-i.gone:
		return i.exit()
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(lastWords):
	}
	if refused(err) {
		return &contract.Error{Type: contract.ErrUnknown, Message: fmt.Sprintf("the program does not listen on port %d any more: %v", i.port, err)}
	}
	if read == 0 && !brokenOff(err) {
		return &contract.Error{Type: contract.ErrUnknown, Message: fmt.Sprintf("the program does not speak HTTP: %v", err)}
	}
	return &contract.Error{Type: contract.ErrTruncated, Message: fmt.Sprintf("the answer broke off after %d bytes of its body: %v", read, err)}
}
