package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"weft/auth"
)

// sessionCookie carries the token itself: the server keeps no session, so any number of web roles can stand behind one
// address, and taking a token out of the file signs its owner out everywhere.
const sessionCookie = "weft_session"

// sessionLifetime is how long a browser stays signed in without visiting; a week covers an on-call shift.
const sessionLifetime = 7 * 24 * time.Hour

// maxTokenBytes bounds what is hashed for somebody who has not proved anything yet.
const maxTokenBytes = 1024

// session is who the caller is.
type session struct {
	AuthRequired bool         `json:"authRequired"`
	SignedIn     bool         `json:"signedIn"`
	Name         string       `json:"name"`
	Scopes       []auth.Scope `json:"scopes"`
}

// requestToken prefers the header: a program that sends one means it, whatever cookies its HTTP library kept.
func requestToken(r *http.Request) string {
	token := auth.Bearer(r.Header.Get("Authorization"))
	if token == "" {
		if c, err := r.Cookie(sessionCookie); err == nil {
			token = c.Value
		}
	}
	if len(token) > maxTokenBytes {
		return ""
	}
	return token
}

// require lets only tokens of the scope through; a refusal is rendered by write, in the shape of the API it guards.
func (s *Server) require(scope auth.Scope, write errorWriter) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name, err := s.cfg.Tokens.Check(requestToken(r), scope)
			stateOf(r).user = name
			if err != nil {
				write(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (s *Server) sessionOf(token string) session {
	out := session{AuthRequired: s.cfg.Tokens != nil, Scopes: []auth.Scope{}}
	for _, scope := range []auth.Scope{auth.Ingest, auth.Query, auth.Invoke, auth.Admin} {
		if name, err := s.cfg.Tokens.Check(token, scope); err == nil {
			out.Name, out.SignedIn = name, true
			out.Scopes = append(out.Scopes, scope)
		}
	}
	return out
}

func (s *Server) getSession(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, s.sessionOf(requestToken(r)))
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token string `json:"token"`
	}
	// The body is JSON with one short string; 4 KiB leaves room for escapes.
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return badParams(fieldError{Field: "body", Bound: `{"token": "…"}`, Detail: "want a JSON object with one string, token"})
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badParams(fieldError{Field: "body", Bound: `{"token": "…"}`, Detail: "want one JSON object and nothing after it"})
	}
	if len(in.Token) == 0 || len(in.Token) > maxTokenBytes {
		return badParams(fieldError{Field: "token", Bound: "1 to 1024 characters", Detail: "empty or too long"})
	}
	// A token that may only ingest could read nothing: refuse it here rather than on every page.
	name, err := s.cfg.Tokens.Check(in.Token, auth.Query)
	stateOf(r).user = name
	if err != nil {
		return err
	}
	if s.cfg.Tokens != nil {
		http.SetCookie(w, s.cookie(r, in.Token, int(sessionLifetime/time.Second)))
	}
	return writeJSON(w, s.sessionOf(in.Token))
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, s.cookie(r, "", -1))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: s.cfg.BasePath + "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		// Behind a proxy that ends TLS only the header tells; a client that forges it hurts nobody but itself.
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}
