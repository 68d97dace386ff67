package faas

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"weft/faas/function"
)

// A handler that fails makes one record, the platform's, with the stack as the language writes it. Its runtime prints the failure too: that
// stays in the end of the output that the caller gets. What the handler logs itself stays a record.
func TestFailureIsOneRecord(t *testing.T) {
	const python = `
import logging
def inner(name):
    raise ValueError("no " + name)

def handler(event, context):
    try:
        inner("bread")
    except ValueError:
        logging.exception("the shelf is empty")
    inner("milk\nnor butter")
`
	const node = `
function inner() { throw new TypeError('no milk'); }
exports.handler = async () => { console.error('the shelf is empty'); inner(); };
`
	rt, e := openRuntime(t, t.TempDir())
	for name, one := range map[string]struct{ manifest, file, code string }{
		"py":      {"contract: lambda\nruntime: python\nhandler: app.handler\n", "app.py", python},
		"py-json": {"contract: lambda\nruntime: python\nhandler: app.handler\nenvironment: {AWS_LAMBDA_LOG_FORMAT: JSON}\n", "app.py", python},
		"js":      {"contract: lambda\nruntime: nodejs\nhandler: app.handler\n", "app.js", node},
		"js-json": {"contract: lambda\nruntime: nodejs\nhandler: app.handler\nenvironment: {AWS_LAMBDA_LOG_FORMAT: JSON}\n", "app.js", node},
	} {
		deploy(t, rt, "name: "+name+"\n"+one.manifest, map[string]string{one.file: one.code})
	}
	goProgram := func(name, contract, example string) *function.Function {
		dir := t.TempDir()
		build := exec.Command("go", "build", "-C", filepath.Join("..", "examples", "functions", example), "-o", filepath.Join(dir, "bootstrap"), ".")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", example, err, out)
		}
		return deployDir(t, rt, "name: "+name+"\ncontract: "+contract+"\n", dir)
	}
	goProgram("go", "lambda", "lambda-errors")
	goProgram("fc", "fc", "fc-event")

	type want struct{ message, stack, own string }
	wants := map[string]want{}
	for _, c := range []struct {
		name, event string
		want
	}{
		{"py", `{}`, want{"ValueError: no milk\nnor butter", "in inner\n    raise ValueError(\"no \" + name)\nValueError: no milk\nnor butter", "the shelf is empty"}},
		{"py-json", `{}`, want{"ValueError: no milk\nnor butter", "in inner\n    raise ValueError(\"no \" + name)", "the shelf is empty"}},
		{"js", `{}`, want{"TypeError: no milk", "TypeError: no milk\n    at inner (", "the shelf is empty"}},
		{"js-json", `{}`, want{"TypeError: no milk", "TypeError: no milk\n    at inner (", "the shelf is empty"}},
		{"go", `{"do": "error"}`, want{"errorString: no stock left", "", ""}},
		{"go", `{"do": "panic"}`, want{"", "at price (", ""}},
		{"fc", `{"fail": "no milk"}`, want{"errorString: no milk", "", ""}},
		{"fc", `{"panic": "no milk"}`, want{"string: no milk", "at handle (", ""}},
	} {
		_, res := do(t, rt, c.name, c.event)
		if res.Error == nil {
			t.Fatalf("%s %s has not failed", c.name, c.event)
		}
		if said, _, _ := strings.Cut(res.Error.Message, "\n"); !strings.Contains(string(res.Log), said) {
			t.Errorf("%s: the end of the output is without the failure:\n%s", c.name, res.Log)
		}
		wants[res.ID] = c.want
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := rt.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for id, want := range wants {
		failures, own := 0, 0
		for _, r := range e.records {
			attrs := r.Attributes().AsRaw()
			if attrs["faas.invocation_id"] != id {
				continue
			}
			switch body := r.Body().AsString(); {
			case r.EventName() == "faas.invocation.exception":
				failures++
				stack, _ := attrs["exception.stacktrace"].(string)
				if want.message != "" && body != want.message || !strings.Contains(stack, want.stack) || strings.Contains(stack, "gopanic") || r.SeverityNumber() != plog.SeverityNumberError {
					t.Errorf("%s %q with stack\n%s\nwant %+v", r.SeverityText(), body, stack, want)
				}
			case want.own != "" && strings.Contains(body, want.own):
				own++
			case r.SeverityNumber() >= plog.SeverityNumberError, strings.Contains(body, "errorMessage"):
				t.Errorf("another record of the failure: %s %s %.300q\n%s", r.SeverityText(), r.EventName(), body, e.dump())
			}
		}
		if failures != 1 || want.own != "" && own != 1 {
			t.Errorf("%+v: %d records of the failure and %d of the handler's own, want 1 each", want, failures, own)
		}
	}
}

