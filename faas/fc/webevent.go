package fc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"weft/faas/contract"
)

// webEvent is an HTTP trigger's request as the event of a function that takes events.
// Source: https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function and the Go SDK's events/http.go.
type webEvent struct {
	Version string `json:"version"`
	// RawPath is as the caller wrote it; the path in RequestContext is decoded.
	RawPath         string            `json:"rawPath"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryParameters"`
	RequestContext  webContext        `json:"requestContext"`
}

type webContext struct {
	AccountID    string  `json:"accountId"`
	DomainName   string  `json:"domainName"`
	DomainPrefix string  `json:"domainPrefix"`
	HTTP         webHTTP `json:"http"`
	RequestID    string  `json:"requestId"`
	Time         string  `json:"time"`
	// TimeEpoch is in milliseconds; a string, as the vendor has it.
	TimeEpoch string `json:"timeEpoch"`
}

type webHTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// eventOf makes the event of inv's request, whose body was read. The headers name the invocation's trace, not the caller's.
func (id *Identity) eventOf(inv *contract.Invocation, body []byte) ([]byte, error) {
	r := inv.Request
	header := r.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	removeHopByHop(header)
	removeOwn(header)
	contract.SetContext(header, inv)
	header.Set("Host", r.Host)
	now := time.Now().UTC()
	e := webEvent{
		Version: "v1", RawPath: r.URL.EscapedPath(), Headers: joined(header), Query: joined(r.URL.Query()),
		RequestContext: webContext{
			AccountID: id.Account, DomainName: r.Host, DomainPrefix: id.Function.Name,
			HTTP:      webHTTP{Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: contract.HostOf(r.RemoteAddr), UserAgent: r.UserAgent()},
			RequestID: inv.ID, Time: now.Format(time.RFC3339), TimeEpoch: strconv.FormatInt(now.UnixMilli(), 10),
		},
	}
	if contract.IsText(r.Header, body) {
		e.Body = string(body)
	} else {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	event, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("make the event of an HTTP request: %w", err)
	}
	return event, nil
}

func joined(values map[string][]string) map[string]string {
	one := make(map[string]string, len(values))
	for name, all := range values {
		one[name] = strings.Join(all, ",")
	}
	return one
}

// webAnswer makes an HTTP answer of a function that takes events: of what is no JSON, the body of an answer 200.
func webAnswer(body []byte) (*contract.WebAnswer, *contract.Error) {
	if json.Valid(body) {
		return contract.ParseWebAnswer(body)
	}
	return &contract.WebAnswer{Status: http.StatusOK, Header: http.Header{"Content-Type": {http.DetectContentType(body)}}, Body: body}, nil
}
