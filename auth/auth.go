// Package auth checks named bearer tokens: who may send telemetry, who may read it, who may run functions, who may administer. The tokens
// themselves are never stored, only their SHA-256: a token is 256 random bits, so a slow hash would buy nothing.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Scope is what a token may be used for.
type Scope string

// Scopes. Admin includes the others: it alone deploys functions.
const (
	Ingest Scope = "ingest"
	Query  Scope = "query"
	Invoke Scope = "invoke"
	Admin  Scope = "admin"
)

// scopes lists every scope, in the order that messages and help name them.
var scopes = []Scope{Ingest, Query, Invoke, Admin}

// ErrUnauthenticated says that no known token was presented; ErrForbidden that the token lacks the scope.
var (
	ErrUnauthenticated = errors.New("a valid bearer token is required")
	ErrForbidden       = errors.New("the token lacks the scope")
)

// prefix makes a leaked token recognisable to people and to secret scanners.
const prefix = "weft_"

// Tokens is an immutable set of named tokens. A nil *Tokens means that authentication is off: every check passes.
type Tokens struct {
	byHash map[[sha256.Size]byte]entry
}

type entry struct {
	name   string
	scopes []Scope
}

type file struct {
	Tokens []fileEntry `yaml:"tokens"`
}

type fileEntry struct {
	Name   string  `yaml:"name"`
	Hash   string  `yaml:"hash"`
	Scopes []Scope `yaml:"scopes"`
}

// Load reads a token file. It reports every problem at once, by entry and field. A file without tokens is refused: it
// would lock everybody out.
func Load(path string) (*Tokens, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	t, err := parse(raw)
	if err != nil {
		return nil, fmt.Errorf("token file %s: %w", path, err)
	}
	return t, nil
}

func parse(raw []byte) (*Tokens, error) {
	var f file
	dec := yaml.NewDecoder(strings.NewReader(string(raw)))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	if len(f.Tokens) == 0 {
		return nil, errors.New("tokens: want at least one entry, got 0; `weft token --name NAME --scope query` makes one")
	}
	t := &Tokens{byHash: make(map[[sha256.Size]byte]entry, len(f.Tokens))}
	names := make(map[string]bool, len(f.Tokens))
	var errs []error
	for i, e := range f.Tokens {
		at := fmt.Sprintf("tokens[%d]", i)
		if e.Name == "" {
			errs = append(errs, fmt.Errorf("%s.name: want a name, got none", at))
		}
		if names[e.Name] {
			errs = append(errs, fmt.Errorf("%s.name: %q stands twice", at, e.Name))
		}
		names[e.Name] = true
		sum, err := parseHash(e.Hash)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s.hash: %w", at, err))
		} else if other, ok := t.byHash[sum]; ok {
			errs = append(errs, fmt.Errorf("%s.hash: same token as %q", at, other.name))
		}
		if len(e.Scopes) == 0 {
			errs = append(errs, fmt.Errorf("%s.scopes: want at least one of ingest, query, invoke, admin, got none", at))
		}
		for _, s := range e.Scopes {
			if err := s.Validate(); err != nil {
				errs = append(errs, fmt.Errorf("%s.scopes: %w", at, err))
			}
		}
		t.byHash[sum] = entry{name: e.Name, scopes: e.Scopes}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

func parseHash(s string) (sum [sha256.Size]byte, err error) {
	hexPart, ok := strings.CutPrefix(s, "sha256:")
	raw, err := hex.DecodeString(hexPart)
	if !ok || err != nil || len(raw) != sha256.Size {
		return sum, errors.New("want sha256: and 64 hex digits")
	}
	return [sha256.Size]byte(raw), nil
}

// Validate names the known scopes when s is not one of them.
func (s Scope) Validate() error {
	if slices.Contains(scopes, s) {
		return nil
	}
	return fmt.Errorf("want ingest, query, invoke or admin, got %q", string(s))
}

// Check returns the name of the token's owner when the token is known and has the scope, else ErrUnauthenticated or
// ErrForbidden. With t nil everyone passes, under an empty name.
func (t *Tokens) Check(token string, scope Scope) (name string, err error) {
	if t == nil {
		return "", nil
	}
	// Looking up a hash of the secret leaks no timing about the secret itself.
	e, ok := t.byHash[sha256.Sum256([]byte(token))]
	if !ok {
		return "", ErrUnauthenticated
	}
	if slices.Contains(e.scopes, scope) || slices.Contains(e.scopes, Admin) {
		return e.name, nil
	}
	return e.name, fmt.Errorf("%w %s", ErrForbidden, scope)
}

// Bearer takes the token out of an Authorization header's value; the scheme's case does not matter (RFC 9110 §11.1).
// It returns "" when the header is not of the Bearer scheme.
func Bearer(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// New makes a random token and the hash that goes into the token file.
func New() (token, hash string) {
	var raw [32]byte
	rand.Read(raw[:]) // never fails, by its documentation
	token = prefix + base64.RawURLEncoding.EncodeToString(raw[:])
	return token, Hash(token)
}

// Hash is a token as the token file holds it.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// With returns a copy of t that knows one more token, made here and kept nowhere else; it is for parts of the same
// process tree. A nil t stays nil: where nobody has to sign in, no token is needed.
func (t *Tokens) With(name string, scopes ...Scope) (*Tokens, string) {
	if t == nil {
		return nil, ""
	}
	token, _ := New()
	with := &Tokens{byHash: maps.Clone(t.byHash)}
	with.byHash[sha256.Sum256([]byte(token))] = entry{name: name, scopes: scopes}
	return with, token
}
