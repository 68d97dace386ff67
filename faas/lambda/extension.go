package lambda

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"weft/faas/contract"
)

// States of extensions. Names: the vendor's emulator.
const (
	extStarted        state = "Started"
	extRegistered     state = "Registered"
	extReady          state = "Ready"
	extRunning        state = "Running"
	extInitError      state = "InitError"
	extExitError      state = "ExitError"
	extExited         state = "Exited"
	extShutdownFailed state = "ShutdownFailed"
)

// Error types of extensions that end an instance. Source: the vendor's emulator, fatalerror.
const (
	ErrExtensionInit  = "Extension.InitError"
	ErrExtensionExit  = "Extension.ExitError"
	ErrExtensionCrash = "Extension.Crash"
)

// maxExtensions bounds the extensions of a function. Source: Lambda's quotas.
const maxExtensions = 10

const (
	headerExtensionID   = "Lambda-Extension-Identifier"
	headerExtensionName = "Lambda-Extension-Name"
	headerExtensionErr  = "Lambda-Extension-Function-Error-Type"
)

// extension is a program, or a part of the function's, that is told about invocations. Its fields are guarded by Instance.mu.
type extension struct {
	name, id         string
	external         bool
	state            state
	invoke, shutdown bool // what it has registered for
	polled           bool // at least once
	told             bool // it is to be sent SHUTDOWN, or would be
	stopping         bool // it has taken SHUTDOWN
	events           chan extensionEvent
	current          *run          // whose INVOKE it is at
	gone             chan struct{} // closed when it has exited, or has polled again after SHUTDOWN
	isGone           bool
}

type extensionEvent struct {
	body []byte
	run  *run // nil for SHUTDOWN
}

// extensions are those of one instance. Instance.mu guards it.
type extensions struct {
	paths      []string // of external ones
	all        []*extension
	registered chan struct{} // closed when the external ones have registered
	missing    int           // external ones that have not
}

func (e *extensions) init(paths []string) {
	e.paths = paths
	e.registered = make(chan struct{})
	e.missing = len(paths)
	for _, p := range paths {
		e.all = append(e.all, newExtension(filepath.Base(p), true))
	}
	if e.missing == 0 {
		close(e.registered)
	}
}

func newExtension(name string, external bool) *extension {
	return &extension{
		name: name, id: uuid.NewString(), external: external, state: extStarted,
		// An invocation is one event, and there is one at a time: events of more are refused at registration.
		events: make(chan extensionEvent, 4),
		gone:   make(chan struct{}),
	}
}

// findExtensions lists the executable files of dirs; a name that comes twice is that of the first folder.
func findExtensions(dirs []string) ([]string, error) {
	var paths []string
	seen := map[string]bool{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for extensions: %w", err)
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			info, err := os.Stat(path) // of what a link points at
			if err != nil || !info.Mode().IsRegular() || info.Mode()&fs.FileMode(0o111) == 0 || seen[entry.Name()] {
				continue
			}
			seen[entry.Name()] = true
			paths = append(paths, path)
		}
	}
	if len(paths) > maxExtensions {
		return nil, fmt.Errorf("extensions: want at most %d, got %d", maxExtensions, len(paths))
	}
	return paths, nil
}

func (e *extensions) find(f func(*extension) bool) *extension {
	if k := slices.IndexFunc(e.all, f); k >= 0 {
		return e.all[k]
	}
	return nil
}

func (e *extensions) allReady() bool {
	return e.find(func(x *extension) bool { return !x.polled }) == nil
}

