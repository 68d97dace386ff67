package web

import (
	"fmt"
	"io"
	"net/http"

	"weft/auth"
)

type info struct {
	Version      string          `json:"version"`
	AuthRequired bool            `json:"authRequired"`
	BasePath     string          `json:"basePath"`
	Ingest       []IngestAddress `json:"ingest"`
}

func (s *Server) getInfo(w http.ResponseWriter, r *http.Request) error {
	out := info{Version: s.cfg.Version, AuthRequired: s.cfg.Tokens != nil, BasePath: s.cfg.BasePath, Ingest: []IngestAddress{}}
	if _, err := s.cfg.Tokens.Check(requestToken(r), auth.Query); err == nil && s.cfg.Ingest != nil {
		out.Ingest = s.cfg.Ingest // where data goes in is nothing to tell a stranger
	}
	return writeJSON(w, out)
}

type signalStats struct {
	Signal   string     `json:"signal"`
	Rows     uint64     `json:"rows"`
	Bytes    uint64     `json:"bytes"`
	OldestNS *instantNS `json:"oldestNs,omitempty"`
	NewestNS *instantNS `json:"newestNs,omitempty"`
}

func (s *Server) getStats(w http.ResponseWriter, r *http.Request) error {
	stats, err := s.store.Stats(r.Context())
	if err != nil {
		return err
	}
	out := make([]signalStats, len(stats))
	for i, st := range stats {
		out[i] = signalStats{Signal: st.Signal, Rows: st.Rows, Bytes: st.Bytes}
		if st.Rows > 0 { // an empty table's range is no time at all
			oldest, newest := instantNS(st.Oldest.UnixNano()), instantNS(st.Newest.UnixNano())
			out[i].OldestNS, out[i].NewestNS = &oldest, &newest
		}
	}
	return writeJSON(w, map[string]any{"signals": out})
}

func (s *Server) ready() error {
	if s.cfg.Ready == nil {
		return nil
	}
	return s.cfg.Ready()
}

// plain is a probe: 200 ok, or 503 and the reason.
func plain(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := check(); err != nil {
			stateOf(r).err = err
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, "not ready: %v\n", err)
			return
		}
		io.WriteString(w, "ok\n")
	}
}
