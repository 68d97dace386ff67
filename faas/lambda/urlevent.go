package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"weft/faas/contract"
)

// Payload format 2.0 of function URLs.
// Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads.
type urlEvent struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  urlContext        `json:"requestContext"`
	Body            string            `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type urlContext struct {
	AccountID    string  `json:"accountId"`
	APIID        string  `json:"apiId"`
	DomainName   string  `json:"domainName"`
	DomainPrefix string  `json:"domainPrefix"`
	HTTP         urlHTTP `json:"http"`
	RequestID    string  `json:"requestId"`
	RouteKey     string  `json:"routeKey"`
	Stage        string  `json:"stage"`
	Time         string  `json:"time"`
	TimeEpoch    int64   `json:"timeEpoch"`
}

type urlHTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// refusal is an answer to a request that the function does not see.
type refusal struct {
	status  int
	message string
}

func (f *refusal) write(w http.ResponseWriter) contract.Outcome {
	body, err := json.Marshal(struct{ Message string }{f.message})
	if err != nil {
		body = nil // cannot happen: strings always marshal
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
	return contract.Outcome{Status: f.status, ResponseBytes: int64(len(body))}
}

// eventOf returns the payload of inv: its own, or that made of its request.
func (i *Instance) eventOf(ctx context.Context, inv *contract.Invocation) ([]byte, *refusal, error) {
	if inv.Kind == contract.Event {
		return inv.Event, nil, nil
	}
	req := inv.Request
	var body []byte
	if req.Body != nil {
		var err error
		body, err = readAll(req.Body, contract.MaxLambdaRequest)
		switch {
		case errors.Is(err, errTooLarge):
			return nil, &refusal{http.StatusRequestEntityTooLarge,
				fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", contract.MaxLambdaRequest)}, nil
		case err != nil && ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			return nil, &refusal{http.StatusBadRequest, fmt.Sprintf("the request's body broke off: %v", err)}, nil
		}
	}
	path := req.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	now := time.Now()
	e := urlEvent{
		Version:        "2.0",
		RouteKey:       "$default",
		RawPath:        path,
		RawQueryString: req.URL.RawQuery,
		Headers:        i.urlHeaders(inv),
		RequestContext: urlContext{
			AccountID: i.cfg.AccountID, APIID: i.cfg.Function.Name, DomainName: req.Host, DomainPrefix: i.cfg.Function.Name,
			HTTP: urlHTTP{
				Method: req.Method, Path: path, Protocol: req.Proto, SourceIP: contract.HostOf(req.RemoteAddr), UserAgent: req.UserAgent(),
			},
			RequestID: inv.ID, RouteKey: "$default", Stage: "$default",
			Time: now.UTC().Format("02/Jan/2006:15:04:05 +0000"), TimeEpoch: now.UnixMilli(),
		},
	}
	for _, c := range req.Header["Cookie"] {
		for part := range strings.SplitSeq(c, ";") {
			e.Cookies = append(e.Cookies, strings.TrimSpace(part))
		}
	}
	for k, v := range req.URL.Query() {
		if e.Query == nil {
			e.Query = map[string]string{}
		}
		e.Query[k] = strings.Join(v, ",")
	}
	if contract.IsText(req.Header, body) {
		e.Body = string(body)
	} else {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	event, err := json.Marshal(e)
	if err != nil {
		return nil, nil, fmt.Errorf("make the event: %w", err) // cannot happen: strings always marshal
	}
	return event, nil, nil
}

// urlHeaders are the caller's in lower case, less the cookies, and with the context of inv instead of the caller's: a function
// that continues the trace of its event's headers must not leave our span out.
func (i *Instance) urlHeaders(inv *contract.Invocation) map[string]string {
	req := inv.Request
	h := make(lowerCarrier, len(req.Header)+12)
	for k, v := range req.Header {
		if k = strings.ToLower(k); k != "cookie" && !isContext(k) {
			h[k] = strings.Join(v, ",")
		}
	}
	h["host"] = req.Host
	from := contract.HostOf(req.RemoteAddr)
	if before := h["x-forwarded-for"]; before != "" {
		from = before + ", " + from
	}
	h["x-forwarded-for"] = from
	if h["x-forwarded-proto"] == "" {
		h["x-forwarded-proto"] = "http"
		if req.TLS != nil {
			h["x-forwarded-proto"] = "https"
		}
	}
	if _, port, err := net.SplitHostPort(req.Host); err == nil && h["x-forwarded-port"] == "" {
		h["x-forwarded-port"] = port
	}
	i.inject(inv, h)
	return h
}

// isContext says whether a header, in lower case, belongs to one of the families that a propagator of all formats writes.
func isContext(k string) bool {
	switch k {
	case "traceparent", "tracestate", "baggage", "uber-trace-id", "jaeger-baggage", "b3", "x-amzn-trace-id":
		return true
	}
	return strings.HasPrefix(k, "uberctx-") || strings.HasPrefix(k, "x-b3-") || strings.HasPrefix(k, "x-fc-tracing-opentracing-")
}

// lowerCarrier holds headers in lower case.
type lowerCarrier map[string]string

func (c lowerCarrier) Get(k string) string { return c[strings.ToLower(k)] }
func (c lowerCarrier) Set(k, v string)     { c[strings.ToLower(k)] = v }
func (c lowerCarrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}
