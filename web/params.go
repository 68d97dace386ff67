package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"weft/store"
)

// maxParamsBody bounds the body of a request that carries its parameters there.
const maxParamsBody = 64 << 10

// params reads a request's parameters and remembers every problem, so that one answer names them all.
type params struct {
	r      *http.Request
	values url.Values
	known  []string
	errs   []fieldError
}

func newParams(r *http.Request) *params {
	p := &params{r: r}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		p.fail("query", r.URL.RawQuery, "percent-encoded name=value pairs", errors.New("malformed query string"))
	}
	p.values = values
	if r.Method == http.MethodPost {
		p.readBody()
	}
	for name, list := range values {
		for _, v := range list {
			if !utf8.ValidString(name) || !utf8.ValidString(v) {
				p.fail(clip(name), v, "UTF-8", errNotUTF8)
			}
		}
	}
	return p
}

// readBody adds the parameters of a JSON object, which has room for more than an address: a text, a number or a bool for one that is
// given once, a list of texts for a repeatable one, an object for one whose text is JSON.
func (p *params) readBody() {
	fail := func(err error) { p.fail("body", "", "a JSON object of the parameters, at most 64 KiB", err) }
	body, err := io.ReadAll(io.LimitReader(p.r.Body, maxParamsBody+1))
	if err != nil || len(body) > maxParamsBody {
		fail(errors.New("cannot be read, or too long"))
		return
	}
	members, err := jsonObject(body, "")
	if err != nil {
		fail(err)
		return
	}
	for name, raw := range members {
		var list []string
		var text string
		switch raw[0] {
		case '[':
			err = json.Unmarshal(raw, &list)
		case '"':
			err = json.Unmarshal(raw, &text)
			list = []string{text}
		case 'n':
			err = errors.New("null")
		default:
			list = []string{string(raw)}
		}
		if err != nil {
			p.fail(clip(name), string(raw), "a text, a number, true, false, a list of texts or an object", errors.New("want none of null and other lists"))
			continue
		}
		p.values[name] = append(p.values[name], list...)
	}
}

// errNotUTF8 refuses what the store could only compare with nothing: stored text is UTF-8 throughout.
var errNotUTF8 = errors.New("want UTF-8 text")

func (p *params) fail(field, value, bound string, err error) {
	p.errs = append(p.errs, fieldError{Field: field, Value: clip(value), Bound: bound, Detail: err.Error()})
}

// err reports what went wrong, unknown parameters included: a misspelt filter must not look like an unfiltered result.
func (p *params) err() error {
	for name, values := range p.values {
		if !slices.Contains(p.known, name) {
			p.fail(clip(name), strings.Join(values, ","), strings.Join(p.known, ", "), errors.New("no such parameter here"))
		}
	}
	if len(p.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(p.errs, func(a, b fieldError) int { return strings.Compare(a.Field, b.Field) })
	return badParams(p.errs...)
}

// list returns the values of a repeatable parameter.
func (p *params) list(name string) []string {
	p.known = append(p.known, name)
	return p.values[name]
}

// text returns a parameter of at most maxBytes, "" when absent.
func (p *params) text(name string, maxBytes int) string {
	values := p.list(name)
	if len(values) == 0 {
		return ""
	}
	if len(values) > 1 {
		p.fail(name, strings.Join(values, ","), "once", errors.New("given more than once"))
	}
	if len(values[0]) > maxBytes {
		p.fail(name, values[0], fmt.Sprintf("at most %d bytes", maxBytes), errors.New("too long"))
		return ""
	}
	return values[0]
}

// pathText returns a part of the path of at most 1024 bytes.
func (p *params) pathText(name, complaint string) string {
	// chi matches on the escaped path where there is one, so that a name may hold a slash.
	raw := chi.URLParam(p.r, name)
	text, err := url.PathUnescape(raw)
	if p.r.URL.RawPath == "" {
		text, err = raw, nil
	}
	if err != nil || text == "" || len(text) > maxText || !utf8.ValidString(text) {
		p.fail(name, raw, "1 to 1024 bytes of UTF-8, percent-encoded", errors.New(complaint))
	}
	return text
}

// number returns a parameter within [low, high].
func (p *params) number(name string, low, high, byDefault int) int {
	s := p.text(name, 20)
	if s == "" {
		return byDefault
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		p.fail(name, s, fmt.Sprintf("%d to %d", low, high), errors.New("want a whole number in this range"))
		return byDefault
	}
	return n
}

func (p *params) boolean(name string) bool {
	switch s := p.text(name, 20); s {
	case "", "false":
		return false
	case "true":
		return true
	default:
		p.fail(name, s, "true or false", errors.New("want true or false"))
		return false
	}
}

// oneOf returns one of the allowed words, "" when absent.
func (p *params) oneOf(name string, allowed []string) string {
	s := p.text(name, 64)
	if s != "" && !slices.Contains(allowed, s) {
		p.fail(name, s, strings.Join(allowed, ", "), errors.New("want one of these"))
		return ""
	}
	return s
}

func (p *params) duration(name string) (d time.Duration, given bool) {
	s := p.text(name, 64)
	if s == "" {
		return 0, false
	}
	d, err := parseDuration(s)
	if err != nil {
		p.fail(name, s, durationBound, err)
		return 0, false
	}
	return d, true
}

// instant reads one point in time.
func (p *params) instant(name string, now time.Time) (t time.Time, given bool) {
	s := p.text(name, 64)
	if s == "" {
		return time.Time{}, false
	}
	t, err := parseInstant(s, now)
	if err != nil {
		p.fail(name, s, instantBound, err)
		return time.Time{}, false
	}
	return t, true
}

// timeRange reads from and to.
func (p *params) timeRange(now time.Time) store.TimeRange {
	var out store.TimeRange
	for _, b := range []struct {
		name string
		into *time.Time
	}{{"from", &out.From}, {"to", &out.To}} {
		if t, given := p.instant(b.name, now); given {
			*b.into = t
		}
	}
	if !out.From.IsZero() && !out.To.IsZero() && out.To.Before(out.From) {
		p.fail("to", p.values.Get("to"), "not before from", errors.New("ends before it starts"))
	}
	return out
}

func (p *params) traceID() store.TraceID {
	return p.parseTraceID("traceId", chi.URLParam(p.r, "traceId"))
}

// requiredTraceID reads a trace id that is a query parameter.
func (p *params) requiredTraceID(name string) store.TraceID {
	return p.parseTraceID(name, p.text(name, 64))
}

func (p *params) parseTraceID(name, s string) store.TraceID {
	id, err := store.ParseTraceID(s)
	if err != nil {
		p.fail(name, s, "1 to 32 hex digits", err)
	}
	return id
}

func (p *params) spanID() store.SpanID { return p.parseSpanID("spanId", chi.URLParam(p.r, "spanId")) }

// optionalSpanID reads a span id that is a query parameter; zero when absent.
func (p *params) optionalSpanID(name string) store.SpanID {
	s := p.text(name, 64)
	if s == "" {
		return store.SpanID{}
	}
	return p.parseSpanID(name, s)
}

func (p *params) parseSpanID(name, s string) store.SpanID {
	id, err := store.ParseSpanID(s)
	if err != nil {
		p.fail(name, s, "1 to 16 hex digits", err)
	}
	return id
}
