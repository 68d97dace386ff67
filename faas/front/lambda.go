package front

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"weft/faas"
	"weft/faas/contract"
)

// invokeLambda is Lambda's Invoke. Source: API reference, Invoke, 2015-03-31.
func (f *front) invokeLambda(w http.ResponseWriter, r *http.Request) {
	req, err := lambdaRequest(r)
	if err != nil {
		lambdaError(w, err)
		return
	}
	w.Header().Set("X-Amzn-Requestid", req.ID)
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
	case "DryRun":
		if _, err := f.rt.Resolve(req.Function, req.Qualifier); err != nil {
			lambdaError(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	case "Event":
		lambdaError(w, &lambdaFailure{http.StatusBadRequest, "InvalidParameterValueException",
			"X-Amz-Invocation-Type: Event, asynchronous invocation, is not offered: want RequestResponse or DryRun"})
		return
	default:
		lambdaError(w, &lambdaFailure{http.StatusBadRequest, "InvalidParameterValueException",
			fmt.Sprintf("X-Amz-Invocation-Type: want RequestResponse or DryRun, got %q", kind)})
		return
	}
	tail := r.Header.Get("X-Amz-Log-Type")
	if tail != "" && tail != "None" && tail != "Tail" {
		lambdaError(w, &lambdaFailure{http.StatusBadRequest, "InvalidParameterValueException", fmt.Sprintf("X-Amz-Log-Type: want None or Tail, got %q", tail)})
		return
	}
	req.Log = tail == "Tail"
	// The log and the version stand in headers, so the answer must be whole before it is sent.
	answer := &buffered{header: w.Header()}
	res, err := f.rt.Do(r.Context(), req, answer)
	if err != nil {
		lambdaError(w, err)
		return
	}
	h := w.Header()
	h.Set("X-Amz-Executed-Version", res.Version)
	if tail == "Tail" {
		h.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(res.Log))
	}
	if e := res.Error; e != nil {
		h.Set("X-Amz-Function-Error", "Unhandled") // what Lambda says of every failure of a function
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(errorPayload(e, res.ID))
		return
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(answer.body)
}

// lambdaRequest reads what all kinds of Lambda's invocations have.
func lambdaRequest(r *http.Request) (*faas.Request, error) {
	name, qualifier := functionOf(nameOf(r))
	if q := r.URL.Query().Get("Qualifier"); q != "" {
		if qualifier != "" && qualifier != q {
			return nil, &lambdaFailure{http.StatusBadRequest, "InvalidParameterValueException",
				fmt.Sprintf("Qualifier: the function's name says %q, the parameter %q", qualifier, q)}
		}
		qualifier = q
	}
	event, err := readEvent(r, contract.MaxLambdaRequest)
	if err != nil {
		return nil, err
	}
	req := &faas.Request{Function: name, Qualifier: qualifier, ID: uuid.NewString(), Event: event, Header: r.Header}
	if encoded := r.Header.Get("X-Amz-Client-Context"); encoded != "" {
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, &lambdaFailure{http.StatusBadRequest, "InvalidParameterValueException", "X-Amz-Client-Context: want base64: " + err.Error()}
		}
		req.ClientContext = string(decoded)
	}
	return req, nil
}

// functionOf takes apart what may name a function: NAME, NAME:QUALIFIER, ACCOUNT:function:NAME, or an ARN, each with a qualifier.
func functionOf(s string) (name, qualifier string) {
	if _, rest, ok := strings.Cut(s, "function:"); ok {
		s = rest
	}
	name, qualifier, _ = strings.Cut(s, ":")
	return name, qualifier
}

// readEvent reads a body up to bound bytes.
func readEvent(r *http.Request, bound int64) ([]byte, error) {
	if r.ContentLength > bound {
		return nil, &faas.TooLargeError{What: "request", Size: r.ContentLength, Bound: bound}
	}
	event, err := io.ReadAll(io.LimitReader(r.Body, bound+1))
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	if int64(len(event)) > bound {
		return nil, &faas.TooLargeError{What: "request", Size: int64(len(event)), Bound: bound}
	}
	return event, nil
}

// lambdaFailure is an error as Lambda's clients expect it.
type lambdaFailure struct {
	status  int
	kind    string
	message string
}

func (e *lambdaFailure) Error() string { return e.message }

// lambdaError writes err in the shape of Lambda's API: the type in a header, the message in the body.
func lambdaError(w http.ResponseWriter, err error) {
	var own *lambdaFailure
	if !errors.As(err, &own) {
		r := refusalOf(err)
		own = &lambdaFailure{r.status, r.lambda, err.Error()}
	}
	w.Header().Set("X-Amzn-ErrorType", own.kind)
	body := map[string]string{"Type": "User", "Message": own.message, "message": own.message}
	switch {
	case own.status >= http.StatusInternalServerError:
		body["Type"] = "Service"
	case own.status == http.StatusTooManyRequests:
		body["Reason"] = "ConcurrentInvocationLimitExceeded"
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, own.status, body)
}

// errorPayload is the body of an answer that is a failure.
func errorPayload(e *contract.Error, id string) []byte {
	if e.Payload != nil {
		return e.Payload
	}
	message := e.Message
	if strings.HasPrefix(e.Type, "Runtime.") || strings.HasPrefix(e.Type, "Sandbox.") {
		message = fmt.Sprintf("RequestId: %s Error: %s", id, e.Message)
	}
	body, err := json.Marshal(map[string]string{"errorMessage": message, "errorType": e.Type})
	if err != nil { // of strings
		panic(err)
	}
	return body
}
