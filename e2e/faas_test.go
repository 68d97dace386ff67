package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/faas/coldstart"
)

// fn runs `weft fn` against in and returns what it printed on both outputs.
func (in *instance) fn(t testing.TB, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.Command(weftBin, append([]string{"fn"}, args...)...)
	cmd.Env = append(os.Environ(), "WEFT_GATEWAY=http://"+in.addr["WEFT_FAAS"], "WEFT_SERVER=http://"+in.addr["http"], "WEFT_TOKEN="+in.token)
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	err = cmd.Run()
	return out.String(), msg.String(), err
}

func (in *instance) mustFn(t testing.TB, args ...string) (stdout, stderr string) {
	t.Helper()
	out, msg, err := in.fn(t, args...)
	if err != nil {
		t.Fatalf("weft fn %s: %v\n%s%s", strings.Join(args, " "), err, out, msg)
	}
	return out, msg
}

// deployTemplate makes a function of a template and deploys it.
func (in *instance) deployTemplate(t testing.TB, template, name string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), name)
	in.mustFn(t, "init", template, dir)
	in.mustFn(t, "deploy", dir)
	return dir
}

var traceLine = regexp.MustCompile(`(?m)^trace: ([0-9a-f]{32})$`)

// invoke runs a function with `weft fn invoke` and returns its answer and its trace.
func (in *instance) invoke(t testing.TB, name, event string) (answer, trace string) {
	t.Helper()
	out, msg := in.mustFn(t, "invoke", name, "-d", event)
	m := traceLine.FindStringSubmatch(msg)
	if m == nil {
		t.Fatalf("weft fn invoke %s names no trace: %s", name, msg)
	}
	return strings.TrimSpace(out), m[1]
}

// awaitTrace waits until a trace has a span of each name, and returns all of it.
func (in *instance) awaitTrace(t testing.TB, id string, names ...string) (spans []span) {
	t.Helper()
	await(t, storedWithin, func() (err error) {
		if spans, err = in.trace(id); err != nil {
			return err
		}
		for _, name := range names {
			if !slices.ContainsFunc(spans, func(s span) bool { return s.Name == name }) {
				return fmt.Errorf("trace %s has no span %q yet: %v", id, name, namesOf(spans))
			}
		}
		return nil
	})
	return spans
}

func namesOf(spans []span) (names []string) {
	for _, s := range spans {
		names = append(names, s.Name)
	}
	return names
}

func spanNamed(t testing.TB, spans []span, name string) span {
	t.Helper()
	i := slices.IndexFunc(spans, func(s span) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no span %q among %v", name, namesOf(spans))
	}
	return spans[i]
}

// explained is the share of a span's time that leaves below it cover, those named unexplained aside.
func explained(of span, spans []span) float64 {
	known := func(s span) coldstart.Span {
		return coldstart.Span{ID: s.SpanID, Parent: s.ParentID, Name: s.Name, StartNS: s.StartNS, EndNS: s.EndNS}
	}
	all := make([]coldstart.Span, len(spans))
	for i, s := range spans {
		all[i] = known(s)
	}
	return coldstart.Explained(known(of), all)
}

