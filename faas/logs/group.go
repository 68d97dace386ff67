package logs

import (
	"bytes"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
)

// kind says which lines continue a record.
type kind uint8

const (
	plain    kind = iota // indented lines, and what follows a Java exception
	golang               // a panic, or the stacks of goroutines
	python               // a traceback
	nodejs               // an uncaught error: file:line, source, error, version
	faulting             // what Python's faulthandler prints
	jsonLine             // none
)

// kindOf looks at the first line of a record.
func kindOf(line string) kind {
	switch {
	case line[0] == '{':
		return jsonLine
	case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "), isGoroutine(line):
		return golang
	case strings.HasPrefix(line, tracebackLine):
		return python
	case isNodeSource(line):
		return nodejs
	case strings.HasPrefix(line, fatalPython):
		return faulting
	}
	return plain
}

const fatalPython = "Fatal Python error: "

const tracebackLine = "Traceback (most recent call last):"

func isGoroutine(line string) bool {
	return strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:")
}

// isNodeSource recognises where Node says that an uncaught error was thrown: a path and a line, nothing else.
func isNodeSource(line string) bool {
	if !strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "node:") && !strings.HasPrefix(line, "file://") {
		return false
	}
	colon := strings.LastIndexByte(line, ':')
	return colon > 0 && colon < len(line)-1 && strings.Trim(line[colon+1:], "0123456789") == "" && strings.Contains(line[:colon], "js")
}

// continues reports whether line belongs to the open record, and turns the record into a stack trace when line begins one that it announces.
func (g *group) continues(line []byte) bool {
	if g.kind == jsonLine {
		return false
	}
	if len(line) == 0 {
		return g.kind != plain
	}
	text := string(line[:min(len(line), 512)])
	if g.lines == 1 && g.blanks == 0 && g.kind == plain {
		failed := g.head.severity >= log.SeverityError
		switch k := kindOf(text); {
		case k == python && failed:
			g.kind = python
			return true
		case k == golang && isGoroutine(text) && (failed || strings.Contains(g.last, "panic")):
			g.kind = golang
			return true
		}
		if failed && exceptionType(text) != "" {
			return true
		}
	}
	switch g.kind {
	case golang:
		return continuesGo(text)
	case python:
		return continuesPython(g, text)
	case nodejs:
		return continuesNode(g, text)
	case faulting:
		return line[0] == ' ' || strings.HasPrefix(text, "Current thread ") || strings.HasPrefix(text, "Thread 0x") ||
			strings.HasPrefix(text, "Python runtime state: ") || strings.HasPrefix(text, "Extension modules: ") || text == "<no Python frame>"
	}
	switch {
	case line[0] == ' ', line[0] == '\t', strings.HasPrefix(text, "Caused by: "):
		return true
	case line[0] == '}', line[0] == ']':
		return g.lines > 1 // the end of what an indented line was in
	}
	return false
}

func continuesGo(line string) bool {
	if line[0] == '\t' || line[0] == ' ' {
		return true
	}
	for _, prefix := range []string{"goroutine ", "created by ", "[signal ", "panic", "runtime", "fatal error: ", "...", "SIG", "PC="} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	if name, value, ok := strings.Cut(line, " "); ok && len(name) <= 6 && strings.HasPrefix(strings.TrimSpace(value), "0x") {
		return true // a register
	}
	// A call: package.function(arguments)
	name, _, ok := strings.Cut(line, "(")
	return ok && line[len(line)-1] == ')' && strings.Contains(name, ".") && !strings.ContainsAny(name, " \t=")
}

const (
	duringHandling = "During handling of the above exception, another exception occurred:"
	directCause    = "The above exception was the direct cause of the following exception:"
)

// continuesPython takes the frames, which are indented, the line of the exception behind them, and the traceback of what it was raised from.
func continuesPython(g *group, line string) bool {
	switch {
	case line[0] == ' ' || line[0] == '\t':
		return g.blanks == 0 || !g.raised
	case line == duringHandling || line == directCause:
		return true
	case strings.HasPrefix(line, tracebackLine):
		return g.last == duringHandling || g.last == directCause
	}
	return !g.raised && g.blanks == 0
}

