package bootstrap_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

const styles = `
exports.callback = (event, context, cb) => { setTimeout(() => cb(null, { got: event.n }), 5); };
exports.promise = async (event) => ({ got: event.n });
exports.nothing = async () => {};
exports.sync = (event, context) => context.succeed('ok');
exports.done = (event, context) => context.done(null, 1);
exports.fail = (event, context) => context.fail(new RangeError('too far'));
exports.waits = (event, context, cb) => { cb(null, 'late'); setTimeout(() => { global.ran = true; }, 60); };
exports.ran = async () => global.ran === true;
exports.hurries = (event, context, cb) => { context.callbackWaitsForEmptyEventLoop = false; cb(null, global.timer === undefined); global.timer = setTimeout(() => {}, 1e8); };
exports.never = () => new Promise(() => {});
exports.thrown = async () => { null.x; };
exports.odd = async () => { throw 'a string'; };
exports.circular = async () => { const a = {}; a.a = a; return a; };
exports.context = async (event, c) => ({
  keys: [c.functionName, c.functionVersion, c.memoryLimitInMB, c.logGroupName, c.logStreamName, c.invokedFunctionArn, c.awsRequestId, c.tenantId],
  client: c.clientContext, identity: c.identity, left: c.getRemainingTimeInMillis() > 50000, trace: process.env._X_AMZN_TRACE_ID, waits: c.callbackWaitsForEmptyEventLoop,
});
exports.any = (event, context, cb) => exports[event.do](event, context, cb);
exports.rejects = async () => { Promise.reject(new Error('forgotten')); await new Promise((r) => setTimeout(r, 1e4)); };
exports.throwsLater = async () => { setTimeout(() => { throw new Error('in a timer'); }, 1); await new Promise((r) => setTimeout(r, 1e4)); };
`

func TestNodeStyles(t *testing.T) {
	p := run(t, "node", "index.any", map[string]string{"index.js": styles}, nil)
	n := 0
	do := func(what string, headers ...string) (said, string) {
		t.Helper()
		n++
		id := fmt.Sprintf("id-%d", n)
		return p.ask(id, fmt.Sprintf(`{"do": %q, "n": %d}`, what, n), headers...), id
	}
	for what, want := range map[string]string{
		"callback": `{"got":%d}`, "promise": `{"got":%d}`, "nothing": "null", "sync": `"ok"`, "done": "1", "never": "null",
	} {
		s, id := do(what)
		if strings.Contains(want, "%d") {
			want = fmt.Sprintf(want, n)
		}
		answers(t, s, id, want)
	}
	s, id := do("waits")
	answers(t, s, id, `"late"`)
	s, id = do("ran")
	answers(t, s, id, "true")

	s, id = do("context", "Lambda-Runtime-Trace-Id", "Root=1-2-3", "Lambda-Runtime-Client-Context", `{"custom":{"a":1}}`,
		"Lambda-Runtime-Cognito-Identity", `{"cognitoIdentityId":"x"}`, "Lambda-Runtime-Aws-Tenant-Id", "t1")
	answers(t, s, id, `{"keys":["f","7","128","group","stream","arn:aws:lambda:local:0:function:f","`+id+`","t1"],"client":{"custom":{"a":1}},"identity":{"cognitoIdentityId":"x"},"left":true,"trace":"Root=1-2-3","waits":true}`)
	s, id = do("context")
	if strings.Contains(s.body, `"trace"`) {
		t.Errorf("%s: the trace of another invocation is still there: %s", id, s.body)
	}

	s, id = do("thrown")
	stack := failed(t, s, "/invocation/"+id+"/error", "TypeError", "null")
	if len(stack) < 2 || !strings.HasPrefix(stack[0], "TypeError: ") || !strings.Contains(stack[1], "index.js:") {
		t.Errorf("trace: %q", stack)
	}
	if path, line, label := cause(t, s); !strings.HasSuffix(path, "/index.js") || line != 12 || label != "exports.thrown" {
		t.Errorf("got %s:%d %s, want index.js:12 exports.thrown", path, line, label)
	}
	s, id = do("fail")
	failed(t, s, "/invocation/"+id+"/error", "RangeError", "too far")
	s, id = do("odd")
	failed(t, s, "/invocation/"+id+"/error", "string", "a string")
	s, id = do("circular")
	failed(t, s, "/invocation/"+id+"/error", "Error", "Unable to stringify")

	s, id = do("hurries")
	answers(t, s, id, "true")
	s, id = do("hurries")
	answers(t, s, id, "false")
}

func TestNodeTooLarge(t *testing.T) {
	p := run(t, "node", "index.h", map[string]string{"index.js": "exports.h = async () => 'x'"}, nil)
	p.api.status = func(path string, body []byte) int {
		if strings.HasSuffix(path, "/response") {
			return 413
		}
		return 202
	}
	p.ask("1", "{}")
	failed(t, p.api.post(t), "/invocation/1/error", "Function.ResponseSizeTooLarge", "")
}

func TestNodeCrashes(t *testing.T) {
	for handler, want := range map[string]struct {
		kind, message string
		code          int
	}{
		"rejects":     {"Runtime.UnhandledPromiseRejection", "Error: forgotten", 128},
		"throwsLater": {"Error", "in a timer", 129},
	} {
		p := run(t, "node", "index."+handler, map[string]string{"index.js": styles}, nil)
		failed(t, p.ask("1", "{}"), "/invocation/1/error", want.kind, want.message)
		if code := p.exit(); code != want.code {
			t.Errorf("%s: exit code %d, want %d", handler, code, want.code)
		}
	}
}

