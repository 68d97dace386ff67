package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/contract"
)

// Headers of the Runtime API, in net/http's spelling.
const (
	headerErrorType    = "Lambda-Runtime-Function-Error-Type"
	headerErrorBody    = "Lambda-Runtime-Function-Error-Body"
	headerErrorCause   = "Lambda-Runtime-Function-Xray-Error-Cause"
	headerResponseMode = "Lambda-Runtime-Function-Response-Mode"
	headerTrace        = "X-Amzn-Trace-Id"
)

// next holds the program's poll until there is an invocation for it. It never times out.
func (i *Instance) next(w http.ResponseWriter, req *http.Request) {
	i.mu.Lock()
	i.contacted()
	again, from := i.polledAgain()
	if from != "" {
		i.mu.Unlock()
		refuse(w, from, idle)
		return
	}
	if again != nil {
		i.mu.Unlock()
		_ = i.hand(again, w)
		return
	}
	if !i.polled {
		i.polled = true
		i.initDone(nil)
		i.checkReady()
	}
	if len(i.waiting) > 0 {
		r := i.waiting[0]
		i.waiting = slices.Delete(i.waiting, 0, 1)
		i.start(r)
		i.mu.Unlock()
		if err := i.hand(r, w); err != nil && i.takeBack(r) {
			i.dispatch(r, true)
		}
		return
	}
	p := &poll{w: w, handed: make(chan struct{})}
	i.polls = append(i.polls, p)
	i.mu.Unlock()
	select {
	case <-p.handed:
	case <-req.Context().Done():
		i.mu.Lock()
		k := slices.Index(i.polls, p)
		if k >= 0 {
			i.polls = slices.Delete(i.polls, k, k+1)
		}
		i.mu.Unlock()
		if k < 0 {
			<-p.handed // somebody is writing to w
		}
	}
}

// polledAgain does what a poll means for the invocation that the program had. from is set when it must not poll now; again is what
// it has not answered yet and gets once more, because it has evidently lost it. i.mu is held.
func (i *Instance) polledAgain() (again *run, from state) {
	if i.initErr {
		return nil, initFailed
	}
	if i.cfg.Function.Concurrency > 1 {
		// Which of them it has finished with cannot be told, nor does it matter.
		if len(i.sent) > 0 {
			i.release(i.sent[0])
		}
		return nil, ""
	}
	for _, r := range i.runs {
		switch {
		case r.state == responseSent, r.state == running && r.left:
			i.release(r)
		case r.state == running:
			return r, ""
		default:
			return nil, r.state
		}
	}
	return nil, ""
}

// hand writes r to a poll. Dispatched is set before.
func (i *Instance) hand(r *run, w http.ResponseWriter) error {
	h := w.Header()
	i.inject(r.inv, propagation.HeaderCarrier(h))
	if t := h[headerTrace]; t != nil {
		h["Lambda-Runtime-Trace-Id"] = t
	}
	h["Lambda-Runtime-Aws-Request-Id"] = []string{r.inv.ID}
	h["Lambda-Runtime-Deadline-Ms"] = []string{strconv.FormatInt(r.inv.Deadline.UnixMilli(), 10)}
	h["Lambda-Runtime-Invoked-Function-Arn"] = []string{i.arnOf(r.inv)}
	if r.inv.ClientContext != "" {
		h["Lambda-Runtime-Client-Context"] = []string{r.inv.ClientContext}
	}
	if r.inv.CognitoIdentity != "" {
		h["Lambda-Runtime-Cognito-Identity"] = []string{r.inv.CognitoIdentity}
	}
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(r.event))}
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(r.event); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// inject writes the context of inv in every format.
func (i *Instance) inject(inv *contract.Invocation, c propagation.TextMapCarrier) {
	ctx := trace.ContextWithSpanContext(context.Background(), inv.Span)
	if inv.Baggage.Len() > 0 {
		ctx = baggage.ContextWithBaggage(ctx, inv.Baggage)
	}
	i.propagator.Inject(ctx, c)
}

func (i *Instance) arnOf(inv *contract.Invocation) string {
	if inv.Qualifier == "" {
		return i.arn
	}
	return i.arn + ":" + inv.Qualifier
}

// begin takes the program's answer to the invocation that the path names, or refuses it and returns nil.
func (i *Instance) begin(w http.ResponseWriter, req *http.Request, to state) *run {
	i.mu.Lock()
	r := i.runs[req.PathValue("id")]
	if r == nil {
		i.mu.Unlock()
		invalidRequestID(w)
		return nil
	}
	if r.state != running {
		from := r.state
		i.mu.Unlock()
		refuse(w, from, to)
		return nil
	}
	r.state = to
	r.firstByte = time.Now()
	i.mu.Unlock()
	return r
}

// finish is end for those who do not hold i.mu.
func (i *Instance) finish(r *run, err *contract.Error) {
	i.mu.Lock()
	i.end(r, err)
	i.mu.Unlock()
}

// invocationError takes the program's failure.
func (i *Instance) invocationError(w http.ResponseWriter, req *http.Request) {
	r := i.begin(w, req, failing)
	if r == nil {
		return
	}
	body, err := readAll(req.Body, contract.MaxLambdaResponse)
	if errors.Is(err, errTooLarge) {
		i.finish(r, tooLarge(contract.MaxLambdaResponse, 0))
		requestTooLarge(w, contract.MaxLambdaResponse)
		return
	}
	if err != nil {
		i.finish(r, truncated(err))
		requestTruncated(w)
		return
	}
	i.mu.Lock()
	r.size = int64(len(body))
	i.end(r, parseFailure(req.Header, body, contract.ErrFunction))
	i.mu.Unlock()
	accepted(w)
}

// initError takes the program's failure to start.
func (i *Instance) initError(w http.ResponseWriter, req *http.Request) {
	body, err := readAll(req.Body, contract.MaxLambdaResponse)
	if err != nil {
		body = nil // its type is in the header still
	}
	failure := parseFailure(req.Header, body, contract.ErrUnknown)
	i.mu.Lock()
	i.contacted()
	if from := i.state(); from != started {
		i.mu.Unlock()
		refuse(w, from, initFailed)
		return
	}
	i.initErr = true
	i.fail(failure)
	i.mu.Unlock()
	accepted(w)
}

// state is the program's. i.mu is held.
func (i *Instance) state() state {
	if i.initErr {
		return initFailed
	}
	if !i.polled {
		return started
	}
	for _, r := range i.runs {
		return r.state
	}
	return idle
}

// restore refuses what exists with SnapStart only, which nothing is told to have.
func (i *Instance) restore(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusNotFound, "NotFound", "SnapStart is not in use: AWS_LAMBDA_INITIALIZATION_TYPE is "+string(i.cfg.Init))
}

// The answers to requests. Texts: the vendor's emulator.

func accepted(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, "{\"status\":\"OK\"}\n")
}

func writeError(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorDocument(errorType, message))
}

// errorDocument is Lambda's JSON for an error.
func errorDocument(errorType, message string) []byte {
	b, err := json.Marshal(struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}{message, errorType})
	if err != nil {
		return nil // cannot happen: strings always marshal
	}
	return b
}

func refuse(w http.ResponseWriter, from, to state) {
	writeError(w, http.StatusForbidden, "InvalidStateTransition",
		fmt.Sprintf("State transition from %s to %s failed for runtime. Error: State transition is not allowed", from, to))
}

func invalidRequestID(w http.ResponseWriter) {
	writeError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
}

func requestTooLarge(w http.ResponseWriter, limit int) {
	writeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
		fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", limit))
}

func requestTruncated(w http.ResponseWriter) {
	writeError(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
}
