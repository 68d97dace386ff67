package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// zipkinExample is the example of openzipkin/zipkin-api's zipkin2-api.yaml, untouched.
const zipkinExample = `[
  {
    "id": "352bff9a74ca9ad2",
    "traceId": "5af7183fb1d4cf5f",
    "parentId": "6b221d5bc9e6496c",
    "name": "get /api",
    "timestamp": 1556604172355737,
    "duration": 1431,
    "kind": "SERVER",
    "localEndpoint": {
      "serviceName": "backend",
      "ipv4": "192.168.99.1",
      "port": 3306
    },
    "remoteEndpoint": {
      "ipv4": "172.19.0.2",
      "port": 58648
    },
    "tags": {
      "http.method": "GET",
      "http.path": "/api"
    }
  }
]`

func postZipkin(t *testing.T, in *instance, body string) {
	t.Helper()
	resp, err := httpClient.Post("http://"+in.addr["WEFT_ZIPKIN"]+"/api/v2/spans", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("Zipkin answers %d %s, want 202", resp.StatusCode, answer)
	}
}

func TestZipkinOfficialExample(t *testing.T) {
	in := sharedInstance(t)
	before := in.mustRows(t, "traces")
	postZipkin(t, in, zipkinExample)
	start := int64(1556604172355737) * 1000
	checkArrived(t, in, before, []span{{
		TraceID: "00000000000000005af7183fb1d4cf5f", SpanID: "352bff9a74ca9ad2", ParentID: "6b221d5bc9e6496c",
		Service: "backend", Name: "get /api", Kind: "server", Status: "unset", StartNS: start, EndNS: start + 1431_000,
		Attributes: map[string]value{
			"http.method": "string:GET", "http.path": "string:/api",
			"network.local.address": "string:192.168.99.1", "server.port": "int:3306",
			"network.peer.address": "string:172.19.0.2", "client.port": "int:58648",
		},
	}})
}

// TestZipkinClientAndServer posts a client span and the server span that shares its id, as Zipkin's tracers do, with
// annotations and an error.
func TestZipkinClientAndServer(t *testing.T) {
	in := sharedInstance(t)
	before := in.mustRows(t, "traces")
	us := time.Now().UnixMicro()
	postZipkin(t, in, fmt.Sprintf(`[
	  {"traceId":"463ac35c9f6413ad48485a3953bb6124","id":"a2fb4a1d1a96d312","name":"get","kind":"CLIENT","timestamp":%d,"duration":207000,
	   "localEndpoint":{"serviceName":"zipkin-frontend"},"remoteEndpoint":{"serviceName":"zipkin-backend"},
	   "annotations":[{"timestamp":%d,"value":"foo"}],"tags":{"http.path":"/api","error":"timed out"}},
	  {"traceId":"463ac35c9f6413ad48485a3953bb6124","parentId":"a2fb4a1d1a96d312","id":"b2fb4a1d1a96d313","name":"query","kind":"PRODUCER","timestamp":%d,"duration":7000,
	   "localEndpoint":{"serviceName":"zipkin-frontend"},"tags":{"http.status_code":"503"}}
	]`, us, us+100, us+1000))
	checkArrived(t, in, before, []span{
		{
			TraceID: "463ac35c9f6413ad48485a3953bb6124", SpanID: "a2fb4a1d1a96d312", Service: "zipkin-frontend", Name: "get", Kind: "client",
			Status: "error", StartNS: us * 1000, EndNS: us*1000 + 207_000_000,
			Attributes: map[string]value{"http.path": "string:/api", "peer.service": "string:zipkin-backend", "error": "string:timed out"},
			Events:     []event{{Name: "foo"}},
		},
		{
			TraceID: "463ac35c9f6413ad48485a3953bb6124", SpanID: "b2fb4a1d1a96d313", ParentID: "a2fb4a1d1a96d312", Service: "zipkin-frontend",
			Name: "query", Kind: "producer", Status: "unset", StartNS: us*1000 + 1_000_000, EndNS: us*1000 + 8_000_000,
			Attributes: map[string]value{"http.status_code": "int:503"},
		},
	})
}