// TestFunctionTemplates goes from an empty folder to a running, traced function with every template: its first request explains the cold
// start, its second has none.
func TestFunctionTemplates(t *testing.T) {
	in := functionsInstance(t)
	out, _, err := in.fn(t, "init", "nonesuch", t.TempDir())
	if err == nil {
		t.Fatalf("an unknown template was made: %s", out)
	}
	for template, module := range map[string]string{
		"lambda-go": "init ", "lambda-node": "require ", "lambda-python": "import ", "lambda-bash": "", "fc-go": "init ",
		"http-express": "require express", "http-flask": "import flask", "http-go": "init ",
	} {
		t.Run(template, func(t *testing.T) {
			started := time.Now()
			name := "hello-" + template
			in.deployTemplate(t, template, name)
			first, second := in.callHello(t, template, name), ""
			t.Logf("from an empty folder to an answer: %v", time.Since(started).Round(time.Millisecond))
			second = in.callHello(t, template, name)

			spans := in.awaitTrace(t, first, "ColdStart", "Invocation", "Instance Init "+name)
			cold := spanNamed(t, spans, "ColdStart")
			if share := explained(cold, spans); share < 0.95 && template != "lambda-bash" {
				t.Errorf("leaf spans explain %.1f %% of the cold start, want 95 %%:\n%s", 100*share, draw(spans, cold.StartNS))
			}
			if module != "" && !slices.ContainsFunc(spans, func(s span) bool { return strings.HasPrefix(s.Name, module) }) {
				t.Errorf("no span %q… among %v", module, namesOf(spans))
			}
			warm := in.awaitTrace(t, second, "Invocation")
			if slices.ContainsFunc(warm, func(s span) bool { return s.Name == "ColdStart" }) {
				t.Errorf("the second request has a cold start: %v", namesOf(warm))
			}
			await(t, storedWithin, func() error {
				out, msg, err := in.fn(t, "logs", name)
				if err != nil {
					return fmt.Errorf("weft fn logs: %w %s", err, msg)
				}
				want := "greeting you"
				if template == "lambda-bash" {
					want = "answering "
				}
				if n := strings.Count(out, want); n != 2 {
					return fmt.Errorf("%q stands %d times in the log, want 2:\n%s", want, n, out)
				}
				return nil
			})
		})
	}
	listed, _ := in.mustFn(t, "list")
	if !strings.Contains(listed, "hello-lambda-go") {
		t.Errorf("weft fn list does not name what was deployed:\n%s", listed)
	}
	in.mustFn(t, "rm", "hello-lambda-bash")
	if _, msg, err := in.fn(t, "invoke", "hello-lambda-bash", "-d", "{}"); err == nil || !strings.Contains(msg, "not found") {
		t.Errorf("a removed function: got %v %s", err, msg)
	}
}

// draw lists spans by start, for messages.
func draw(spans []span, from int64) string {
	slices.SortFunc(spans, func(a, b span) int { return int(a.StartNS - b.StartNS) })
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&b, "%9.2f %9.2f ms  %s %s < %s\n", float64(s.StartNS-from)/1e6, float64(s.EndNS-s.StartNS)/1e6, s.Name, s.SpanID, s.ParentID)
	}
	return b.String()
}

// callHello asks a function made of a template to greet, and returns the trace.
func (in *instance) callHello(t *testing.T, template, name string) (trace string) {
	t.Helper()
	var answer string
	if strings.HasPrefix(template, "http-") {
		resp, err := httpClient.Get("http://" + in.addr["WEFT_FAAS"] + "/http/" + name + "/?name=you")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v %s", name, resp.StatusCode, err, body)
		}
		parts := strings.Split(resp.Header.Get("traceresponse"), "-")
		if len(parts) != 4 {
			t.Fatalf("traceresponse: got %q", resp.Header.Get("traceresponse"))
		}
		answer, trace = string(body), parts[1]
	} else {
		answer, trace = in.invoke(t, name, `{"name": "you"}`)
	}
	var got struct{ Message string }
	if err := json.Unmarshal([]byte(answer), &got); err != nil || !strings.HasPrefix(got.Message, "hello") {
		t.Fatalf("%s answered %q: %v", name, answer, err)
	}
	return trace
}

type awsAnswer struct {
	Status                                      int
	Payload, Error, Version, Log, Code, Message string
}

