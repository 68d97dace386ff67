package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// requestState travels with a request so that the log line, written last, knows what the handlers found out.
type requestState struct {
	id   string
	err  error  // what the client was told, in full
	user string // name of the token
}

type requestStateKey struct{}

func stateOf(r *http.Request) *requestState {
	if st, ok := r.Context().Value(requestStateKey{}).(*requestState); ok {
		return st
	}
	return &requestState{}
}

// requestIDPattern is what is taken over from a proxy; anything else could break a log line.
var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !requestIDPattern.MatchString(id) {
			var raw [8]byte
			rand.Read(raw[:]) // never fails, by its documentation
			id = hex.EncodeToString(raw[:])
		}
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestStateKey{}, &requestState{id: id})))
	})
}

// logRequest writes one line per request: errors of ours as errors, the API as info, probes and static files as debug.
func (s *Server) logRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, st := time.Now(), stateOf(r)
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			level := slog.LevelDebug
			switch {
			case strings.HasSuffix(r.URL.Path, "/readyz"): // 503 is its answer while starting, and it is asked every second
			case ww.Status() >= 500:
				level = slog.LevelError
			case strings.Contains(r.URL.Path, "/api/"):
				level = slog.LevelInfo
			}
			attrs := []slog.Attr{
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", ww.Status()),
				slog.Int("bytes", ww.BytesWritten()), slog.Duration("took", time.Since(start)), slog.String("request_id", st.id),
			}
			if st.user != "" {
				attrs = append(attrs, slog.String("user", st.user))
			}
			if st.err != nil {
				attrs = append(attrs, slog.Any("error", st.err))
			}
			s.log.LogAttrs(r.Context(), level, "http request", attrs...)
		}()
		next.ServeHTTP(ww, r)
	})
}

// recoverPanic answers 500 where nothing was sent yet. It stands inside compression, whose clean-up would otherwise send
// an empty 200 while the panic passes through it.
func (s *Server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // the server's own way to cut a connection
			}
			err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			if ww.Status() != 0 {
				stateOf(r).err = err
				panic(http.ErrAbortHandler) // half an answer was sent: cut it, so that nobody takes it for a whole one
			}
			s.writeProblem(ww, r, err)
		}()
		next.ServeHTTP(ww, r)
	})
}

// apiPolicy forbids everything to a response that a browser should never render; pages set their own.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", apiPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, zipkinRoot+"/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// refuseForeignWrites stops other sites' pages from signing a browser in or out. Programs, which send neither Origin nor
// Sec-Fetch-Site, pass.
func (s *Server) refuseForeignWrites(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, &problem{Status: http.StatusForbidden, code: "cross-origin", Title: "Cross-origin request refused",
			Detail: "a page of another origin may not send this"})
	}))
	return p.Handler(next)
}

// limitTime ends the queries of a request that takes too long; the handler then answers 504.
func (s *Server) limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.cfg.QueryTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
