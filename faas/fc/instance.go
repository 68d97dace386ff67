package fc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"weft/faas/contract"
)

// maxPostHeader bounds the headers of a post, in bytes. An HTTP function's headers travel in one of them as base64, and a post
// that is refused because of its headers is an invocation that is never answered, so the bound is wide.
const maxPostHeader = 8 << 20

// Instance serves the API to one program. It implements contract.Instance.
type Instance struct {
	identity Identity
	listener net.Listener
	server   *http.Server
	served   chan struct{} // closed when the server has ended

	offers chan *task    // an invocation that waits for a poll
	polled chan struct{} // closed by the first poll
	gone   chan struct{} // closed when the program is gone

	mu      sync.Mutex // protects what follows
	first   time.Time  // the program's first request
	ready   bool       // polled is closed
	cause   *contract.Error
	waiting map[string]*task // offered or handed over and not answered, by request id
}

var _ contract.Instance = (*Instance)(nil)

// New opens the instance's listener on a free port of the loopback interface. It fails when there is none.
func New(identity Identity) (*Instance, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the runtime API: %w", err)
	}
	i := &Instance{
		identity: identity, listener: listener, served: make(chan struct{}),
		offers: make(chan *task), polled: make(chan struct{}), gone: make(chan struct{}), waiting: map[string]*task{},
	}
	i.server = &http.Server{
		Handler:        i.handler(),
		MaxHeaderBytes: maxPostHeader,
		ErrorLog:       log.New(io.Discard, "", 0), // what a program sends is the program's affair
	}
	go func() {
		defer close(i.served)
		_ = i.server.Serve(listener) // ends with Close, or when the listener is broken, and then Ready's context ends
	}()
	return i, nil
}

// Environment implements contract.Instance.
func (i *Instance) Environment() []string {
	return append(i.identity.Environment(), "FC_RUNTIME_API="+i.listener.Addr().String())
}

// Ready implements contract.Instance: the program is ready when it polls.
func (i *Instance) Ready(ctx context.Context) error {
	select {
	case <-i.polled:
		return nil
	case <-i.gone:
		return i.exit()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Initialize implements contract.Instance.
func (i *Instance) Initialize(ctx context.Context, hook *contract.Invocation) error {
	return i.runHook(ctx, hook, Initializer)
}

// PreFreeze implements contract.Instance.
func (i *Instance) PreFreeze(ctx context.Context, hook *contract.Invocation) error {
	return i.runHook(ctx, hook, PreFreeze)
}

// PreStop implements contract.Instance.
func (i *Instance) PreStop(ctx context.Context, hook *contract.Invocation) error {
	return i.runHook(ctx, hook, PreStop)
}

func (i *Instance) runHook(ctx context.Context, hook *contract.Invocation, typ Type) error {
	if !i.identity.hook(typ).Enabled {
		return nil
	}
	t := newTask(hook.ID)
	i.identity.SetHeaders(t.header, hook, typ)
	answer, err := i.exchange(ctx, t)
	if err != nil {
		return err
	}
	if answer.failed {
		return answer.fault(ctx, i)
	}
	answer.finish(http.StatusOK) // a hook answers nothing
	return nil
}

// Phases implements contract.Instance.
func (i *Instance) Phases() contract.Phases {
	i.mu.Lock()
	defer i.mu.Unlock()
	return contract.Phases{FirstContact: i.first}
}

// Exited implements contract.Instance.
func (i *Instance) Exited(cause *contract.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cause == nil {
		i.cause = cause
		close(i.gone)
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
	err := i.server.Close()
	<-i.served
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the runtime API: %w", err)
	}
	return nil
}
