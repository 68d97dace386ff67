package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// zipkinGet reads at the port that takes Zipkin spans.
func (in *instance) zipkinGet(t testing.TB, path string) (status int, body string) {
	t.Helper()
	resp, err := httpClient.Get("http://" + in.addr["WEFT_ZIPKIN"] + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// zipkinSpans decodes a list of spans and puts them into an order that does not depend on who wrote it.
func zipkinSpans(t testing.TB, body string) []map[string]any {
	t.Helper()
	var spans []map[string]any
	if err := json.Unmarshal([]byte(body), &spans); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	slices.SortFunc(spans, func(a, b map[string]any) int {
		return cmp.Or(cmp.Compare(fmt.Sprint(a["id"]), fmt.Sprint(b["id"])), cmp.Compare(fmt.Sprint(a["kind"]), fmt.Sprint(b["kind"])))
	})
	return spans
}

// awaitZipkinTrace returns the trace when it has so many spans.
func awaitZipkinTrace(t testing.TB, in *instance, id string, spans int) []map[string]any {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		status, body := in.zipkinGet(t, "/api/v2/trace/"+id)
		if status == http.StatusOK {
			if got := zipkinSpans(t, body); len(got) >= spans {
				return got
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("trace %s: %d %s, want %d spans", id, status, body, spans)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestZipkinRoundTrip posts spans as Zipkin's tracers make them and reads every one of them back, unchanged, from the same port.
func TestZipkinRoundTrip(t *testing.T) {
	in := sharedInstance(t)
	us := time.Now().UnixMicro()
	// The second example of Zipkin's own documentation is a trace of two services; names here are of this test.
	sent := fmt.Sprintf(`[
	  {"traceId":"86154a4ba6e913854d1e00c0db9010db","id":"86154a4ba6e91385","kind":"SERVER","name":"get","timestamp":%[1]d,"duration":207000,
	   "localEndpoint":{"serviceName":"round-frontend","ipv4":"110.170.201.178"},"remoteEndpoint":{"port":63840,"ipv6":"2001:db8::c001"},
	   "tags":{"http.method":"GET","http.path":"/","mvc.controller.class":"Frontend","http.status_code":"200"},
	   "annotations":[{"timestamp":%[2]d,"value":"wr"},{"timestamp":%[3]d,"value":"ws"}]},
	  {"traceId":"86154a4ba6e913854d1e00c0db9010db","parentId":"86154a4ba6e91385","id":"4d1e00c0db9010db","kind":"CLIENT","name":"get /api",
	   "timestamp":%[2]d,"duration":18,"localEndpoint":{"serviceName":"round-frontend","ipv4":"110.170.201.178","port":81},
	   "remoteEndpoint":{"serviceName":"round-backend","ipv4":"192.168.99.101","port":9000},
	   "tags":{"http.path":"/api","error":"","http.url":"http://round-backend/api?a=b","sampled.rate":"0.5"}},
	  {"traceId":"86154a4ba6e913854d1e00c0db9010db","parentId":"86154a4ba6e91385","id":"4d1e00c0db9010db","kind":"SERVER","name":"get /api",
	   "timestamp":%[3]d,"duration":9,"localEndpoint":{"serviceName":"round-backend","ipv4":"192.168.99.101","port":9000},
	   "remoteEndpoint":{"serviceName":"round-frontend"},"tags":{"error":"true"},"shared":true},
	  {"traceId":"86154a4ba6e913854d1e00c0db9010db","parentId":"4d1e00c0db9010db","id":"00000000000000a1","name":"local work",
	   "timestamp":%[3]d,"localEndpoint":{"serviceName":"round-backend"},"debug":true},
	  {"traceId":"86154a4ba6e913854d1e00c0db9010db","parentId":"4d1e00c0db9010db","id":"00000000000000a2","kind":"PRODUCER","name":"send",
	   "timestamp":%[3]d,"duration":1,"localEndpoint":{"serviceName":"round-backend"},"remoteEndpoint":{"serviceName":"kafka"},"tags":{"kafka.topic":"orders"}},
	  {"traceId":"86154a4ba6e913854d1e00c0db9010db","parentId":"00000000000000a2","id":"00000000000000a3","kind":"CONSUMER",
	   "localEndpoint":{"serviceName":"round-worker"},"remoteEndpoint":{"serviceName":"kafka"}}
	]`, us, us+1000, us+2000)
	postZipkin(t, in, sent)
	got, want := awaitZipkinTrace(t, in, "86154a4ba6e913854d1e00c0db9010db", 6), zipkinSpans(t, sent)
	for i := range want {
		if i < len(got) && !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("sent %v\n got %v", want[i], got[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d spans came back, want %d", len(got), len(want))
	}

	// What lists and searches look at is written a moment after the spans.
	is := func(path, want string) {
		t.Helper()
		await(t, 10*time.Second, func() error {
			if status, body := in.zipkinGet(t, path); status != http.StatusOK || strings.TrimSpace(body) != want {
				return fmt.Errorf("%s: %d %s, want %s", path, status, body, want)
			}
			return nil
		})
	}
	is("/api/v2/spans?serviceName=ROUND-backend", `["get /api","local work","send"]`)
	is("/zipkin/api/v2/remoteServices?serviceName=round-frontend", `["round-backend"]`)
	is("/api/v2/remoteServices?serviceName=round-backend", `["kafka"]`)
	is("/api/v2/autocompleteValues?key=kafka.topic", `["orders"]`)
	for _, name := range []string{"round-frontend", "round-backend", "round-worker"} {
		await(t, 10*time.Second, func() error {
			if _, services := in.zipkinGet(t, "/api/v2/services"); !strings.Contains(services, `"`+name+`"`) {
				return fmt.Errorf("services are %s, want %s among them", services, name)
			}
			return nil
		})
	}
	if status, body := in.zipkinGet(t, "/api/v2/trace/1234567890"); status != http.StatusNotFound || body != "0000001234567890 not found" {
		t.Errorf("an unknown trace: %d %s", status, body)
	}
	if status, body := in.zipkinGet(t, "/health"); status != http.StatusOK || !strings.Contains(body, `"UP"`) {
		t.Errorf("health: %d %s", status, body)
	}

	finds := func(query string, want int) {
		t.Helper()
		await(t, 10*time.Second, func() error {
			status, body := in.zipkinGet(t, "/api/v2/traces?"+query)
			var traces [][]map[string]any
			if err := json.Unmarshal([]byte(body), &traces); err != nil || status != http.StatusOK || len(traces) != want {
				return fmt.Errorf("%s: %d, %d traces (%v), want %d", query, status, len(traces), err, want)
			}
			return nil
		})
	}
	annotations := func(s string) string {
		return "serviceName=round-frontend&annotationQuery=" + url.QueryEscape(s)
	}
	finds("serviceName=round-frontend", 1)
	finds("serviceName=round-frontend&spanName=GET&minDuration=207000&maxDuration=207000", 1)
	finds("serviceName=round-frontend&remoteServiceName=round-backend", 1)
	finds("serviceName=round-frontend&remoteServiceName=kafka", 0)
	finds(annotations("http.method=GET and http.status_code=200"), 1)
	finds(annotations("error and http.path=/api"), 1)
	finds(annotations("error and http.method=GET"), 0)
	finds(annotations("ws"), 1)
	finds(annotations("ws=1"), 0)
	finds("serviceName=round-frontend&lookback=1000&endTs="+strconv.FormatInt(us/1000-1, 10), 0)
	// An old trace is found where it is, not where "now" is.
	postZipkin(t, in, strings.ReplaceAll(zipkinExample, "5af7183fb1d4cf5f", "5af7183fb1d4cf60"))
	old := awaitZipkinTrace(t, in, "5af7183fb1d4cf60", 1)
	if want := zipkinSpans(t, strings.ReplaceAll(zipkinExample, "5af7183fb1d4cf5f", "5af7183fb1d4cf60")); !reflect.DeepEqual(old, want) {
		t.Errorf("the official example: sent %v\n got %v", want, old)
	}
	await(t, 10*time.Second, func() error {
		status, body := in.zipkinGet(t, "/api/v2/traces?serviceName=backend&endTs=1556604172356&limit=100")
		if status != http.StatusOK || !strings.Contains(body, "5af7183fb1d4cf60") {
			return fmt.Errorf("the official example is not found in its time: %d %s", status, body)
		}
		return nil
	})
}
