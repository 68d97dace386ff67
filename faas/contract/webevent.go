package contract

import (
	"mime"
	"net"
	"net/http"
	"strings"
	"unicode/utf8"
)

// HostOf is the host of an address with or without a port.
func HostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

// IsText says whether a body is passed on as it is; others are base64 in an event.
func IsText(h http.Header, body []byte) bool {
	if len(body) == 0 {
		return true
	}
	if h.Get("Content-Encoding") != "" || !utf8.Valid(body) {
		return false
	}
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch t {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml")
}
