// Command fc-http is a Function Compute HTTP function on the vendor's Go runtime.
package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

// seen is what the function tells about the request.
type seen struct {
	Method, Path, URI, Client string
	Query                     map[string][]string
	Header                    http.Header
	Body                      string
}

func handle(_ context.Context, w http.ResponseWriter, r *http.Request) error {
	switch {
	case strings.HasPrefix(r.URL.Path, "/status/"):
		status, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/status/"))
		if err != nil {
			return err
		}
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Connection", "close")
		w.WriteHeader(status)
		return nil
	case r.URL.Path == "/echo":
		_, err := io.Copy(w, r.Body)
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(seen{r.Method, r.URL.Path, r.RequestURI, r.RemoteAddr, r.URL.Query(), r.Header, string(body)})
}

func main() { fc.StartHttp(handle) }