// TestFunctionsWithAWSClients calls functions with AWS's stock clients for Go and Node.
func TestFunctionsWithAWSClients(t *testing.T) {
	in := functionsInstance(t)
	dir := filepath.Join(t.TempDir(), "aws")
	in.mustFn(t, "init", "lambda-python", dir)
	if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte(`
def handler(event, context):
    print("asked for", event.get("name"))
    if event.get("name") == "nobody":
        raise KeyError("nobody")
    return {"message": "hello " + event["name"], "arn": context.invoked_function_arn}
`), 0o644); err != nil {
		t.Fatal(err)
	}
	in.mustFn(t, "deploy", dir)
	in.mustFn(t, "publish", "aws")
	in.mustFn(t, "alias", "aws", "live", "1")
	calls := []struct {
		call string
		want func(a awsAnswer) bool
	}{
		{`{"function": "aws", "payload": "{\"name\": \"you\"}", "log": true}`, func(a awsAnswer) bool {
			return a.Status == 200 && a.Error == "" && a.Version == "$LATEST" && strings.Contains(a.Payload, "hello you") && strings.Contains(a.Log, "asked for you")
		}},
		{`{"function": "aws", "payload": "{\"name\": \"nobody\"}"}`, func(a awsAnswer) bool {
			return a.Status == 200 && a.Error == "Unhandled" && strings.Contains(a.Payload, `"KeyError"`)
		}},
		{`{"function": "aws", "qualifier": "live", "payload": "{\"name\": \"you\"}"}`, func(a awsAnswer) bool {
			return a.Version == "1" && strings.Contains(a.Payload, ":function:aws:live")
		}},
		{`{"function": "arn:aws:lambda:local:000000000000:function:aws:1", "payload": "{\"name\": \"you\"}"}`, func(a awsAnswer) bool { return a.Version == "1" }},
		{`{"function": "aws", "type": "DryRun"}`, func(a awsAnswer) bool { return a.Status == 204 }},
		{`{"function": "aws", "type": "Event", "payload": "{}"}`, func(a awsAnswer) bool {
			return a.Code == "InvalidParameterValueException" && strings.Contains(a.Message, "Event")
		}},
		{`{"function": "nobody", "payload": "{}"}`, func(a awsAnswer) bool { return a.Code == "ResourceNotFoundException" }},
		{`{"function": "aws", "qualifier": "9", "payload": "{}"}`, func(a awsAnswer) bool { return a.Code == "ResourceNotFoundException" }},
		{`{"function": "aws", "payload": "` + strings.Repeat("a", 6<<20+1) + `"}`, func(a awsAnswer) bool { return a.Code == "RequestTooLargeException" }},
		{`{"function": "aws", "payload": "{\"name\": \"you\"}", "stream": true}`, func(a awsAnswer) bool {
			return a.Status == 200 && strings.Contains(a.Payload, "hello you") && a.Error == "" && a.Message == ""
		}},
	}
	var script strings.Builder
	for _, c := range calls {
		script.WriteString(c.call + "\n")
	}
	cmd := exec.Command(goClient(t, "lambda"))
	cmd.Env = append(os.Environ(), "LAMBDA_ENDPOINT=http://"+in.addr["WEFT_FAAS"])
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the Go client: %v %s", err, out)
	}
	answers := json.NewDecoder(bytes.NewReader(out))
	for _, c := range calls {
		var a awsAnswer
		if err := answers.Decode(&a); err != nil {
			t.Fatal(err)
		}
		if !c.want(a) {
			t.Errorf("Go: %.200s\ngot %+v", c.call, a)
		}
	}
	for _, c := range calls[:2] {
		node := exec.Command("node", filepath.Join(root, "e2e", "clients", "node", "lambda.js"), c.call)
		node.Env = cmd.Env
		out, err := node.Output()
		var a awsAnswer
		if err = errors.Join(err, json.Unmarshal(out, &a)); err != nil || !c.want(a) {
			t.Errorf("Node: %s\ngot %+v %v", c.call, a, err)
		}
	}
}

type computeAnswer struct {
	Status                                                 int
	Payload, Error, Version, Log, Code, Message, RequestID string
}

