package state

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxKey bounds a key, in bytes.
const MaxKey = 512

// checkKey: keys are parts separated by slashes, such as shop/$LATEST. A part is any text without a slash.
func checkKey(key string) error {
	switch {
	case len(key) == 0 || len(key) > MaxKey:
		return fmt.Errorf("key: want 1 to %d bytes, got %d", MaxKey, len(key))
	case !utf8.ValidString(key):
		return fmt.Errorf("key: want UTF-8, got %q", key)
	case strings.HasPrefix(key, "/") || strings.HasSuffix(key, "/") || strings.Contains(key, "//"):
		return fmt.Errorf("key: want parts that are not empty between slashes, got %q", key)
	}
	return nil
}

// encodeKey writes key as NATS wants it: parts become tokens, between dots, so that a prefix that ends at a slash is
// filtered by the server; bytes that a token cannot hold become = and two hex digits.
func encodeKey(key string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		switch {
		case c == '/':
			b.WriteByte('.')
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02x", c)
		}
	}
	return b.String()
}

// decodeKey is the inverse. What somebody else has written into the bucket and is not ours comes out as it is.
func decodeKey(token string) string {
	b := make([]byte, 0, len(token))
	for i := 0; i < len(token); i++ {
		switch c := token[i]; {
		case c == '.':
			b = append(b, '/')
		case c == '=' && i+2 < len(token):
			n, err := strconv.ParseUint(token[i+1:i+3], 16, 8)
			if err != nil {
				return token
			}
			b = append(b, byte(n))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// filterOf returns what the server can filter of a prefix: up to its last slash.
func filterOf(prefix string) string {
	if i := strings.LastIndexByte(prefix, '/'); i > 0 {
		return encodeKey(prefix[:i]) + ".>"
	}
	return ">"
}
