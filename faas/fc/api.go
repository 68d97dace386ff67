package fc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const base = "/2020-11-11/runtime/invocation/"

func (i *Instance) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"next", i.next)
	mux.HandleFunc("POST "+base+"{id}/response", func(w http.ResponseWriter, r *http.Request) { i.post(w, r, false) })
	mux.HandleFunc("POST "+base+"{id}/error", func(w http.ResponseWriter, r *http.Request) { i.post(w, r, true) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.contact()
		mux.ServeHTTP(w, r)
	})
}

func (i *Instance) contact() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.first.IsZero() {
		i.first = time.Now()
	}
}

// next hands over an invocation. It waits as long as it takes: the SDK answers a poll that fails or times out with the next one
// at once, without a pause.
func (i *Instance) next(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	if !i.ready {
		i.ready = true
		close(i.polled)
	}
	i.mu.Unlock()
	select {
	case t := <-i.offers:
		if r.Context().Err() != nil { // whoever polled has gone away meanwhile
			t.handed <- errors.New("the poll was given up")
			return
		}
		t.handed <- i.hand(w, t)
	case <-r.Context().Done():
	}
}

// hand writes t as the answer of a poll. On an error the program has not got it.
func (i *Instance) hand(w http.ResponseWriter, t *task) error {
	for name, values := range t.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(t.body)))
	_, err := w.Write(t.body)
	if err == nil {
		err = http.NewResponseController(w).Flush()
	}
	if err != nil && i.expects(t.id) {
		return fmt.Errorf("hand over: %w", err)
	}
	return nil // an answer proves that it has arrived
}

// expect notes that t will be answered; false when another of the same id will.
func (i *Instance) expect(t *task) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.waiting[t.id] != nil {
		return false
	}
	i.waiting[t.id] = t
	return true
}

func (i *Instance) expects(id string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.waiting[id] != nil
}

// claim takes the invocation that waits for an answer; nil when there is none of that id, or none any more.
func (i *Instance) claim(id string) *task {
	i.mu.Lock()
	defer i.mu.Unlock()
	t := i.waiting[id]
	delete(i.waiting, id)
	return t
}

// post takes the answer of an invocation. Whoever waits for it reads the body and says what status the program gets.
func (i *Instance) post(w http.ResponseWriter, r *http.Request, failed bool) {
	id := r.PathValue("id")
	t := i.claim(id)
	if t == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID",
			fmt.Sprintf("no invocation waits for an answer to %.64q: the id is unknown, was answered before, or timed out", id))
		return
	}
	a := &answer{at: time.Now(), failed: failed, request: r, writer: w, status: make(chan int, 1)}
	t.answer <- a
	switch status := <-a.status; status {
	case http.StatusOK:
		w.WriteHeader(status)
	case http.StatusRequestEntityTooLarge:
		refuse(w, status, "RequestEntityTooLarge", fmt.Sprintf("the answer has more than %d bytes", a.limit()))
	default:
		refuse(w, status, "InvalidAnswer", "the answer could not be read, or nobody waits for it any more")
	}
}

func refuse(w http.ResponseWriter, status int, typ, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The program may be gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": typ, "errorMessage": message})
}
