// Command lambda-extension is an external Lambda extension: it registers, subscribes to telemetry, and prints a line of JSON for
// each event and each record that it gets. It ends on SHUTDOWN.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

var (
	api    = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API")
	output sync.Mutex
)

func main() {
	id := register()
	subscribe(id)
	for {
		event := next(id)
		report("event", event)
		if event["eventType"] == "SHUTDOWN" {
			return
		}
	}
}

func report(kind string, what any) {
	output.Lock()
	defer output.Unlock()
	line, err := json.Marshal(map[string]any{kind: what})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", line)
}

func register() string {
	name := filepath.Base(os.Args[0])
	resp, _ := call(http.MethodPost, "/2020-01-01/extension/register", map[string]any{"events": []string{"INVOKE", "SHUTDOWN"}},
		"Lambda-Extension-Name", name)
	return resp.Header.Get("Lambda-Extension-Identifier")
}

// subscribe has telemetry posted to a server of its own.
func subscribe(id string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		log.Fatal(http.Serve(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var records []map[string]any
			if err := json.NewDecoder(r.Body).Decode(&records); err != nil {
				log.Fatal(err)
			}
			for _, record := range records {
				report("telemetry", record)
			}
		})))
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	call(http.MethodPut, "/2022-07-01/telemetry", map[string]any{
		"schemaVersion": "2022-12-13",
		"types":         []string{"platform", "function"},
		"buffering":     map[string]int{"timeoutMs": 25},
		"destination":   map[string]string{"protocol": "HTTP", "URI": "http://sandbox.localdomain:" + port},
	}, "Lambda-Extension-Identifier", id)
}

func next(id string) (event map[string]any) {
	_, body := call(http.MethodGet, "/2020-01-01/extension/event/next", nil, "Lambda-Extension-Identifier", id)
	if err := json.Unmarshal(body, &event); err != nil {
		log.Fatal(err)
	}
	return event
}

func call(method, path string, body any, header, value string) (*http.Response, []byte) {
	b, err := json.Marshal(body)
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequest(method, api+path, bytes.NewReader(b))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set(header, value)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		log.Fatalf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	return resp, answer
}
