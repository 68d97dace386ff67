package lambda

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"

	"weft/faas/contract"
)

// contentTypeCause is of error bodies that hold the cause for X-Ray, too.
const contentTypeCause = "application/vnd.aws.lambda.error.cause+json"

// parseFailure reads what a program says about its failure: the type in a header, the vendor's JSON in the body, and the
// cause for X-Ray in a header or in the body. fallback is the type when there is none.
func parseFailure(h http.Header, body []byte, fallback string) *contract.Error {
	var doc struct {
		Message string          `json:"errorMessage"`
		Type    string          `json:"errorType"`
		Stack   json.RawMessage `json:"stackTrace"`
		Trace   json.RawMessage `json:"trace"` // Node.js
		Cause   json.RawMessage `json:"errorCause"`
	}
	valid := json.Unmarshal(body, &doc) == nil
	e := &contract.Error{Type: doc.Type, Message: doc.Message, Handled: true}
	if e.Type == "" {
		e.Type = h.Get(headerErrorType)
	}
	if e.Type == "" {
		e.Type = fallback
	}
	if !valid {
		e.Message = strings.TrimSpace(string(body[:min(len(body), 1024)]))
	}
	cause := []byte(h.Get(headerErrorCause))
	if len(body) > 0 {
		e.Payload = body
	}
	if t, _, _ := mime.ParseMediaType(h.Get("Content-Type")); t == contentTypeCause && valid {
		cause = doc.Cause
		e.Payload = withoutCause(body)
	}
	if e.Stack = parseStack(doc.Stack); e.Stack == nil {
		e.Stack = parseStack(doc.Trace)
	}
	if e.Stack == nil {
		e.Stack = parseCause(cause)
	}
	return e
}

// withoutCause takes errorCause off, which is not for the caller.
func withoutCause(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return body
	}
	delete(fields, "errorCause")
	b, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return b
}

// frame is a line of a stack in Go's error documents and in causes for X-Ray.
type frame struct {
	Path  string `json:"path"`
	Line  int    `json:"line"`
	Label string `json:"label"`
}

func toFrames(in []frame) []contract.Frame {
	var out []contract.Frame
	for _, f := range in {
		out = append(out, contract.Frame{Function: f.Label, File: f.Path, Line: f.Line})
	}
	return contract.FromPanic(out)
}

// parseCause reads Lambda-Runtime-Function-XRay-Error-Cause.
func parseCause(cause []byte) []contract.Frame {
	var doc struct {
		Exceptions []struct {
			Stack []frame `json:"stack"`
		} `json:"exceptions"`
	}
	if json.Unmarshal(cause, &doc) != nil || len(doc.Exceptions) == 0 {
		return nil
	}
	return toFrames(doc.Exceptions[0].Stack)
}

// parseStack reads the shapes that the vendor's runtimes have for a stack: objects (Go), lines of V8's (Node.js), lines of a
// traceback, or lists of file, line, function and text (Python, outermost first). It returns nil for anything else.
func parseStack(raw json.RawMessage) []contract.Frame {
	var frames []frame
	if json.Unmarshal(raw, &frames) == nil {
		return toFrames(frames)
	}
	var lines []string
	if json.Unmarshal(raw, &lines) == nil {
		return contract.ParseFrames(lines)
	}
	var lists [][]any
	if json.Unmarshal(raw, &lists) != nil {
		return nil
	}
	var out []contract.Frame
	for _, l := range lists {
		if len(l) < 3 {
			continue
		}
		file, _ := l[0].(string)
		line, _ := l[1].(float64)
		name, _ := l[2].(string)
		out = append(out, contract.Frame{Function: name, File: file, Line: int(line)})
	}
	slices.Reverse(out)
	return out
}