// register takes an extension in: an external one that has been started, or one inside the program.
func (i *Instance) register(w http.ResponseWriter, req *http.Request) {
	name := req.Header.Get(headerExtensionName)
	if name == "" {
		forbidden(w, "Extension.InvalidExtensionName", "Empty extension name")
		return
	}
	var body struct {
		Events []string `json:"events"`
	}
	b, err := readAll(req.Body, 64<<10)
	if err == nil {
		err = json.Unmarshal(b, &body)
	}
	if err != nil {
		forbidden(w, "InvalidRequestFormat", err.Error())
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	x := i.extensions.find(func(x *extension) bool { return x.name == name })
	if x == nil || !x.external {
		i.contacted()
	}
	for _, event := range body.Events {
		if reason := i.invalidEvent(event, x != nil && x.external); reason != "" {
			forbidden(w, "Extension.InvalidEventType", event+": "+reason)
			return
		}
	}
	switch {
	case x != nil && x.external:
		if x.state != extStarted {
			refuseExtension(w, x, extRegistered, x.name)
			return
		}
		i.extensions.missing--
		if i.extensions.missing == 0 {
			close(i.extensions.registered)
		}
	case i.isReady || i.failure != nil:
		forbidden(w, "Extension.RegistrationClosed", "Extension registration closed already")
		return
	case x != nil:
		forbidden(w, "Extension.InvalidExtensionState", "Extension with this name already registered")
		return
	case len(i.extensions.all) >= maxExtensions:
		forbidden(w, "Extension.TooManyExtensions", fmt.Sprintf("Extension limit (%d) reached", maxExtensions))
		return
	default:
		x = newExtension(name, false)
		i.extensions.all = append(i.extensions.all, x)
	}
	x.state = extRegistered
	x.invoke = slices.Contains(body.Events, "INVOKE")
	x.shutdown = slices.Contains(body.Events, "SHUTDOWN")
	i.registrationAnswer(w, req, x)
}

// invalidEvent says why an extension cannot have an event, or "".
func (i *Instance) invalidEvent(event string, external bool) string {
	switch {
	case event == "SHUTDOWN" && !external:
		return "ShutdownEventNotSupportedForInternalExtension"
	case event == "INVOKE" && i.cfg.Function.Concurrency > 1:
		return "InvokeEventNotSupportedWithConcurrency"
	case event != "INVOKE" && event != "SHUTDOWN":
		return "ErrorInvalidEventType"
	}
	return ""
}

func (i *Instance) registrationAnswer(w http.ResponseWriter, req *http.Request, x *extension) {
	f := i.cfg.Function
	answer := map[string]string{"functionName": f.Name, "functionVersion": f.Version, "handler": f.Handler}
	for feature := range strings.SplitSeq(req.Header.Get("Lambda-Extension-Accept-Feature"), ",") {
		if strings.TrimSpace(feature) == "accountId" {
			answer["accountId"] = i.cfg.AccountID
		}
	}
	w.Header().Set(headerExtensionID, x.id)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // to a client that is gone
}

// identified hands over the extension that a request names. Only one that has registered knows its id.
func (i *Instance) identified(f func(http.ResponseWriter, *http.Request, *extension)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		id := req.Header.Get(headerExtensionID)
		if id == "" {
			forbidden(w, "Extension.MissingExtensionIdentifier", "Missing "+headerExtensionID+" header")
			return
		}
		if _, err := uuid.Parse(id); err != nil {
			forbidden(w, "Extension.InvalidExtensionIdentifier", "Invalid "+headerExtensionID)
			return
		}
		i.mu.Lock()
		x := i.extensions.find(func(x *extension) bool { return x.id == id })
		i.mu.Unlock()
		if x == nil {
			forbidden(w, "Extension.UnknownExtensionIdentifier", "Unknown extension "+id)
			return
		}
		f(w, req, x)
	}
}

// nextEvent holds the poll of an extension until there is an event for it.
func (i *Instance) nextEvent(w http.ResponseWriter, req *http.Request, x *extension) {
	i.mu.Lock()
	if x.state != extRegistered && x.state != extRunning {
		refuseExtension(w, x, extReady, x.id)
		i.mu.Unlock()
		return
	}
	x.state = extReady
	i.finished(x)
	if !x.polled {
		x.polled = true
		i.extensionReady(x)
		i.checkReady()
	}
	if x.stopping {
		x.leave()
	}
	i.mu.Unlock()
	var event extensionEvent
	select {
	case event = <-x.events:
	case <-req.Context().Done():
	}
	i.mu.Lock()
	if x.state == extReady {
		x.state, x.current = extRunning, event.run // when its client is gone it may poll again
	}
	x.stopping = x.stopping || event.body != nil && event.run == nil
	i.mu.Unlock()
	if event.body == nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(event.body) // what it does not take, it is done with when it polls again
}

// finished frees the invocation that x was at. i.mu is held.
func (i *Instance) finished(x *extension) {
	r := x.current
	if r == nil {
		return
	}
	x.current = nil
	if r.pending--; r.pending == 0 && r.released {
		i.freed(r)
	}
}

// leave marks x as gone. i.mu is held.
func (x *extension) leave() {
	if !x.isGone {
		x.isGone = true
		close(x.gone)
	}
}

func (i *Instance) extensionInitError(w http.ResponseWriter, req *http.Request, x *extension) {
	i.extensionError(w, req, x, extInitError, ErrExtensionInit)
}

func (i *Instance) extensionExitError(w http.ResponseWriter, req *http.Request, x *extension) {
	i.extensionError(w, req, x, extExitError, ErrExtensionExit)
}

// extensionError takes an extension's word that it cannot go on. Said twice, the first counts.
func (i *Instance) extensionError(w http.ResponseWriter, req *http.Request, x *extension, to state, errorType string) {
	reason := req.Header.Get(headerExtensionErr)
	if reason == "" {
		forbidden(w, "Extension.MissingHeader", headerExtensionErr+" not found")
		return
	}
	_, _ = io.CopyN(io.Discard, req.Body, drainLimit)
	i.mu.Lock()
	defer i.mu.Unlock()
	allowed := x.state == extRegistered || to == extExitError && (x.state == extReady || x.state == extRunning)
	switch {
	case x.state == to:
	case !allowed:
		refuseExtension(w, x, to, x.id)
		return
	default:
		x.state = to
		i.finished(x)
		i.extensionFailed(&contract.Error{Type: errorType, Message: fmt.Sprintf("extension %s: %s", x.name, reason)})
	}
	accepted(w)
}

// extensionFailed ends the start, or has the runtime end the instance. i.mu is held.
func (i *Instance) extensionFailed(err *contract.Error) {
	if !i.isReady {
		i.fail(err)
		return
	}
	select {
	case i.extFailed <- err:
	default: // one is enough
	}
}

func forbidden(w http.ResponseWriter, errorType, message string) {
	writeError(w, http.StatusForbidden, errorType, message)
}

func refuseExtension(w http.ResponseWriter, x *extension, to state, id string) {
	forbidden(w, "Extension.InvalidExtensionState", fmt.Sprintf(
		"State transition from %s to %s failed for extension %s. Error: State transition is not allowed", x.state, to, id))
}
