package contract

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// WebAnswer is the answer to a Web invocation of a function that takes events.
type WebAnswer struct {
	Status int
	Header http.Header
	Body   []byte
}

// answerDocument is what a function may answer with; numbers and booleans are taken for headers, too, as the vendor does.
type answerDocument struct {
	Status   json.RawMessage `json:"statusCode"`
	Headers  map[string]any  `json:"headers"`
	Cookies  []string        `json:"cookies"`
	Body     json.RawMessage `json:"body"`
	IsBase64 bool            `json:"isBase64Encoded"`
}

// ParseWebAnswer makes an HTTP answer of what Lambda's function URLs and Function Compute's HTTP triggers take for one:
// {statusCode, headers, body, isBase64Encoded}, with Lambda cookies, too. JSON without statusCode is the body of an answer 200.
func ParseWebAnswer(b []byte) (*WebAnswer, *Error) {
	if !json.Valid(b) {
		return nil, BadAnswer("want JSON, got %.60q", b)
	}
	var doc answerDocument
	if bytes.TrimLeft(b, " \t\r\n")[0] == '{' {
		if err := json.Unmarshal(b, &doc); err != nil {
			var probe struct {
				Status json.RawMessage `json:"statusCode"`
			}
			if json.Unmarshal(b, &probe) == nil && probe.Status != nil {
				return nil, BadAnswer("%v", err)
			}
			doc = answerDocument{} // its fields mean something else
		}
	}
	if doc.Status == nil {
		return &WebAnswer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, b}, nil
	}
	a, failure := doc.head()
	if failure != nil {
		return nil, failure
	}
	var text string
	switch {
	case doc.Body == nil:
	case json.Unmarshal(doc.Body, &text) != nil:
		a.Body = doc.Body
	case doc.IsBase64:
		var err error
		if a.Body, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, BadAnswer("body: isBase64Encoded is true: %v", err)
		}
	default:
		a.Body = []byte(text)
	}
	return a, nil
}

// head is everything but the body.
func (d *answerDocument) head() (*WebAnswer, *Error) {
	var status int
	if err := json.Unmarshal(bytes.Trim(d.Status, `"`), &status); err != nil || status < 200 || status > 599 {
		return nil, BadAnswer("statusCode: want 200 to 599, got %.20s", d.Status)
	}
	a := &WebAnswer{Status: status, Header: http.Header{}}
	for k, v := range d.Headers {
		switch http.CanonicalHeaderKey(k) {
		case "Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Trailer":
			continue // of the connection to the caller, which is ours
		}
		switch v := v.(type) {
		case string:
			a.Header.Set(k, v)
		case bool:
			a.Header.Set(k, strconv.FormatBool(v))
		case float64:
			a.Header.Set(k, strconv.FormatFloat(v, 'f', -1, 64))
		case nil:
		default:
			return nil, BadAnswer("headers.%s: want a string", k)
		}
	}
	if a.Header.Get("Content-Type") == "" {
		a.Header.Set("Content-Type", "application/json")
	}
	for _, c := range d.Cookies {
		a.Header.Add("Set-Cookie", c)
	}
	return a, nil
}

// Write sends a. A caller who is gone is the front's to notice.
func (a *WebAnswer) Write(w http.ResponseWriter) {
	for k, v := range a.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// ParseWebHead reads an answer without its body, such as stands before a streamed one.
func ParseWebHead(b []byte) (*WebAnswer, *Error) {
	var doc answerDocument
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, BadAnswer("prelude: %v", err)
	}
	if doc.Status == nil {
		doc.Status = json.RawMessage("200")
	}
	return doc.head()
}

// BadAnswer says that a function's answer is none.
func BadAnswer(format string, args ...any) *Error {
	return &Error{Type: ErrFunction, Message: "the function's answer is no HTTP answer: " + fmt.Sprintf(format, args...)}
}
