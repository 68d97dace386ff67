package front

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"weft/faas/contract"
)

// invokeLambdaStream is Lambda's InvokeWithResponseStream: the answer's bytes as they come, each piece an event, and at the end one that says
// whether it is whole. Source: API reference, InvokeWithResponseStream, 2021-11-15, and its client.
func (f *front) invokeLambdaStream(w http.ResponseWriter, r *http.Request) {
	req, err := lambdaRequest(r)
	if err != nil {
		lambdaError(w, err)
		return
	}
	w.Header().Set("X-Amzn-Requestid", req.ID)
	fn, err := f.rt.Resolve(req.Function, req.Qualifier)
	if err != nil {
		lambdaError(w, err)
		return
	}
	w.Header().Set("X-Amz-Executed-Version", fn.Version)
	events := &eventWriter{to: w, header: make(http.Header)}
	res, err := f.rt.Do(r.Context(), req, events)
	if err != nil {
		lambdaError(w, err)
		return
	}
	events.complete(res.Error, res.Log, r.Header.Get("X-Amz-Log-Type") == "Tail")
}

// eventWriter makes events of what is written to it.
type eventWriter struct {
	to      http.ResponseWriter
	header  http.Header // the function's, of which only the type is passed on
	encoder *eventstream.Encoder
	err     error
}

func (e *eventWriter) Header() http.Header {
	if e.encoder == nil {
		return e.to.Header() // what is set before the answer begins, such as traceresponse
	}
	return e.header
}

func (e *eventWriter) WriteHeader(int) {
	if e.encoder != nil {
		return
	}
	e.encoder = eventstream.NewEncoder()
	e.to.Header().Set("X-Amzn-Remapped-Content-Type", e.to.Header().Get("Content-Type"))
	e.to.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	e.to.Header().Del("Content-Length") // the answer's, not the events'
	e.to.WriteHeader(http.StatusOK)
}

func (e *eventWriter) Write(p []byte) (int, error) {
	if err := e.send("PayloadChunk", "application/octet-stream", p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// complete ends the stream.
func (e *eventWriter) complete(failure *contract.Error, log []byte, tail bool) {
	var end struct {
		ErrorCode    string `json:",omitempty"`
		ErrorDetails string `json:",omitempty"`
		LogResult    string `json:",omitempty"`
	}
	if failure != nil {
		end.ErrorCode, end.ErrorDetails = failure.Type, failure.Message
	}
	if tail {
		end.LogResult = base64.StdEncoding.EncodeToString(log)
	}
	body, err := json.Marshal(end)
	if err != nil { // of strings
		panic(err)
	}
	_ = e.send("InvokeComplete", "application/json", body) // a caller who is gone misses nothing
}

func (e *eventWriter) send(event, contentType string, payload []byte) error {
	e.WriteHeader(http.StatusOK)
	if e.err != nil {
		return e.err
	}
	var m eventstream.Message
	m.Headers.Set(":message-type", eventstream.StringValue("event"))
	m.Headers.Set(":event-type", eventstream.StringValue(event))
	m.Headers.Set(":content-type", eventstream.StringValue(contentType))
	m.Payload = payload
	if e.err = e.encoder.Encode(e.to, m); e.err == nil {
		e.err = http.NewResponseController(e.to).Flush()
	}
	return e.err
}