// computeClient calls functions with Alibaba's stock client of Function Compute 3.0, which signs its requests.
func computeClient(t *testing.T, in *instance, token, calls string) (answers []computeAnswer) {
	t.Helper()
	t.Setenv("FC_ENDPOINT", in.addr["WEFT_FAAS"])
	t.Setenv("FC_TOKEN", token)
	out := nodeClient(t, "fc.js", calls)
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("what the client printed: %v in %.500s", err, out)
	}
	return answers
}

// TestFunctionsWithAlibabaClient calls a function on the vendor's Go runtime with the vendor's client.
func TestFunctionsWithAlibabaClient(t *testing.T) {
	in := functionsInstance(t)
	dir := t.TempDir()
	build := exec.Command("go", "build", "-C", filepath.Join(root, "examples", "functions", "fc-event"), "-o", filepath.Join(dir, "bootstrap"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "function.yaml"), []byte("name: fc-event\ncontract: fc\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in.mustFn(t, "deploy", dir)
	in.mustFn(t, "publish", "fc-event")
	in.mustFn(t, "alias", "fc-event", "live", "1")
	answers := computeClient(t, in, "", `[
		{"function": "fc-event", "payload": "{\"say\": \"hello\"}", "log": true},
		{"function": "fc-event", "payload": "{\"say\": \"hello\"}", "qualifier": "live", "type": "Sync"},
		{"function": "fc-event", "payload": "{\"fail\": \"no milk\"}"},
		{"function": "fc-event", "payload": "{\"panic\": \"no milk\"}"},
		{"function": "fc-event", "payload": "{}", "type": "Async"},
		{"function": "fc-event", "payload": "{}", "qualifier": "9"},
		{"function": "nobody", "payload": "{}"}
	]`)
	for i, want := range []struct {
		status               int
		payload, log         string // parts
		error, version, code string
	}{
		{200, `"said":"hello"`, "said  hello", "", "$LATEST", ""},
		{200, `"said":"hello"`, "", "", "1", ""},
		{200, `"errorMessage":"no milk"`, "", "HandledInvocationError", "$LATEST", ""},
		{200, `"handle"`, "", "UnhandledInvocationError", "$LATEST", ""},
		{400, "", "", "", "", "InvalidArgument"},
		{404, "", "", "", "", "FunctionNotFound"},
		{404, "", "", "", "", "FunctionNotFound"},
	} {
		got := answers[i]
		if got.Status != want.status || !strings.Contains(got.Payload, want.payload) || !strings.Contains(got.Log, want.log) || got.Error != want.error ||
			got.Version != want.version || got.Code != want.code || got.RequestID == "" {
			t.Errorf("call %d: got %+v, want %+v", i, got, want)
		}
	}
}

// TestSpansOfKilledRuntime kills weft while a function runs. Its trace shows the spans that have begun: running before, and afterwards too, as
// long as the run may last.
func TestSpansOfKilledRuntime(t *testing.T) {
	in := newRunning(t)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"function.yaml": "name: slow\nruntime: python\nhandler: app.handler\ntimeout: 10m\n",
		"app.py":        "import time\n\ndef handler(event, context):\n    time.sleep(500)\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in.mustFn(t, "deploy", dir)
	const id = "0af7651916cd43dd8448eb211c80319c"
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r, err := http.NewRequest(http.MethodPost, "http://"+in.addr["WEFT_FAAS"]+"/2015-03-31/functions/slow/invocations", strings.NewReader("{}"))
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Traceparent", "00-"+id+"-b7ad6b7169203331-01")
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
			t.Errorf("the function has answered: %s", resp.Status)
		}
	}()
	running := func() error {
		spans, err := in.trace(id)
		if err != nil {
			return err
		}
		open := map[string]span{}
		for _, s := range spans {
			if strings.Contains(string(s.Attributes["weft.span.state"]), "running") {
				open[s.Name] = s
			}
		}
		if s, server := open["Invocation"], open["slow"]; s.SpanID == "" || s.ParentID != server.SpanID || server.ParentID != "b7ad6b7169203331" || s.Service != "slow" {
			return fmt.Errorf("want slow and Invocation running, got %+v", spans)
		}
		return nil
	}
	await(t, storedWithin, running)
	in.crash()
	<-ended
	in.start(t)
	if err := running(); err != nil {
		t.Errorf("after weft was killed: %v", err)
	}
}