// continuesNode takes all between where an error was thrown and Node's version.
func continuesNode(g *group, line string) bool {
	if strings.HasPrefix(g.last, "Node.js v") {
		return false
	}
	return line[0] == ' ' || line[0] == '\t' || line[0] == '}' || line[0] == ']' || g.lines == 1 ||
		strings.HasPrefix(line, "Node.js v") || strings.HasPrefix(line, "throw ") || exceptionType(line) != "" ||
		(g.blanks > 0 && !g.frames)
}

// noted remembers what the next lines are compared with.
func (g *group) noted(line []byte) {
	text := valid(string(line[:min(len(line), 512)]))
	indented := line[0] == ' ' || line[0] == '\t'
	switch {
	case g.kind == python && (text == duringHandling || text == directCause || strings.HasPrefix(text, tracebackLine)):
		g.last, g.raised = text, false
	case g.kind == python && indented && g.raised: // more of the message
	case g.kind == python:
		g.last, g.raised = text, !indented
	case g.kind == nodejs:
		g.last = text
	}
	trimmed := bytes.TrimLeft(line, " \t")
	if len(trimmed) < len(line) && (bytes.HasPrefix(trimmed, []byte("at ")) || bytes.HasPrefix(trimmed, []byte("File \""))) || isGoroutine(text) {
		g.frames = true
	}
}

// describe gives a stack trace its severity, and the type and message of the exception.
func (g *group) describe(r *Record, more string) {
	severity, text := log.SeverityUndefined, ""
	var exception string // a line "type: message"
	switch g.kind {
	case golang:
		severity, text = log.SeverityError, "ERROR"
		first, _, _ := strings.Cut(r.Body.AsString(), "\n")
		if strings.HasPrefix(first, "panic: ") || strings.HasPrefix(first, "fatal error: ") {
			severity, text, exception = log.SeverityFatal, "FATAL", first
		}
	case python:
		severity, text, exception = log.SeverityError, "ERROR", g.last
		if !g.raised { // Lambda's runtime prints it first
			exception = findException(r.Body.AsString())
		}
	case nodejs:
		severity, text = log.SeverityError, "ERROR"
		exception = findException(more)
	case faulting:
		severity, text = log.SeverityFatal, "FATAL"
		exception, _, _ = strings.Cut(r.Body.AsString(), "\n")
	case plain:
		if g.frames {
			severity, text = log.SeverityError, "ERROR"
			exception = findException(r.Body.AsString())
		}
	}
	if r.Severity == log.SeverityUndefined {
		r.Severity, r.SeverityText = severity, text
	}
	if exception == "" {
		return
	}
	typ, message, _ := strings.Cut(strings.TrimPrefix(exception, "Uncaught "), ": ")
	typ = strings.TrimSpace(typ[strings.LastIndexByte(typ, ' ')+1:])
	if g.kind == golang || g.kind == faulting {
		typ, _, _ = strings.Cut(exception, ": ")
	}
	r.Attributes = append(r.Attributes, attribute.String(keyExceptionType, typ))
	if message != "" {
		r.Attributes = append(r.Attributes, attribute.String(keyExceptionMessage, message))
	}
}

// findException is the first line of text that names an exception, from the exception on.
func findException(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if typ := exceptionType(line); typ != "" {
			return line[strings.Index(line, typ):]
		}
	}
	return ""
}

// exceptionType finds a word that is named like an exception's class and followed by a colon or the end: "TypeError: x", "Uncaught
// Error: x", "Exception in thread "main" java.lang.IllegalStateException: x".
func exceptionType(line string) string {
	head, _, _ := strings.Cut(line, ": ")
	word := head[strings.LastIndexByte(head, ' ')+1:]
	for _, end := range []string{"Error", "Exception", "Throwable"} {
		if strings.HasSuffix(word, end) && strings.Trim(word, identifier) == "" {
			return word
		}
	}
	return ""
}

const identifier = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._$"
