package lambda

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"weft/faas/contract"
)

// answer is a function's answer to a Web invocation.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// answerDocument is what a function may answer with; numbers and booleans are taken for headers, too, as the vendor does.
type answerDocument struct {
	Status   json.RawMessage `json:"statusCode"`
	Headers  map[string]any  `json:"headers"`
	Cookies  []string        `json:"cookies"`
	Body     json.RawMessage `json:"body"`
	IsBase64 bool            `json:"isBase64Encoded"`
}

// parseAnswer makes an HTTP answer of a function's. JSON without statusCode is the body of an answer 200.
func parseAnswer(b []byte) (*answer, *contract.Error) {
	if !json.Valid(b) {
		return nil, badAnswer("want JSON, got %.60q", b)
	}
	var doc answerDocument
	if bytes.TrimLeft(b, " \t\r\n")[0] == '{' {
		if err := json.Unmarshal(b, &doc); err != nil {
			var probe struct {
				Status json.RawMessage `json:"statusCode"`
			}
			if json.Unmarshal(b, &probe) == nil && probe.Status != nil {
				return nil, badAnswer("%v", err)
			}
			doc = answerDocument{} // its fields mean something else
		}
	}
	if doc.Status == nil {
		return &answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, b}, nil
	}
	a, failure := doc.head()
	if failure != nil {
		return nil, failure
	}
	var text string
	switch {
	case doc.Body == nil:
	case json.Unmarshal(doc.Body, &text) != nil:
		a.body = doc.Body
	case doc.IsBase64:
		var err error
		if a.body, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, badAnswer("body: isBase64Encoded is true: %v", err)
		}
	default:
		a.body = []byte(text)
	}
	return a, nil
}

// head is everything but the body.
func (d *answerDocument) head() (*answer, *contract.Error) {
	var status int
	if err := json.Unmarshal(bytes.Trim(d.Status, `"`), &status); err != nil || status < 200 || status > 599 {
		return nil, badAnswer("statusCode: want 200 to 599, got %.20s", d.Status)
	}
	a := &answer{status: status, header: http.Header{}}
	for k, v := range d.Headers {
		switch http.CanonicalHeaderKey(k) {
		case "Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Trailer":
			continue // of the connection to the caller, which is ours
		}
		switch v := v.(type) {
		case string:
			a.header.Set(k, v)
		case bool:
			a.header.Set(k, strconv.FormatBool(v))
		case float64:
			a.header.Set(k, strconv.FormatFloat(v, 'f', -1, 64))
		case nil:
		default:
			return nil, badAnswer("headers.%s: want a string", k)
		}
	}
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", "application/json")
	}
	for _, c := range d.Cookies {
		a.header.Add("Set-Cookie", c)
	}
	return a, nil
}

func (a *answer) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a caller who is gone is the front's to notice
}

func badAnswer(format string, args ...any) *contract.Error {
	return &contract.Error{Type: contract.ErrFunction, Message: "the function's answer is no HTTP answer: " + fmt.Sprintf(format, args...)}
}

// maxPrelude bounds the JSON in front of a streamed HTTP answer, in bytes.
const maxPrelude = 64 << 10

// readPrelude reads the head of a streamed HTTP answer: JSON, then eight zeros. What follows is the body.
func readPrelude(body io.Reader) (*answer, io.Reader, error) {
	br := bufio.NewReader(body)
	var head []byte
	for !bytes.HasSuffix(head, make([]byte, 8)) {
		c, err := br.ReadByte()
		if err == io.EOF {
			return nil, nil, badAnswer("it ends before its prelude does")
		}
		if err != nil {
			return nil, nil, err
		}
		if head = append(head, c); len(head) > maxPrelude {
			return nil, nil, badAnswer("its prelude is longer than %d bytes", maxPrelude)
		}
	}
	var doc answerDocument
	if err := json.Unmarshal(head[:len(head)-8], &doc); err != nil {
		return nil, nil, badAnswer("prelude: %v", err)
	}
	if doc.Status == nil {
		doc.Status = json.RawMessage("200")
	}
	a, failure := doc.head()
	if failure != nil {
		return nil, nil, failure
	}
	return a, br, nil
}