// TestFunctionSpansJoin runs the vendor's tracing example: the span that it makes with Jaeger's client, and sends where it is told, stands below
// the platform's Invocation.
func TestFunctionSpansJoin(t *testing.T) {
	in := functionsInstance(t)
	dir := t.TempDir()
	build := exec.Command("go", "build", "-C", filepath.Join(root, "examples", "functions", "fc-tracing"), "-o", filepath.Join(dir, "bootstrap"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "function.yaml"), []byte("name: fc-tracing\ncontract: fc\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in.mustFn(t, "deploy", dir)
	_, id := in.invoke(t, "fc-tracing", `{}`)
	spans := in.awaitTrace(t, id, "fc-tracing", "Invocation")
	await(t, storedWithin, func() error {
		var err error
		if spans, err = in.trace(id); err != nil {
			return err
		}
		invocation := spanNamed(t, spans, "Invocation")
		for _, s := range spans {
			if s.ParentID == invocation.SpanID && !strings.Contains(string(s.Resource["faas.name"]), "fc-tracing") {
				return nil
			}
		}
		return fmt.Errorf("no span of the function's own below Invocation:\n%s", draw(spans, invocation.StartNS))
	})
}

// TestFunctionsAlone runs the invoke runtime as a role of its own, which sends what it has to tell to a collector.
func TestFunctionsAlone(t *testing.T) {
	in := functionsInstance(t)
	alone := newInstance(t, t.TempDir(), "--otlp", in.addr["WEFT_OTLP_GRPC"])
	alone.role = "faas"
	alone.start(t)
	t.Cleanup(func() { alone.cleanup(t) })
	alone.deployTemplate(t, "lambda-node", "alone")
	answer, id := alone.invoke(t, "alone", `{"name": "you"}`)
	if !strings.Contains(answer, "hello you") {
		t.Errorf("got %q", answer)
	}
	spans := in.awaitTrace(t, id, "ColdStart", "Invocation", "Instance Init alone")
	if s := spanNamed(t, spans, "ColdStart"); explained(s, spans) < 0.95 {
		t.Errorf("leaf spans explain %.1f %% of the cold start:\n%s", 100*explained(s, spans), draw(spans, s.StartNS))
	}
	metrics, err := alone.metric("faas_coldstarts_total", `faas_name="alone"`, `faas_version="$LATEST"`)
	if err != nil || metrics != 1 {
		t.Errorf("faas_coldstarts_total: got %v %v, want 1", metrics, err)
	}
}

// TestFunctionsSurviveKill ends weft with SIGKILL while functions run: no program of theirs is left, and after the next start they are there.
func TestFunctionsSurviveKill(t *testing.T) {
	in := newRunning(t)
	in.deployTemplate(t, "lambda-python", "stay")
	in.invoke(t, "stay", `{"name": "you"}`)
	if n := len(processesUnder(in.dir)); n == 0 {
		t.Fatal("no program of the function runs")
	}
	in.crash()
	await(t, 20*time.Second, func() error {
		if left := processesUnder(in.dir); len(left) > 0 {
			return fmt.Errorf("programs of functions are left: %v", left)
		}
		return nil
	})
	in.start(t)
	if listed, _ := in.mustFn(t, "list"); !strings.Contains(listed, "stay") {
		t.Errorf("after the kill the function is not listed:\n%s", listed)
	}
	if answer, _ := in.invoke(t, "stay", `{"name": "you"}`); !strings.Contains(answer, "hello you") {
		t.Errorf("after the kill the function answers %q", answer)
	}
}

// processesUnder are the command lines of processes whose working folder lies in dir.
func processesUnder(dir string) (found []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, filepath.Join(dir, "faas")+"/") {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "cmdline"))
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
