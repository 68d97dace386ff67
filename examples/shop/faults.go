package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
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

// faultState is the faults as every process of the shop sees them: in a file of the folder that they share, because a service
// may have several instances, and one that starts later has to know too.
type faultState struct {
	path  string
	start faults // what holds until the file is there

	mu sync.Mutex // serializes changes
}

func faultsFile(dataDir string) string { return filepath.Join(dataDir, "faults.json") }

func (s *faultState) get() faults {
	f := s.start
	// It is put in place whole, so what cannot be read is not there.
	if raw, err := os.ReadFile(s.path); err == nil && json.Unmarshal(raw, &f) != nil {
		return s.start
	}
	return f
}

// merge changes the fields that body names. status is how HTTP calls what came of it.
func (s *faultState) merge(body []byte) (next faults, status int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next = s.get()
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&next); err != nil {
		return next, http.StatusBadRequest, err
	}
	if err := next.validate(); err != nil {
		return next, http.StatusBadRequest, err
	}
	if err := s.put(next); err != nil {
		return next, http.StatusInternalServerError, err
	}
	return next, http.StatusOK, nil
}

// put makes f what holds, for all.
func (s *faultState) put(f faults) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(s.path), ".faults-*")
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), s.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

func (s *faultState) slowQuery() time.Duration {
	return time.Duration(s.get().SlowQueryMS) * time.Millisecond
}

func happens(share float64) bool { return rand.Float64() < share }

func (s *faultState) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.get()) })
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
		if err != nil {
			writeError(w, http.StatusBadRequest, err)
			return
		}
		next, status, err := s.merge(body)
		if err != nil {
			writeError(w, status, err)
			return
		}
		writeJSON(w, status, next)
	})
}
