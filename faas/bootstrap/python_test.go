package bootstrap_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

const pyApp = `
import os, threading
def context(event, c):
    return [c.function_name, c.function_version, c.memory_limit_in_mb, c.log_group_name, c.log_stream_name, c.invoked_function_arn,
            c.aws_request_id, c.get_remaining_time_in_millis() > 50000, os.environ.get("_X_AMZN_TRACE_ID"),
            c.client_context and c.client_context.custom, c.client_context and c.client_context.client and c.client_context.client.app_title,
            c.identity.cognito_identity_id, c.tenant_id]
def echo(event, c): return event
def nothing(event, c): pass
def thrown(event, c):
    return {}["missing"]
def odd(event, c): return object()
def stream(event, c):
    yield b"one,"
    if event.get("late"): raise ValueError("midway")
    yield "two"
def early(event, c):
    raise ValueError("before anything")
    yield
def any(event, c): return globals()[event["do"]](event, c)
`

func TestPythonStyles(t *testing.T) {
	p := run(t, "python", "app.any", map[string]string{"app.py": pyApp}, nil)
	answers(t, p.ask("1", `{"do": "echo", "x": "ü"}`), "1", `{"do": "echo", "x": "ü"}`)
	answers(t, p.ask("2", `{"do": "nothing"}`), "2", "null")
	answers(t, p.ask("3", `{"do": "context"}`, "Lambda-Runtime-Trace-Id", "Root=1-2-3", "Lambda-Runtime-Aws-Tenant-Id", "t1",
		"Lambda-Runtime-Client-Context", `{"custom":{"a":1},"client":{"app_title":"T"}}`, "Lambda-Runtime-Cognito-Identity", `{"cognitoIdentityId":"x"}`),
		"3", `["f", "7", "128", "group", "stream", "arn:aws:lambda:local:0:function:f", "3", true, "Root=1-2-3", {"a": 1}, "T", "x", "t1"]`)
	answers(t, p.ask("4", `{"do": "context"}`), "4",
		`["f", "7", "128", "group", "stream", "arn:aws:lambda:local:0:function:f", "4", true, null, null, null, null, null]`)
	s := p.ask("5", `{"do": "thrown"}`)
	stack := failed(t, s, "/invocation/5/error", "KeyError", "'missing'")
	if len(stack) != 2 || !strings.Contains(stack[1], `app.py", line 11, in thrown`) || !strings.Contains(s.body, `"requestId": "5"`) {
		t.Errorf("error document: %s", s.body)
	}
	if path, line, label := cause(t, s); !strings.HasSuffix(path, "/app.py") || line != 11 || label != "thrown" {
		t.Errorf("got %s:%d %s, want app.py:11 thrown", path, line, label)
	}
	failed(t, p.ask("6", `{"do": "odd"}`), "/invocation/6/error", "Runtime.MarshalError", "not JSON serializable")
	failed(t, p.ask("7", `{`), "/invocation/7/error", "Runtime.UnmarshalError", "Unable to unmarshal input")

	s = p.ask("8", `{"do": "stream"}`)
	answers(t, s, "8", "one,two")
	if s.header.Get("Lambda-Runtime-Function-Response-Mode") != "streaming" {
		t.Errorf("headers %v", s.header)
	}
	s = p.ask("9", `{"do": "stream", "late": true}`)
	answers(t, s, "9", "one,")
	doc, err := base64.StdEncoding.DecodeString(s.trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil || s.trailer.Get("Lambda-Runtime-Function-Error-Type") != "ValueError" || !strings.Contains(string(doc), "midway") {
		t.Errorf("trailers %v: %s, %v", s.trailer, doc, err)
	}
	failed(t, p.ask("10", `{"do": "early"}`), "/invocation/10/error", "ValueError", "before anything")
	large := `{"do": "echo", "x": "` + strings.Repeat("x", 3<<20) + `"}`
	answers(t, p.ask("11", large), "11", large)
	p.prints("[ERROR] KeyError: 'missing'\rTraceback (most recent call last):\r")
}

func TestPythonLoads(t *testing.T) {
	p := run(t, "python", "pkg/mod.handler", map[string]string{"pkg/mod.py": "def handler(e, c): return __name__"}, nil)
	answers(t, p.ask("1", "{}"), "1", `"pkg.mod"`)

	bad := func(handler, text, kind, message string) {
		t.Helper()
		p := run(t, "python", handler, map[string]string{"app.py": text}, nil)
		failed(t, p.api.post(t), "/init/error", kind, message)
		if code := p.exit(); code == 0 {
			t.Errorf("%s: exit code 0 after an error of the start", handler)
		}
	}
	bad("app.none", "", "Runtime.HandlerNotFound", "Handler 'none' missing on module 'app'")
	bad("other.h", "", "Runtime.ImportModuleError", "Unable to import module 'other': No module named 'other'")
	bad("app.h", "import nothing_there", "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'nothing_there'")
	bad("app.h", "def (", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'")
	bad("app.h", "1/0", "ZeroDivisionError", "division by zero")
	bad("app", "", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)")
}

func TestPythonConcurrent(t *testing.T) {
	p := run(t, "python", "app.h", map[string]string{"app.py": `
import logging, threading
barrier = threading.Barrier(3)
def h(event, c):
    barrier.wait(20)
    logging.warning("answering")
    return c.aws_request_id
`}, nil, "AWS_LAMBDA_MAX_CONCURRENCY=3")
	concurrent(t, p)
	for _, id := range []string{"a", "b", "c"} {
		p.prints("Z\t" + id + "\tanswering")
	}
}
