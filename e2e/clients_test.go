package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const clientTimeout = 2 * time.Minute

// storedWithin is how long what was acknowledged, or sent over UDP, may take to be countable. The promise is 2 s; the
// machine that runs the tests may be busy.
const storedWithin = 20 * time.Second

var goClients struct {
	once sync.Once
	dir  string
	err  error
}

// goClient builds the Go clients once and returns the path of one.
func goClient(t testing.TB, name string) string {
	t.Helper()
	goClients.once.Do(func() {
		goClients.dir = filepath.Join(root, "bin", "e2e")
		build := func(out, pkg string) {
			cmd := exec.Command("go", "build", "-C", filepath.Join(root, "e2e", "clients"), "-o", filepath.Join(goClients.dir, out), pkg)
			if msg, err := cmd.CombinedOutput(); err != nil && goClients.err == nil {
				goClients.err = fmt.Errorf("building %s: %w\n%s", pkg, err, msg)
			}
		}
		build("jaeger", "./jaeger")
		build("lambda", "./lambda")
		build("telemetrygen", "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen")
	})
	if goClients.err != nil {
		t.Fatal(goClients.err)
	}
	return filepath.Join(goClients.dir, name)
}

// runClient returns a client's standard output; a client that fails, fails the test.
func runClient(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	// The clients must talk to Weft, whatever the environment says.
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "OTEL_") && !strings.HasPrefix(e, "JAEGER_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	cmd.WaitDelay = time.Second
	timer := time.AfterFunc(clientTimeout, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out.Bytes(), msg.Bytes())
	}
	return out.Bytes()
}

func nodeClient(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	dir := filepath.Join(root, "e2e", "clients", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatalf("%s has no node_modules: run `make e2e`, or npm ci there", dir)
	}
	return runClient(t, "node", append([]string{filepath.Join(dir, script)}, args...)...)
}

func decodeSent(t testing.TB, printed []byte) []span {
	t.Helper()
	var sent []span
	if err := json.Unmarshal(printed, &sent); err != nil {
		t.Fatalf("what the client printed: %v in %.500s", err, printed)
	}
	if len(sent) == 0 {
		t.Fatal("the client sent nothing")
	}
	return sent
}

// checkArrived wants exactly the sent spans to be countable, found by search, and returned unchanged by every API.
// before is the number of spans countable before.
func checkArrived(t *testing.T, in *instance, before int64, sent []span) {
	t.Helper()
	in.awaitRows(t, "traces", before+int64(len(sent)), storedWithin)
	ids := traceIDs(sent)
	service := sent[0].Service

	// What the search reads is filled from the spans, a moment after they can be counted.
	await(t, storedWithin, func() error {
		found, err := in.search(url.Values{"service": {service}})
		if err != nil {
			return err
		}
		var foundIDs []string
		for _, f := range found {
			foundIDs = append(foundIDs, f.TraceID)
			if want := len(spansOfTrace(sent, f.TraceID)); f.Spans != want {
				return fmt.Errorf("search says trace %s has %d spans, want %d", f.TraceID, f.Spans, want)
			}
		}
		slices.Sort(foundIDs)
		if !slices.Equal(foundIDs, ids) {
			return fmt.Errorf("search by service finds traces %v, want %v", foundIDs, ids)
		}
		return nil
	})
	for _, id := range ids {
		want := spansOfTrace(sent, id)
		own, err := in.trace(id)
		if err != nil {
			t.Fatal(err)
		}
		compareSpans(t, "/api/v1", want, own)
		v3, err := in.jaegerV3Trace(id)
		if err != nil {
			t.Fatal(err)
		}
		compareSpans(t, "Jaeger v3", want, v3)
		v1, err := in.jaegerV1Traces("/api/traces/" + id)
		if err != nil {
			t.Fatal(err)
		}
		compareSpans(t, "Jaeger v1", asJaegerV1(want), v1)
	}
	checkJaegerSearch(t, in, service, sent)
	// Nothing was stored twice meanwhile.
	if after := in.mustRows(t, "traces"); after != before+int64(len(sent)) {
		t.Errorf("%d spans are countable in the end, want %d", after, before+int64(len(sent)))
	}
}

func TestOpenTelemetryNode(t *testing.T) {
	in := sharedInstance(t)
	for _, protocol := range []string{"json", "proto"} {
		t.Run(protocol, func(t *testing.T) {
			before := in.mustRows(t, "traces")
			sent := decodeSent(t, nodeClient(t, "opentelemetry.js", "--service", "otel-node-"+protocol, "--protocol", protocol,
				"--endpoint", "http://"+in.addr["WEFT_OTLP_HTTP"]+"/v1/traces"))
			checkArrived(t, in, before, sent)
			checkLinkedFrom(t, in, sent)
		})
	}
}

func TestJaegerClientNode(t *testing.T) {
	in := sharedInstance(t)
	for transport, target := range map[string][]string{
		"udp":  {"--agent", in.addr["WEFT_JAEGER_BINARY"]},
		"http": {"--collector", "http://" + in.addr["WEFT_JAEGER_HTTP"] + "/api/traces"},
	} {
		t.Run(transport, func(t *testing.T) {
			before := in.mustRows(t, "traces")
			sent := decodeSent(t, nodeClient(t, "jaeger.js", append(target, "--service", "jaeger-node-"+transport)...))
			checkArrived(t, in, before, sent)
		})
	}
}

func TestJaegerClientGo(t *testing.T) {
	in := sharedInstance(t)
	client := goClient(t, "jaeger")
	for transport, target := range map[string][]string{
		"udp":  {"-agent", in.addr["WEFT_JAEGER_COMPACT"]},
		"http": {"-collector", "http://" + in.addr["WEFT_JAEGER_HTTP"] + "/api/traces", "-128bit"},
	} {
		t.Run(transport, func(t *testing.T) {
			before := in.mustRows(t, "traces")
			sent := decodeSent(t, runClient(t, client, append(target, "-service", "jaeger-go-"+transport)...))
			checkArrived(t, in, before, sent)
		})
	}
}

// checkLinkedFrom wants every linked span to know who links to it.
func checkLinkedFrom(t *testing.T, in *instance, sent []span) {
	t.Helper()
	links := 0
	for _, s := range sent {
		for _, l := range s.Links {
			links++
			var detail struct {
				LinkedFrom []struct {
					TraceID string `json:"traceId"`
					SpanID  string `json:"spanId"`
					Service string `json:"service"`
					Name    string `json:"name"`
				} `json:"linkedFrom"`
			}
			if err := in.get("/api/v1/traces/"+l.TraceID+"/spans/"+l.SpanID, &detail); err != nil {
				t.Fatal(err)
			}
			if len(detail.LinkedFrom) != 1 || detail.LinkedFrom[0].SpanID != s.SpanID ||
				detail.LinkedFrom[0].TraceID != s.TraceID || detail.LinkedFrom[0].Name != s.Name || detail.LinkedFrom[0].Service != s.Service {
				t.Errorf("span %s is linked from %+v, want %s %q", l.SpanID, detail.LinkedFrom, s.SpanID, s.Name)
			}
		}
	}
	if links == 0 {
		t.Error("the client sent no link")
	}
}
