package logs

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// parsed is what the first line of a record says.
type parsed struct {
	time         time.Time
	severity     log.Severity
	severityText string
	body         attribute.Value
	size         int // of the line, in bytes
	id           string
	idKey        string // the attribute that the id is when it is no invocation's
	strongID     bool   // the line's format has a place for the id, so that it is one
	trace        trace.TraceID
	span         trace.SpanID
	attributes   []attribute.KeyValue
	whole        bool // no line can follow
}

// parse recognises the formats of runtimes and loggers. line is not empty and is valid UTF-8.
func parse(line string) parsed {
	p := parsed{size: len(line)}
	switch c := line[0]; {
	case c == '{':
		if p.json(line) {
			return p
		}
	case c == '[':
		if p.bracketed(line) {
			return p
		}
	case c >= '0' && c <= '9':
		if p.stamped(line) {
			return p
		}
	case len(line) > 5 && strings.IndexByte("IWEF", c) >= 0 && line[1] >= '0' && line[1] <= '9':
		if p.klog(line) {
			return p
		}
	}
	if p.logfmt(line) {
		return p
	}
	p.body = attribute.StringValue(line)
	p.findLevel(line)
	return p
}

// bracketed reads what Lambda's Python runtime prints: [LEVEL]\ttime\tid\tmessage for the logger, [LEVEL] message for an exception.
func (p *parsed) bracketed(line string) bool {
	head, rest, ok := strings.Cut(line[1:], "]")
	if !ok {
		return false
	}
	severity, text := levelWord(head)
	if severity == log.SeverityUndefined {
		return false
	}
	p.severity, p.severityText = severity, text
	if fields := strings.SplitN(rest, "\t", 4); len(fields) == 4 && fields[0] == "" {
		if at, err := time.Parse(time.RFC3339Nano, fields[1]); err == nil {
			p.time, p.id, p.strongID, rest = at, fields[2], isUUID(fields[2]), fields[3]
		}
	}
	p.body = attribute.StringValue(strings.TrimLeft(rest, " \t"))
	return true
}

// stamped reads lines that begin with an instant: time\tid\tLEVEL\tmessage of Lambda's Node, and time id [LEVEL] message of Function Compute.
func (p *parsed) stamped(line string) bool {
	end := strings.IndexAny(line, " \t")
	if end < len("2006-01-02T15:04:05Z") || end > len(time.RFC3339Nano) {
		return false
	}
	at, err := time.Parse(time.RFC3339Nano, line[:end])
	if err != nil {
		return false
	}
	p.time = at
	separator := line[end : end+1]
	id, rest, ok := strings.Cut(line[end+1:], separator)
	if !ok {
		return false
	}
	word, message, _ := strings.Cut(rest, separator)
	if separator == " " && (len(word) < 2 || word[0] != '[' || word[len(word)-1] != ']') {
		return false
	}
	severity, text := levelWord(word)
	if severity == log.SeverityUndefined {
		return false
	}
	p.severity, p.severityText, p.body = severity, text, attribute.StringValue(message)
	if isUUID(id) { // before its first invocation Node says "undefined"
		p.id, p.strongID = id, true
	}
	return true
}

// klog reads Kubernetes' format: Lmmdd hh:mm:ss.uuuuuu threadid file:line] message.
func (p *parsed) klog(line string) bool {
	head, message, ok := strings.Cut(line, "] ")
	fields := strings.Fields(head)
	if !ok || len(fields) != 4 || len(fields[0]) != 5 || len(fields[1]) < 8 || fields[1][2] != ':' {
		return false
	}
	file, at, ok := strings.Cut(fields[3], ":")
	number, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return false
	}
	switch line[0] {
	case 'I':
		p.severity, p.severityText = log.SeverityInfo, "I"
	case 'W':
		p.severity, p.severityText = log.SeverityWarn, "W"
	case 'E':
		p.severity, p.severityText = log.SeverityError, "E"
	default:
		p.severity, p.severityText = log.SeverityFatal, "F"
	}
	p.body = attribute.StringValue(message)
	p.attributes = []attribute.KeyValue{attribute.String("code.file.path", file), attribute.Int64("code.line.number", number)}
	return true
}

// logfmt reads key=value pairs, if one of them is a level and the line is nothing else.
func (p *parsed) logfmt(line string) bool {
	if !strings.HasPrefix(line, "level=") && !strings.Contains(line, " level=") && !strings.HasPrefix(line, "lvl=") && !strings.Contains(line, " lvl=") {
		return false
	}
	var pairs [maxAttributes]pair
	n := 0
	for rest := line; rest != ""; n++ {
		key, after, ok := strings.Cut(rest, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t\"") || n == len(pairs) {
			return false
		}
		value := after
		if strings.HasPrefix(after, `"`) {
			quoted, err := strconv.QuotedPrefix(after)
			if err != nil {
				return false
			}
			rest = after[len(quoted):]
			if value, err = strconv.Unquote(quoted); err != nil {
				return false
			}
		} else {
			value, _, _ = strings.Cut(after, " ")
			rest = after[len(value):]
		}
		if rest != "" && rest[0] != ' ' {
			return false
		}
		rest = strings.TrimLeft(rest, " ")
		pairs[n] = pair{key, value}
	}
	p.body = attribute.StringValue(line)
	for _, f := range pairs[:n] {
		p.field(f.key, attribute.StringValue(valid(f.value))) // a quoted \xff is no text
	}
	return true
}

type pair struct{ key, value string }

// findLevel looks for a level at the beginning of a line, or in the words after an instant.
func (p *parsed) findLevel(line string) {
	words := 1
	if line[0] >= '0' && line[0] <= '9' || line[0] == '[' {
		words = 6 // date, time, logger, thread
	}
	for i := 0; i < words && line != ""; i++ {
		line = strings.TrimLeft(line, " \t")
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		word := line[:end]
		if i == 0 {
			if colon := strings.IndexByte(word, ':'); colon > 0 && word[0] >= 'A' {
				word = word[:colon] // ERROR:root:message
			}
		}
		if s, text := levelWord(word); s != log.SeverityUndefined {
			p.severity, p.severityText = s, text
			return
		}
		line = line[end:]
	}
}

// marker recognises the lines of Function Compute's runtimes around each run: FC Invoke Start RequestId: id. The id is empty for any other line.
func marker(line string) (id string, begins bool) {
	rest, ok := strings.CutPrefix(line, "FC ")
	if !ok {
		return "", false
	}
	what, id, ok := strings.Cut(rest, " RequestId: ")
	if !ok {
		return "", false
	}
	id, _, _ = strings.Cut(id, ",") // an End may say more
	switch what {
	case "Invoke Start", "Initialize Start", "PreFreeze Start", "PreStop Start":
		return strings.TrimSpace(id), true
	case "Invoke End", "Initialize End", "PreFreeze End", "PreStop End":
		return strings.TrimSpace(id), false
	}
	return "", false
}

// isUUID reports whether s has the form of a request id.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
