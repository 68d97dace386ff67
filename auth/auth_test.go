package auth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	sender, senderHash := New()
	admin, adminHash := New()
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	text := "tokens:\n- {name: sender, hash: '" + senderHash + "', scopes: [ingest]}\n" +
		"- {name: root, hash: '" + adminHash + "', scopes: [admin]}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(token string, scope Scope, wantName string, wantErr error) {
		t.Helper()
		name, err := tokens.Check(token, scope)
		if name != wantName || !errors.Is(err, wantErr) {
			t.Errorf("Check(%.12s, %s) = %q, %v; want %q, %v", token, scope, name, err, wantName, wantErr)
		}
	}
	check(sender, Ingest, "sender", nil)
	check(sender, Query, "sender", ErrForbidden)
	check(admin, Ingest, "root", nil)
	check(admin, Query, "root", nil)
	check(admin, Admin, "root", nil)
	check("", Ingest, "", ErrUnauthenticated)
	check(sender+"x", Ingest, "", ErrUnauthenticated)
	check(senderHash, Ingest, "", ErrUnauthenticated) // what stands in the file opens nothing

	var off *Tokens
	if _, err := off.Check("", Admin); err != nil {
		t.Errorf("nil Tokens: %v, want no error", err)
	}
}

func TestParseNamesEveryProblem(t *testing.T) {
	_, h := New()
	bad := func(in string, want ...string) {
		t.Helper()
		_, err := parse([]byte(in))
		if err == nil {
			t.Fatalf("parse(%q): no error, want %q", in, want)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("parse(%q): %v; want it to say %q", in, err, w)
			}
		}
	}
	bad("tokens: []", "want at least one entry")
	bad("tokens: [{name: a, hash: abc, scopes: [root]}]", "tokens[0].hash: want sha256:", `want ingest, query, invoke or admin, got "root"`)
	bad("tokens: [{hash: '"+h+"'}]", "tokens[0].name: want a name", "tokens[0].scopes: want at least one")
	bad("tokens: [{name: a, hash: '"+h+"', scopes: [query]}, {name: a, hash: '"+h+"', scopes: [query]}]",
		`"a" stands twice`, `same token as "a"`)
	bad("tokens: [{name: a, token: secret}]", "field token not found")
}

func TestBearer(t *testing.T) {
	for in, want := range map[string]string{
		"Bearer abc": "abc", "bearer  abc ": "abc", "Basic abc": "", "abc": "", "": "", "Bearer": "",
	} {
		if got := Bearer(in); got != want {
			t.Errorf("Bearer(%q) = %q, want %q", in, got, want)
		}
	}
}
