package function

import (
	"maps"
	"regexp"
)

var (
	// secretName are names of variables whose values are not shown. OTEL_EXPORTER_OTLP_HEADERS and its like hold tokens.
	secretName = regexp.MustCompile(`(?i)(token|secret|passw(or)?d|passphrase|credential|api_?key|access_?key|private_?key|auth|_headers$|_dsn$)`)
	// secretURL has a user and a password in it.
	secretURL = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://[^/@\s]*:[^/@\s]+@`)
)

// Redacted stands for a value that is not shown.
const Redacted = "***"

// Redact returns f without the values of variables that look like secrets: by their names, or as a URL with a password. It is f itself when
// there are none.
func (f *Function) Redact() *Function {
	var shown *Function
	for name, value := range f.Environment {
		if value == "" || !secretName.MatchString(name) && !secretURL.MatchString(value) {
			continue
		}
		if shown == nil {
			copied := *f
			copied.Environment = maps.Clone(f.Environment)
			shown = &copied
		}
		shown.Environment[name] = Redacted
	}
	if shown == nil {
		return f
	}
	return shown
}
