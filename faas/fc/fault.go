package fc

import (
	"encoding/json"
	"fmt"

	"weft/faas/contract"
)

// Fault makes an error of the document with which a program reports one:
// {"errorMessage", "errorType", "stackTrace": [{"path", "line", "label"}]}. Anything else is kept as it is.
func Fault(document []byte) *contract.Error {
	e := &contract.Error{Type: contract.ErrFunction, Payload: document}
	var doc struct {
		Message string          `json:"errorMessage"`
		Type    string          `json:"errorType"`
		Stack   json.RawMessage `json:"stackTrace"`
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		const shown = 200
		e.Message = fmt.Sprintf("%.*s", shown, document)
		e.Payload = nil // the caller is promised JSON
		return e
	}
	if doc.Type != "" {
		e.Type = doc.Type
	}
	e.Message = doc.Message
	e.Stack = parseStack(doc.Stack)
	// The SDK sends the stack of a panic; an error that the handler returned has none.
	e.Handled = len(e.Stack) == 0
	return e
}

// parseStack reads the Go SDK's objects, and lines of text as other languages send them.
func parseStack(raw json.RawMessage) []contract.Frame {
	var frames []struct {
		Path  string `json:"path"`
		Line  int    `json:"line"`
		Label string `json:"label"`
	}
	if json.Unmarshal(raw, &frames) == nil {
		stack := make([]contract.Frame, len(frames))
		for i, f := range frames {
			stack[i] = contract.Frame{Function: f.Label, File: f.Path, Line: f.Line}
		}
		return contract.FromPanic(stack)
	}
	var lines []string
	if json.Unmarshal(raw, &lines) != nil {
		return nil
	}
	stack := make([]contract.Frame, len(lines))
	for i, line := range lines {
		stack[i] = contract.Frame{Function: line}
	}
	return stack
}
