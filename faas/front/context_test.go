package front

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weft/faas"
	"weft/faas/function"
)

// families are the ways in which a caller can say where it stands, all of the same trace and span, and how each is read back.
var families = map[string]struct {
	headers map[string]string
	// read returns trace and span of what a function was handed, in hex.
	read func(h map[string]string) (trace, span string)
}{
	"W3C": {map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, func(h map[string]string) (string, string) {
		p := strings.Split(h["traceparent"], "-")
		if len(p) != 4 {
			return "", ""
		}
		return p[1], p[2]
	}},
	"Jaeger": {map[string]string{"uber-trace-id": "0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:1"}, func(h map[string]string) (string, string) {
		return colons(h["uber-trace-id"])
	}},
	"Function Compute": {map[string]string{"x-fc-tracing-opentracing-span-context": "0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:1"}, func(h map[string]string) (string, string) {
		return colons(h["x-fc-tracing-opentracing-span-context"])
	}},
	"B3": {map[string]string{"x-b3-traceid": "0af7651916cd43dd8448eb211c80319c", "x-b3-spanid": "b7ad6b7169203331", "x-b3-sampled": "1"}, func(h map[string]string) (string, string) {
		single := strings.Split(h["b3"], "-")
		if len(single) < 2 || h["x-b3-traceid"] != single[0] || h["x-b3-spanid"] != single[1] {
			return "", "" // both forms must say the same
		}
		return single[0], single[1]
	}},
	"X-Ray": {map[string]string{"X-Amzn-Trace-Id": "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1"}, func(h map[string]string) (trace, span string) {
		for part := range strings.SplitSeq(h["x-amzn-trace-id"], ";") {
			name, value, _ := strings.Cut(part, "=")
			switch name {
			case "Root":
				p := strings.Split(value, "-")
				if len(p) == 3 {
					trace = p[1] + p[2]
				}
			case "Parent":
				span = value
			}
		}
		return trace, span
	}},
}

func colons(s string) (trace, span string) {
	p := strings.Split(s, ":")
	if len(p) != 4 {
		return "", ""
	}
	return strings.Repeat("0", max(0, 32-len(p[0]))) + p[0], strings.Repeat("0", max(0, 16-len(p[1]))) + p[1]
}

// seers are functions that answer with the headers that they were handed, in lower case: one for each contract that has headers.
var seers = map[string]struct{ manifest, file, code string }{
	"http": {"name: seer\ncontract: http\ncommand: [/usr/bin/python3, server.py]\n", "server.py", `
import http.server, json, os
class Seer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps({k.lower(): v for k, v in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Seer).serve_forever()
`},
	"lambda": {"name: seer\ncontract: lambda\n", "bootstrap", `#!/usr/bin/python3
import http.client, json, os
conn = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    conn.request("GET", "/2018-06-01/runtime/invocation/next")
    r = conn.getresponse()
    r.read()
    seen = {k.lower(): v for k, v in r.headers.items()}
    seen["x-amzn-trace-id"] = seen["lambda-runtime-trace-id"]
    conn.request("POST", "/2018-06-01/runtime/invocation/%s/response" % seen["lambda-runtime-aws-request-id"], json.dumps(seen))
    conn.getresponse().read()
`},
	"fc": {"name: seer\ncontract: fc\n", "bootstrap", `#!/usr/bin/python3
import http.client, json, os
conn = http.client.HTTPConnection(os.environ["FC_RUNTIME_API"])
while True:
    conn.request("GET", "/2020-11-11/runtime/invocation/next")
    r = conn.getresponse()
    r.read()
    seen = {k.lower(): v for k, v in r.headers.items()}
    conn.request("POST", "/2020-11-11/runtime/invocation/%s/response" % seen["x-fc-request-id"], json.dumps(seen))
    conn.getresponse().read()
`},
}

// Whatever the caller speaks, its request joins its trace, and the function is handed the place below it in every family: five by five, for
// each contract.
func TestContext(t *testing.T) {
	for contract, seer := range seers {
		t.Run(contract, func(t *testing.T) {
			rt, url := start(t)
			deployFile(t, rt, seer.manifest, seer.file, seer.code)
			for in, family := range families {
				seen, response := ask(t, url, contract, family.headers)
				if !strings.Contains(response.Get("traceresponse"), "0af7651916cd43dd8448eb211c80319c") {
					t.Errorf("%s: traceresponse is %q", in, response.Get("traceresponse"))
				}
				spans := map[string]bool{}
				for out, family := range families {
					trace, span := family.read(seen)
					if trace != "0af7651916cd43dd8448eb211c80319c" || span == "" || span == "b7ad6b7169203331" {
						t.Errorf("%s in, %s out: trace %q span %q of %v", in, out, trace, span, seen)
					}
					spans[span] = true
				}
				if len(spans) != 1 {
					t.Errorf("%s in: the families name %d spans", in, len(spans))
				}
			}
		})
	}
}

// ask calls the function, and returns the headers that it saw and those of its answer.
func ask(t *testing.T, url, contract string, headers map[string]string) (map[string]string, http.Header) {
	t.Helper()
	method, path := http.MethodPost, "/2015-03-31/functions/seer/invocations"
	if contract == "http" {
		method, path = http.MethodGet, "/http/seer/"
	}
	var list []string
	for name, value := range headers {
		list = append(list, name+": "+value)
	}
	resp, body := send(t, method, url+path, "", list...)
	seen := map[string]string{}
	if err := json.Unmarshal([]byte(body), &seen); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %s: %v", resp.StatusCode, body, err)
	}
	return seen, resp.Header
}

func deployFile(t *testing.T, rt *faas.Runtime, manifest, file, code string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, file), []byte(code), 0o755); err != nil {
		t.Fatal(err)
	}
	m, err := function.Parse(function.ManifestName, []byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	var zip bytes.Buffer
	if err := m.Pack(&zip, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Deploy(t.Context(), m.Function, &zip); err != nil {
		t.Fatal(err)
	}
}
