package contract

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// pythonFrame is a line of a traceback: '  File "/var/task/app.py", line 5, in handler\n    raise X\n'. Without the second comma it is one of
	// faulthandler's.
	pythonFrame = regexp.MustCompile(`^\s*File "(.+?)", line (\d+)(,?) in (\S+)`)
	// nodeFrame is a line of V8's Error.stack: "    at async fn (file:///app/index.js:3:9)", "at /app/index.js:3:9".
	nodeFrame = regexp.MustCompile(`^\s*(?:at )?(?:async )?(?:(.+?) \()?(?:file://)?([^()]+?):(\d+):\d+\)?$`)
)

// ParseFrames reads the lines of a stack of Node.js or Python and leaves out what is none. The innermost frame is the first, whatever
// order the language prints them in.
func ParseFrames(lines []string) []Frame {
	var out []Frame
	outermostFirst := false
	for _, l := range lines {
		first, _, _ := strings.Cut(l, "\n")
		if m := pythonFrame.FindStringSubmatch(first); m != nil {
			outermostFirst = outermostFirst || m[3] != ""
			out = append(out, Frame{Function: m[4], File: m[1], Line: atoi(m[2])})
		} else if m := nodeFrame.FindStringSubmatch(first); m != nil {
			out = append(out, Frame{Function: m[1], File: m[2], Line: atoi(m[3])})
		}
	}
	if outermostFirst {
		slices.Reverse(out)
	}
	return out
}

// ParseCrash reads what a program of Go, Python or Node.js has printed when it died: a panic or fatal error, a traceback or faulthandler's
// report, an uncaught error. The first frame is the innermost that is not the language's own machinery. Nil when there is none.
func ParseCrash(text string) []Frame {
	if at := strings.Index(text, "goroutine "); at >= 0 && (at == 0 || text[at-1] == '\n') {
		return goFrames(strings.Split(text[at:], "\n")[1:])
	}
	if _, current, ok := strings.Cut(text, "Current thread "); ok { // faulthandler prints the other threads, too
		text, _, _ = strings.Cut(current, "\n\n")
	} else if at := strings.LastIndex(text, "Traceback (most recent call last):"); at >= 0 {
		text = text[at:] // those before it are of what it was raised from
	}
	frames := ParseFrames(strings.Split(text, "\n"))
	for len(frames) > 1 && strings.HasPrefix(frames[0].File, "node:") {
		frames = frames[1:]
	}
	return frames
}

// goFrames reads the stack of one goroutine: two lines each, "package.function(arguments)" and "\t/file.go:12 +0x1d".
func goFrames(lines []string) []Frame {
	var out []Frame
	for i := 0; i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\t") && !strings.HasPrefix(lines[i], "created by "); i += 2 {
		name, place := lines[i], strings.TrimPrefix(lines[i+1], "\t")
		if open := strings.LastIndexByte(name, '('); open > 0 {
			name = name[:open]
		}
		place, _, _ = strings.Cut(place, " +0x")
		file, line, _ := strings.Cut(place, ".go:")
		out = append(out, Frame{Function: name, File: file + ".go", Line: atoi(line)})
	}
	for len(out) > 1 && (out[0].Function == "panic" || strings.HasPrefix(out[0].Function, "runtime.")) {
		out = out[1:]
	}
	return out
}

// atoi is for digits.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // more digits than an int holds
	}
	return n
}
