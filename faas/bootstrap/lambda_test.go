package bootstrap_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weft/faas/bootstrap"
	"weft/faas/contract"
	"weft/faas/contract/contracttest"
	"weft/faas/function"
	"weft/faas/lambda"
)

// handler is a running bootstrap with a function's code.
type handler struct {
	*lambda.Instance
	*contracttest.Program
}

func start(t *testing.T, lang function.Language, spec string, concurrency int, files map[string]string) handler {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := bootstrap.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	i, err := lambda.New(lambda.Config{
		Function:   &function.Function{Name: "shop", Version: "7", Contract: function.Lambda, Language: lang, Handler: spec, Memory: 256 << 20, Concurrency: concurrency},
		InstanceID: "shop-1", CodeDir: dir, Region: "eu-test-1", AccountID: "123456789012", ExtensionDirs: []string{filepath.Join(dir, "extensions")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return handler{i, contracttest.Start(t, i, dir, nil, set.Command(lang)...)}
}

// call invokes the handler.
func (h handler) call(t *testing.T, event string) (*httptest.ResponseRecorder, *contract.Error) {
	t.Helper()
	w := httptest.NewRecorder()
	out, err := h.Invoke(contracttest.Context(t), contracttest.Event(event), w)
	if err != nil {
		t.Fatalf("%v; it printed %s", err, h.Output())
	}
	return w, out.Error
}

func (h handler) gives(t *testing.T, event, want string) {
	t.Helper()
	if w, failure := h.call(t, event); failure != nil || w.Body.String() != want {
		t.Errorf("%s: got %q, %v, want %q", event, w.Body.String(), failure, want)
	}
}

func (h handler) fails(t *testing.T, event, kind, message string) {
	t.Helper()
	_, failure := h.call(t, event)
	if failure == nil || failure.Type != kind || !strings.Contains(failure.Message, message) {
		t.Errorf("%s: got %v, want %s: %s", event, failure, kind, message)
	}
}

const nodeHandlers = `
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
let running = 0, most = 0;
exports.nested = { deep: async (event, context) => {
  switch (event.do) {
    case 'throw': throw new TypeError('no ' + event.do);
    case 'value': throw 'a text';
    case 'context': return [context.functionName, context.functionVersion, context.memoryLimitInMB, context.getRemainingTimeInMillis() > 0, context.awsRequestId.length];
    case 'nothing': return;
    case 'reject': Promise.reject(new RangeError('nobody cares')); await sleep(60000);
    case 'together': most = Math.max(most, ++running); for (let k = 0; k < 2000 && most < 2; k++) await sleep(5); running--; return most;
  }
  return event;
} };
exports.callback = (event, context, callback) => { setTimeout(() => event.fail ? callback(new Error(event.fail)) : callback(null, event), 5); };
exports.sync = (event) => ({ got: event });
exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  if (event.fail === 'early') throw new RangeError('early');
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'X-Own': 'yes' } });
  stream.write('one ');
  stream.write('two');
  stream.end();
});
`

func TestNode(t *testing.T) {
	files := map[string]string{"lib/app.js": nodeHandlers}
	h := start(t, function.NodeJS, "lib/app.nested.deep", 1, files)
	h.gives(t, `{"a":1}`, `{"a":1}`)
	h.gives(t, `{"do":"nothing"}`, `null`)
	h.gives(t, `{"do":"context"}`, `["shop","7","256",true,36]`)
	h.fails(t, `{"do":"throw"}`, "TypeError", "no throw")
	if _, failure := h.call(t, `{"do":"throw"}`); len(failure.Stack) == 0 || !strings.HasSuffix(failure.Stack[0].File, "lib/app.js") {
		t.Errorf("stack: %+v", failure.Stack)
	}
	h.fails(t, `{"do":"value"}`, "string", "a text")
	h.gives(t, `{"a":2}`, `{"a":2}`)
	h.fails(t, `{"do":"reject"}`, "Runtime.UnhandledPromiseRejection", "nobody cares")

	h = start(t, function.NodeJS, "lib/app.callback", 1, files)
	h.gives(t, `{"a":1}`, `{"a":1}`)
	h.fails(t, `{"fail":"so"}`, "Error", "so")
	h = start(t, function.NodeJS, "lib/app.sync", 1, files)
	h.gives(t, `1`, `{"got":1}`)
}

func TestNodeStream(t *testing.T) {
	h := start(t, function.NodeJS, "lib/app.stream", 1, map[string]string{"lib/app.js": nodeHandlers})
	w, failure := h.call(t, `{}`)
	if failure != nil || !strings.HasSuffix(w.Body.String(), "one two") || !strings.Contains(w.Body.String()+w.Header().Get("X-Own"), "yes") {
		t.Errorf("got %d %v %q, %v", w.Code, w.Header(), w.Body.String(), failure)
	}
	h.fails(t, `{"fail":"early"}`, "RangeError", "early")
}

func TestNodeModule(t *testing.T) {
	h := start(t, function.NodeJS, "app.handler", 1, map[string]string{"app.mjs": "export const handler = async (event) => event;"})
	h.gives(t, `7`, `7`)
}

const pythonHandlers = `
import threading, time
running = 0
most = 0
lock = threading.Lock()

def handler(event, context):
    global running, most
    do = event.get("do")
    if do == "raise":
        raise ValueError("no " + do)
    if do == "context":
        return [context.function_name, context.function_version, context.memory_limit_in_mb, context.get_remaining_time_in_millis() > 0, len(context.aws_request_id)]
    if do == "nothing":
        return
    if do == "together":
        with lock:
            running += 1
            most = max(most, running)
        for _ in range(2000):
            if most > 1:
                break
            time.sleep(0.005)
        with lock:
            running -= 1
        return most
    return event
`

func TestPython(t *testing.T) {
	h := start(t, function.Python, "lib/app.handler", 1, map[string]string{"lib/app.py": pythonHandlers})
	h.gives(t, `{"a":1}`, `{"a": 1}`)
	h.gives(t, `{"do":"nothing"}`, `null`)
	h.gives(t, `{"do":"context"}`, `["shop", "7", "256", true, 36]`)
	h.fails(t, `{"do":"raise"}`, "ValueError", "no raise")
	if _, failure := h.call(t, `{"do":"raise"}`); len(failure.Stack) == 0 || !strings.HasSuffix(failure.Stack[0].File, "lib/app.py") {
		t.Errorf("stack: %+v", failure.Stack)
	}
}

// With a concurrency above one, runs are beside one another.
func TestConcurrency(t *testing.T) {
	for lang, h := range map[function.Language]handler{
		function.NodeJS: start(t, function.NodeJS, "app.nested.deep", 2, map[string]string{"app.js": nodeHandlers}),
		function.Python: start(t, function.Python, "app.handler", 2, map[string]string{"app.py": pythonHandlers}),
	} {
		first := make(chan string)
		go func() {
			w := httptest.NewRecorder()
			_, _ = h.Invoke(contracttest.Context(t), contracttest.Event(`{"do":"together"}`), w)
			first <- w.Body.String()
		}()
		h.gives(t, `{"do":"together"}`, "2")
		if got := <-first; got != "2" {
			t.Errorf("%s: got %q", lang, got)
		}
	}
}

// What goes wrong before the first poll is the start's failure, by the vendor's names.
func TestInitErrors(t *testing.T) {
	for _, c := range []struct {
		lang                   function.Language
		spec, file, code, kind string
	}{
		{function.NodeJS, "app.handler", "app.js", "throw new RangeError('at start');", "RangeError"},
		{function.NodeJS, "app.other", "app.js", "exports.handler = () => {};", "Runtime.HandlerNotFound"},
		{function.NodeJS, "missing.handler", "app.js", "", "Runtime.ImportModuleError"},
		{function.NodeJS, "handler", "app.js", "", "Runtime.MalformedHandlerName"},
		{function.NodeJS, "app.handler", "app.js", "require('not-there');", "Runtime.ImportModuleError"},
		{function.NodeJS, "app.handler", "app.js", "let let = 1;", "Runtime.UserCodeSyntaxError"},
		{function.Python, "app.handler", "app.py", "raise KeyError('at start')", "KeyError"},
		{function.Python, "app.other", "app.py", "", "Runtime.HandlerNotFound"},
		{function.Python, "app.handler", "app.py", "import not_there", "Runtime.ImportModuleError"},
		{function.Python, "app.handler", "app.py", "def (", "Runtime.UserCodeSyntaxError"},
		{function.Python, "app.handler", "app.py", "None.x", "AttributeError"},
		{function.Python, "handler", "app.py", "", "Runtime.MalformedHandlerName"},
	} {
		h := start(t, c.lang, c.spec, 1, map[string]string{c.file: c.code})
		ctx, cancel := context.WithTimeout(context.Background(), contracttest.Patience)
		err := h.Ready(ctx)
		cancel()
		failure, ok := err.(*contract.Error)
		if !ok || failure.Type != c.kind {
			t.Errorf("%s %s with %q: got %v, want %s", c.lang, c.spec, c.code, err, c.kind)
		}
	}
}

// The files are put back when they were changed, and the same files are not written twice.