func TestNodeLoads(t *testing.T) {
	ok := func(handler string, files map[string]string) {
		t.Helper()
		p := run(t, "node", handler, files, nil)
		answers(t, p.ask("1", "{}"), "1", `"`+handler+`"`)
	}
	body := func(handler string) string { return "async () => '" + handler + "'" }
	ok("a/b.fn", map[string]string{"a/b.js": "exports.fn = " + body("a/b.fn")})
	ok("a/b.x.y", map[string]string{"a/b.js": "exports.x = { y: " + body("a/b.x.y") + "}"})
	ok("m.h", map[string]string{"m.mjs": "await null; export const h = " + body("m.h")})
	ok("c.h", map[string]string{"c.cjs": "exports.h = " + body("c.h"), "package.json": `{"type":"module"}`})
	ok("t.h", map[string]string{"t.js": "import fs from 'fs'; export const h = " + body("t.h"), "package.json": `{"type":"module"}`})
	ok("d.default", map[string]string{"d.mjs": "export default " + body("d.default")})

	bad := func(handler, text, kind, message string) {
		t.Helper()
		p := run(t, "node", handler, map[string]string{"index.js": text}, nil)
		failed(t, p.api.post(t), "/init/error", kind, message)
		if code := p.exit(); code == 0 {
			t.Errorf("%s: exit code 0 after an error of the start", handler)
		}
	}
	bad("index.none", "", "Runtime.HandlerNotFound", "index.none is undefined or not exported")
	bad("index.h", "exports.h = 1", "Runtime.HandlerNotFound", "index.h is not a function")
	bad("other.h", "", "Runtime.ImportModuleError", "Cannot find module 'other'")
	bad("index.h", "require('nothing-there')", "Runtime.ImportModuleError", "Cannot find module 'nothing-there'")
	bad("index.h", "exports.h = (", "Runtime.UserCodeSyntaxError", "SyntaxError")
	bad("index.h", "throw new RangeError('at start')", "RangeError", "at start")
	bad("index", "", "Runtime.MalformedHandlerName", "Bad handler")
	bad("../index.h", "", "Runtime.MalformedHandlerName", "not a valid handler name")
}

func TestNodeStreams(t *testing.T) {
	p := run(t, "node", "index.h", map[string]string{"index.js": `
const { pipeline } = require('stream/promises');
const { Readable } = require('stream');
exports.h = awslambda.streamifyResponse(async (event, out, context) => {
  if (event.http) out = awslambda.HttpResponseStream.from(out, { statusCode: 201 });
  else if (event.type) out.setContentType(event.type);
  if (event.early) throw new RangeError('before anything');
  if (event.pipe) return pipeline(Readable.from(['x'.repeat(100000), 'y']), out);
  out.write('one,');
  await new Promise((r) => setTimeout(r, 5));
  if (event.late) throw new RangeError('midway');
  out.write('two');
  out.end();
});`}, nil)
	s := p.ask("1", `{"type": "text/plain"}`)
	answers(t, s, "1", "one,two")
	if s.header.Get("Lambda-Runtime-Function-Response-Mode") != "streaming" || s.header.Get("Content-Type") != "text/plain" {
		t.Errorf("headers %v", s.header)
	}
	s = p.ask("2", `{"http": true}`)
	answers(t, s, "2", `{"statusCode":201}`+"\x00\x00\x00\x00\x00\x00\x00\x00one,two")
	if got := s.header.Get("Content-Type"); got != "application/vnd.awslambda.http-integration-response" {
		t.Errorf("content type %q", got)
	}
	answers(t, p.ask("3", `{"pipe": true}`), "3", strings.Repeat("x", 100000)+"y")
	failed(t, p.ask("4", `{"early": true}`), "/invocation/4/error", "RangeError", "before anything")
	s = p.ask("5", `{"late": true}`)
	answers(t, s, "5", "one,")
	doc, err := base64.StdEncoding.DecodeString(s.trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil || s.trailer.Get("Lambda-Runtime-Function-Error-Type") != "RangeError" || !strings.Contains(string(doc), "midway") {
		t.Errorf("trailers %v: %s, %v", s.trailer, doc, err)
	}
	answers(t, p.ask("6", "{}"), "6", "one,two")
}

func TestNodeConcurrent(t *testing.T) {
	p := run(t, "node", "index.h", map[string]string{"index.js": `
let waiting = [];
exports.h = async (event, context) => {
  await new Promise((resolve) => { waiting.push(resolve); if (waiting.length === 3) waiting.forEach((f) => f()); });
  console.log('answering');
  return context.awsRequestId;
};`}, nil, "AWS_LAMBDA_MAX_CONCURRENCY=3")
	concurrent(t, p)
	for _, id := range []string{"a", "b", "c"} {
		p.prints("\t" + id + "\tINFO\tanswering")
	}
}

// concurrent fails unless three invocations that wait for each other are answered.
func concurrent(t *testing.T, p *program) {
	t.Helper()
	for range 3 {
		select {
		case <-p.api.polls:
		case <-time.After(wait):
			t.Fatal("the program does not poll three times at once")
		}
	}
	for _, id := range []string{"a", "b", "c"} {
		p.api.events <- event{id: id, body: "{}"}
	}
	got := map[string]string{}
	for range 3 {
		s := p.api.post(t)
		got[s.path] = s.body
	}
	for _, id := range []string{"a", "b", "c"} {
		if got["/invocation/"+id+"/response"] != `"`+id+`"` {
			t.Errorf("answers: %v", got)
		}
	}
}
