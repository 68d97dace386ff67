package function

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved variables are set by the runtime, with what the vendors put there: a value of the user's would be overwritten, or
// lead the program to another runtime. Credentials, regions, log settings and AWS_LAMBDA_EXEC_WRAPPER are the user's.
var reserved = map[string]string{
	"AWS_LAMBDA_RUNTIME_API":          "",
	"AWS_LAMBDA_FUNCTION_NAME":        "",
	"AWS_LAMBDA_FUNCTION_VERSION":     "",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "set memory",
	"AWS_LAMBDA_INITIALIZATION_TYPE":  "set instances.provisioned",
	"AWS_LAMBDA_MAX_CONCURRENCY":      "set concurrency",
	"AWS_LAMBDA_LOG_GROUP_NAME":       "",
	"AWS_LAMBDA_LOG_STREAM_NAME":      "",
	"AWS_EXECUTION_ENV":               "",
	"LAMBDA_TASK_ROOT":                "",
	"LAMBDA_RUNTIME_DIR":              "",
	"_HANDLER":                        "set handler",
	"_LAMBDA_TELEMETRY_LOG_FD":        "",
	"_X_AMZN_TRACE_ID":                "",
}

// reservedPrefixes are Function Compute's and ours.
var reservedPrefixes = []string{"FC_", "WEFT_"}

func checkEnvironment(c *checks, f *Function) {
	total := 0
	for _, name := range slices.Sorted(maps.Keys(f.Environment)) {
		value := f.Environment[name]
		total += len(name) + len(value) + 2 // = and the zero byte
		field := "environment." + name
		if !variableForm.MatchString(name) {
			c.bad(field, "want a name of letters, digits and _, no digit first, got %q", name)
			continue
		}
		if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
			c.bad(field, "want text without a zero byte, got %q", value)
		}
		hint, is := reserved[name]
		for _, prefix := range reservedPrefixes {
			is = is || strings.HasPrefix(name, prefix)
		}
		if name == "PORT" && f.Contract == HTTP {
			is, hint = true, "set server.port if the program cannot take it from there"
		}
		switch {
		case is && hint != "":
			c.bad(field, "is set by the runtime; %s", hint)
		case is:
			c.bad(field, "is set by the runtime")
		}
	}
	if total > MaxEnvironment {
		c.bad("environment", "want at most %d bytes in all, got %d", MaxEnvironment, total)
	}
}
