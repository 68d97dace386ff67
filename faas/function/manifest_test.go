package function

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, text string) Manifest {
	t.Helper()
	m, err := Parse(ManifestName, []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

func TestSmallestManifest(t *testing.T) {
	m := parse(t, "name: hello\n")
	want := Default(Lambda)
	want.Name = "hello"
	if !reflect.DeepEqual(m, Manifest{Function: want, Code: "."}) {
		t.Errorf("got %+v", m)
	}
}

func TestWholeManifest(t *testing.T) {
	m := parse(t, `
name: shop
description: the shop's front
contract: http
runtime: provided
command: [node, server.js, --port, 8080]
code: dist
environment:
  LOG_LEVEL: debug
  WORKERS: 4
  STRICT: true
  EMPTY: ""
memory: 1.5GiB
cpu: 0.5
disk: 1GiB
timeout: 24h
init_timeout: 2m
concurrency: 50
instances: {provisioned: 2, max: 20, idle: 15m, freeze: never, queue: 0}
initializer: {}
pre_freeze: {timeout: 5s}
pre_stop:
  timeout: 90s
server:
  port: 8080
  event: true
  health: {path: /healthz, delay: 1s, period: 10s, timeout: 2s, failure_threshold: 5, success_threshold: 2}
tracing: {sample: 0.25, modules: false, profile: false, slow: 1500ms}
`)
	want := Manifest{Code: "dist", Function: Function{
		Name: "shop", Description: "the shop's front", Contract: HTTP, Language: Provided,
		Command:     []string{"node", "server.js", "--port", "8080"},
		Environment: map[string]string{"LOG_LEVEL": "debug", "WORKERS": "4", "STRICT": "true", "EMPTY": ""},
		Memory:      1536 << 20, CPU: 0.5, Disk: 1 << 30, Timeout: 24 * time.Hour, InitTimeout: 2 * time.Minute, Concurrency: 50,
		Instances:   Instances{Provisioned: 2, Max: 20, Idle: 15 * time.Minute, Freeze: -1, Queue: 0},
		Initializer: Hook{Enabled: true, Timeout: 30 * time.Second},
		PreFreeze:   Hook{Enabled: true, Timeout: 5 * time.Second},
		PreStop:     Hook{Enabled: true, Timeout: 90 * time.Second},
		Server: Server{Port: 8080, Event: true, Health: HealthCheck{Path: "/healthz", Delay: time.Second, Period: 10 * time.Second,
			Timeout: 2 * time.Second, FailureThreshold: 5, SuccessThreshold: 2}},
		Tracing: Tracing{Sample: 0.25, Slow: 1500 * time.Millisecond},
	}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
	text, err := json.Marshal(m.Function)
	if err != nil {
		t.Fatal(err)
	}
	var back Function
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, want.Function) {
		t.Errorf("through JSON: %v, %+v", err, back)
	}
}

func TestDefaultsThatDependOnOthers(t *testing.T) {
	if m := parse(t, "{name: a, contract: http, command: [x]}"); m.Concurrency != 20 || m.Server.Health.Period != 3*time.Second || m.Instances.Max != 10 {
		t.Errorf("web server: %+v", m)
	}
	if m := parse(t, "{name: a, contract: http, command: [x], server: {port: 80}}"); m.Instances.Max != 1 || m.Server.Health.Timeout != time.Second {
		t.Errorf("web server on one port: %+v", m)
	}
	if m := parse(t, "{name: a, instances: {provisioned: 30}}"); m.Instances.Max != 30 {
		t.Errorf("many provisioned: %+v", m.Instances)
	}
	if m := parse(t, "{name: a, contract: fc, pre_stop: {handler: main.stop}}"); m.PreStop != (Hook{true, "main.stop", 10 * time.Second}) {
		t.Errorf("hook: %+v", m.PreStop)
	}
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	_, err := Parse("function.yaml", []byte(`name: 9lives
memory: 1MiB
timout: 30s
runtime: nodejs
contract: http
timeout: forever
disk: 11GiB
cpu: 17
environment:
  AWS_LAMBDA_RUNTIME_API: 127.0.0.1:9001
  AWS_LAMBDA_MAX_CONCURRENCY: 4
  FC_FUNCTION_NAME: x
  PORT: 80
  2ND: x
  NOTHING:
command: node server.js
init_timeout: 10m
concurrency: 201
instances:
  provisioned: 5
  max: 2
  idle: 25h
  freeze: sometimes
memory: 256MiB
initializer:
  handler: index.init
  timeout: 301s
pre_stop: true
server:
  port: 70000
  health:
    path: healthz
    delay: 121s
    period: 3
    timeout: 4s
    sucess_threshold: 1
tracing:
  sample: 1.5
  modules: maybe
  slow: -1s
code: ../elsewhere
`))
	want := `function.yaml: 33 problems
  line 1: name: want 1 to 64 letters, digits, - and _, a letter first, got "9lives"
  line 2: memory: want 64MiB to 32GiB, got 1MiB
  line 3: timout: no such field; did you mean timeout?
  line 4: runtime: nodejs loads a handler of contract lambda, got contract http; a program of its own has runtime provided and a command
  line 6: timeout: want a duration such as 500ms, 30s or 24h, got "forever"
  line 7: disk: want 1MiB to 10GiB, got 11GiB
  line 8: cpu: want 0.05 to 16, or 0 for no bound, got 17
  line 10: environment.AWS_LAMBDA_RUNTIME_API: is set by the runtime
  line 11: environment.AWS_LAMBDA_MAX_CONCURRENCY: is set by the runtime; set concurrency
  line 12: environment.FC_FUNCTION_NAME: is set by the runtime
  line 13: environment.PORT: is set by the runtime; set server.port if the program cannot take it from there
  line 14: environment.2ND: want a name of letters, digits and _, no digit first, got "2ND"
  line 15: environment.NOTHING: want text, "" for none, got nothing
  line 16: command: want a list such as [node, server.js], got "node server.js"
  line 17: init_timeout: want 1s to 5m, got 10m
  line 18: concurrency: want 1 to 200, got 201
  line 20: instances.provisioned: want at most instances.max, which is 2, got 5
  line 22: instances.idle: want 0s to 24h, got 25h
  line 23: instances.freeze: want a duration such as 500ms, 30s or 24h, got "sometimes"
  line 24: memory: is there already, at line 2
  line 26: initializer.handler: want none: contract http asks the server at a fixed path, got "index.init"
  line 27: initializer.timeout: want 1s to 5m, got 5m1s
  line 28: pre_stop: want fields, got "true"
  line 30: server.port: want 0 to 65535, got 70000
  line 32: server.health.path: want it to begin with / and have no blanks, got "healthz"
  line 33: server.health.delay: want 0s to 2m, got 2m1s
  line 34: server.health.period: want a duration such as 500ms, 30s or 24h, got "3"
  line 35: server.health.timeout: want 1s to 3s, got 4s
  line 36: server.health.sucess_threshold: no such field; did you mean success_threshold?
  line 38: tracing.sample: want 0 to 1, got 1.5
  line 39: tracing.modules: want true or false, got "maybe"
  line 40: tracing.slow: want a duration such as 500ms, 30s or 24h, got "-1s"
  line 41: code: want a folder or file at or below the manifest's own, got "../elsewhere"`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if bad, ok := errors.AsType[*InvalidError](err); !ok || bad.Problems[1].Field != "memory" || bad.Problems[1].Line != 2 {
		t.Errorf("not an InvalidError with fields and lines: %#v", err)
	}
}

func TestProblems(t *testing.T) {
	bad := func(text, want string) {
		t.Helper()
		_, err := Parse("f", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	bad("", "f: want the fields of a function, got nothing")
	bad("# nothing\n", "f: want the fields of a function, got nothing")
	bad("---\n", "f: want the fields of a function, got nothing")
	bad("just text", "f: 2 problems\n  name: want 1 to 64 letters, digits, - and _, a letter first, got \"\"\n  line 1: want fields, got \"just text\"")
	bad("name: a\n---\nname: b\n", "f: line 2: want one document, got a second")
	bad("name: a\n  memory: 1\n", "f: line 2: mapping values are not allowed in this context")
	bad("memory: 128MiB\n", `f: name: want 1 to 64 letters, digits, - and _, a letter first, got ""`)
	bad("name: 5\n", `f: line 1: name: want text, got "5"`)
	bad("name: a\nmemory: 128MB\n", `f: line 2: memory: want a size such as 256MiB or 2GiB, got "128MB"`)
	bad("name: a\nmemory: 128\n", "f: line 2: memory: want 64MiB to 32GiB, got 128B")
	bad("name: a\nmemory:\n", "f: line 2: memory: want a size such as 256MiB or 2GiB, got nothing")
	bad("name: a\ncpu: .nan\n", `f: line 2: cpu: want a number, got ".nan"`)
	bad("name: a\ncpu: 0.01\n", "f: line 2: cpu: want 0.05 to 16, or 0 for no bound, got 0.01")
	bad("name: a\nruntime: python\nhandler: app\n", `f: line 3: handler: runtime python wants file.function, such as app.handler, got "app"`)
	bad("name: a\nruntime: nodejs\n", `f: handler: runtime nodejs wants file.function, such as index.handler, got ""`)
	bad("name: a\nruntime: nodejs\nhandler: ../x.handler\n", `f: line 3: handler: runtime nodejs wants file.function, such as index.handler, got "../x.handler"`)
	bad("name: a\nruntime: nodejs\nhandler: x.handler\ncommand: [node]\n",
		`f: line 4: command: runtime nodejs brings its own, want none, got ["node"]; a program of its own has runtime provided`)
	bad("name: a\nruntime: ruby\n", `f: line 2: runtime: want provided, nodejs or python, got "ruby"`)
	bad("name: a\ncontract: grpc\n", `f: line 2: contract: want lambda, fc or http, got "grpc"`)
	bad("name: a\ncontract: go\n", `f: line 2: contract: want lambda, fc or http, got "go": functions of the host program are registered in Go`)
	bad("name: a\ncontract: http\n", "f: command: want the web server's program and arguments, got none (contract is http)")
	bad("name: a\ncommand: ['']\n", `f: line 2: command: want a program first, got ""`)
	bad("name: a\ncommand: [x, [y]]\n", "f: line 2: command: want text in the list, got a list")
	bad("name: a\nserver: {port: 80}\n", "f: line 2: server: want none: only contracts http and fc have one, this is lambda")
	bad("name: a\npre_stop: {}\n", "f: line 2: pre_stop: want none: only the contracts fc and http have hooks, this is lambda")
	bad("name: a\ninstances: {provisioned: 3, max: 2}\n", "f: line 2: instances.provisioned: want at most instances.max, which is 2, got 3")
	bad("name: a\ninstances: {max: 0}\n", "f: line 2: instances.max: want 1 to 10000, got 0")
	bad("name: a\ninstances: [1]\n", "f: line 2: instances: want fields, got a list")
	bad("name: a\ncontract: http\ncommand: [x]\nserver: {health: {delay: 30s}}\n",
		"f: line 4: server.health.delay: want less than init_timeout, which is 30s, got 30s")
	bad("name: a\ntracing: {slow: 31s}\n", "f: line 2: tracing.slow: want at most timeout, which is 30s, got 31s")
	bad("name: a\nenvironment: [A]\n", "f: line 2: environment: want NAME: value, got a list")
	bad("name: a\nenvironment: {A: x, A: y}\n", "f: line 2: environment.A: is there already, at line 2")
	bad("name: a\n\"b\\nc\": x\n", `f: line 2: "b\nc": no such field`)
	bad("name: a\nenvironment: {A: \"x\\0y\"}\n", `f: line 2: environment.A: want text without a zero byte, got "x\x00y"`)
	bad("name: a\nenvironment: {A: "+strings.Repeat("x", MaxEnvironment)+"}\n", "f: line 2: environment: want at most 65536 bytes in all, got 65539")
	bad("name: a\ndescription: "+strings.Repeat("ü", 257)+"\n", "f: line 2: description: want at most 256 characters, got 257")
	bad(strings.Repeat("#", MaxManifest+1), "f: want at most 1048576 bytes, got more")
}

func TestHandlers(t *testing.T) {
	for handler, ok := range map[string]bool{
		"index.handler": true, "src/index.handler": true, "pkg.mod.handler": true, "a-b/c_d.e": true, "x.default": true, "x.$f": true,
		"": false, "handler": false, ".handler": false, "index.": false, "/etc/x.handler": false, "a/../x.handler": false, "a//b.c": false, "index..handler": false, "a b.c": false,
	} {
		f := Default(Lambda)
		f.Name, f.Language, f.Handler = "a", NodeJS, handler
		if err := f.Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", handler, err)
		}
	}
}

func TestAFunctionOfTheHostProgramIsValid(t *testing.T) {
	f := Default(InProcess)
	f.Name, f.Version = "hello", "$LATEST"
	if err := f.Validate(); err != nil {
		t.Error(err)
	}
	f.Version, f.CodeDigest = "0", "abc"
	want := "2 problems\n  version: want $LATEST or a number from 1, got \"0\"\n  code_digest: want a sha256 in hex, got \"abc\""
	if err := f.Validate(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAliases(t *testing.T) {
	m := parse(t, "name: a\ncontract: http\ncommand: [x]\ninitializer: &h {timeout: 7s}\npre_stop: *h\n")
	if m.PreStop != m.Initializer || m.PreStop.Timeout != 7*time.Second {
		t.Errorf("got %+v and %+v", m.Initializer, m.PreStop)
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1B": 1, "1KiB": 1024, "1.5 MiB": 3 << 19, "32GiB": 32 << 30} {
		if n, err := ParseSize(text); err != nil || n != want {
			t.Errorf("size %q: got %d, %v, want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1MiB", "1e30GiB", "NaN", "Inf", "1TB"} {
		if n, err := ParseSize(text); err == nil {
			t.Errorf("size %q: got %d", text, n)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", time.Second: "1s", 90 * time.Second: "1m30s", 24 * time.Hour: "24h", 100 * time.Millisecond: "100ms",
		20 * time.Minute: "20m", time.Hour + 30*time.Second: "1h0m30s", 10 * time.Hour: "10h"} {
		if got := formatDuration(d); got != want {
			t.Errorf("duration: got %s, want %s", got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("name: a\ninstances: {max: 2}\nenvironment: {A: b}\n")
	f.Add("a: &a [*a]\nname: *a\n")
	f.Add("initializer: &x {timeout: *x}\n? [a]\n: b\n<<: {name: c}\n")
	f.Add("contract: http\ncommand: [x]\nserver: {health: {delay: 1s}}\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse(ManifestName, []byte(text))
		if err == nil {
			err = m.Validate()
		} else if bad, ok := errors.AsType[*InvalidError](err); !ok || len(bad.Problems) == 0 || bad.Error() == "" {
			t.Errorf("got %#v, want an InvalidError with problems", err)
			return
		}
		if err != nil && m.Name != "" {
			t.Errorf("parsed and not valid: %v", err)
		}
	})
}
