// Command web is a web server that says how long a request took.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"time"
)

type answer struct {
	HandlerNS int64           `json:"handler_ns"`
	Event     json.RawMessage `json:"event"`
}

func main() {
	handle := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		began := time.Now()
		a := answer{time.Since(began).Nanoseconds(), body}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a)
	}
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(handle)); err != nil {
		panic(err)
	}
}
