package fc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"

	"weft/faas/contract"
)

const httpParamsHeader = "X-Fc-Http-Params"

// requestParams is what the header x-fc-http-params tells an HTTP function: base64 of this as JSON.
type requestParams struct {
	Path       string              `json:"path"`
	Method     string              `json:"method"`
	RequestURI string              `json:"requestURI"`
	ClientIP   string              `json:"clientIP"`
	Host       string              `json:"host"`
	QueriesMap map[string][]string `json:"queriesMap"`
	HeadersMap map[string][]string `json:"headersMap"`
}

func encodeRequest(id *Identity, inv *contract.Invocation) (string, error) {
	r := inv.Request
	headers := r.Header.Clone()
	if headers == nil {
		headers = http.Header{}
	}
	removeHopByHop(headers)
	id.SetHeaders(headers, inv, Handle)
	headers.Set("Host", r.Host)
	// The SDK parses the URI with http.NewRequest, which takes neither an absent nor a relative one.
	raw, err := json.Marshal(requestParams{
		Path: r.URL.Path, Method: r.Method, RequestURI: r.URL.RequestURI(), ClientIP: contract.HostOf(r.RemoteAddr), Host: r.Host,
		QueriesMap: r.URL.Query(), HeadersMap: headers,
	})
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", httpParamsHeader, err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// responseParams is what an HTTP function answers in the same header.
type responseParams struct {
	Status     int                 `json:"status"`
	HeadersMap map[string][]string `json:"headersMap"`
	Headers    map[string]string   `json:"headers"` // of older programs
}

// decodeResponse reads the header of an answer. An absent one is an empty one: 200.
func decodeResponse(value string) (http.Header, int, error) {
	var p responseParams
	if value != "" {
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", httpParamsHeader, err)
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", httpParamsHeader, err)
		}
	}
	if p.Status == 0 {
		p.Status = http.StatusOK // the handler has written nothing
	}
	if p.Status < 200 || p.Status > 599 {
		return nil, 0, fmt.Errorf("%s: status: want 200 to 599, got %d", httpParamsHeader, p.Status)
	}
	answer := http.Header{}
	for name, value := range p.Headers {
		answer.Set(name, value)
	}
	for name, values := range p.HeadersMap {
		answer[http.CanonicalHeaderKey(name)] = values
	}
	for name, values := range answer {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, 0, fmt.Errorf("%s: header name %q", httpParamsHeader, name)
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return nil, 0, fmt.Errorf("%s: value of header %s: %q", httpParamsHeader, name, v)
			}
		}
	}
	removeHopByHop(answer)
	answer.Del("Content-Length") // the length of the post is the truth
	return answer, p.Status, nil
}

// removeHopByHop deletes the headers that mean one connection and not the message. RFC 9110, section 7.6.1.
func removeHopByHop(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		h.Del(name)
	}
}