// A program that cannot start makes one record, too: with the stack, where its language tells it. What one without our bootstraps prints of its
// own when it dies stays a record, as if nobody had watched it.
func TestFailedStartIsOneRecord(t *testing.T) {
	rt, e := openRuntime(t, t.TempDir())
	wants := map[string]struct{ manifest, file, code, message, stack, printed string }{
		"py": {"contract: lambda\nruntime: python\nhandler: app.handler\n", "app.py", "import milk\n",
			"Runtime.ImportModuleError: Unable to import module 'app': No module named 'milk'", "import milk", ""},
		"py-json": {"contract: lambda\nruntime: python\nhandler: app.handler\nenvironment: {AWS_LAMBDA_LOG_FORMAT: JSON}\n", "app.py", "import milk\n",
			"Runtime.ImportModuleError: Unable to import module 'app': No module named 'milk'", "", ""},
		"js": {"contract: lambda\nruntime: nodejs\nhandler: app.handler\n", "app.js", "require('milk')\n",
			"Runtime.ImportModuleError: Error: Cannot find module 'milk'", "app.js", ""},
		"js-json": {"contract: lambda\nruntime: nodejs\nhandler: app.handler\nenvironment: {AWS_LAMBDA_LOG_FORMAT: JSON}\n", "app.js", "require('milk')\n",
			"Runtime.ImportModuleError: Error: Cannot find module 'milk'", "app.js", ""},
		"node": {"contract: lambda\ncommand: [node, app.js]\n", "app.js", "function shelf() { throw new TypeError('no milk'); }\nshelf();\n",
			"Runtime.ExitError: Runtime exited with error: exit status 1", "at shelf (", "app.js:1\nfunction shelf()"},
	}
	for name, want := range wants {
		deploy(t, rt, "name: "+name+"\n"+want.manifest, map[string]string{want.file: want.code})
		if _, res := do(t, rt, name, "{}"); res.Error == nil {
			t.Errorf("%s has started", name)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := rt.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for name, want := range wants {
		failures, printed := 0, 0
		for _, r := range e.records {
			body := r.Body().AsString()
			if r.resource["faas.name"] != name {
				continue
			}
			switch stack, _ := r.Attributes().AsRaw()["exception.stacktrace"].(string); {
			case r.EventName() == "faas.invocation.exception":
				failures++
				if first, _, _ := strings.Cut(body, "\n"); first != want.message || !strings.Contains(stack, want.stack) {
					t.Errorf("%s: %q with stack\n%s\nwant %+v", name, body, stack, want)
				}
			case want.printed != "" && strings.Contains(body, want.printed):
				printed++
			case r.SeverityNumber() >= plog.SeverityNumberError:
				t.Errorf("%s: another record of the failure: %s %s %.300q", name, r.SeverityText(), r.EventName(), body)
			}
		}
		if failures != 1 || want.printed != "" && printed != 1 {
			t.Errorf("%s: %d records of the failure and %d as printed, want 1 each", name, failures, printed)
		}
	}
}
