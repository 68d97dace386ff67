package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// faults are what can be made to go wrong while the shop runs: POST /faults at the frontend, with any of these fields.
type faults struct {
	PaymentErrors   float64 `json:"payment_errors"`    // share of payments that fail, 0 to 1
	SlowQueryMS     int     `json:"slow_query_ms"`     // added to the catalog's list query
	NPlusOne        bool    `json:"n_plus_one"`        // ratings by one query per product
	ConsumerErrors  float64 `json:"consumer_errors"`   // share of deliveries that fail and are delivered again, 0 to 1
	RecommendSlowMS int     `json:"recommend_slow_ms"` // added to recommendations
}

const maxSlowMS = 60_000

func (f faults) validate() error {
	var errs []error
	share := func(name string, v float64) {
		if !(v >= 0 && v <= 1) {
			errs = append(errs, fmt.Errorf("%s: want 0 to 1, got %v", name, v))
		}
	}
	slow := func(name string, v int) {
		if v < 0 || v > maxSlowMS {
			errs = append(errs, fmt.Errorf("%s: want 0 to %d, got %d", name, maxSlowMS, v))
		}
	}
	share("payment_errors", f.PaymentErrors)
	slow("slow_query_ms", f.SlowQueryMS)
	share("consumer_errors", f.ConsumerErrors)
	slow("recommend_slow_ms", f.RecommendSlowMS)
	return errors.Join(errs...)
}

// faultState is the faults of one service process.
type faultState struct {
	mu sync.Mutex
	f  faults
}

func (s *faultState) get() faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f
}

// merge changes the fields that body names.
func (s *faultState) merge(body []byte) (faults, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.f
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&next); err != nil {
		return s.f, err
	}
	if err := next.validate(); err != nil {
		return s.f, err
	}
	s.f = next
	return next, nil
}

func (s *faultState) slowQuery() time.Duration {
	return time.Duration(s.get().SlowQueryMS) * time.Millisecond
}

func happens(share float64) bool { return rand.Float64() < share }

// routes serves the faults of this process. forward, where not nil, passes a change on to the other services.
func (s *faultState) routes(mux *http.ServeMux, forward func(r *http.Request, body []byte) error) {
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.get()) })
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
		if err != nil {
			writeError(w, http.StatusBadRequest, err)
			return
		}
		next, err := s.merge(body)
		if err != nil {
			writeError(w, http.StatusBadRequest, err)
			return
		}
		if forward != nil {
			if err := forward(r, body); err != nil {
				writeError(w, http.StatusBadGateway, err)
				return
			}
		}
		writeJSON(w, http.StatusOK, next)
	})
}
