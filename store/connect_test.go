package store_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"weft/store"
	"weft/store/storetest"
)

func TestHugeTrace(t *testing.T) {
	s := open(t)
	const n = 20_000
	id := store.TraceID{0xfe}
	b := store.NewSpanBatch()
	var want []store.Span
	trace := shopTrace(1, shopTime, false)
	for i := range n {
		span := trace[i%len(trace)]
		span.TraceID, span.SpanID = id, store.SpanIDFromUint64(uint64(i+1))
		span.StartNS += int64(i) * int64(time.Millisecond)
		b.Append(&span)
		want = append(want, span)
	}
	if err := s.InsertSpans(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	got, err := s.Trace(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	compareSpans(t, got.Spans, want)
}

// viaDSN writes and reads through both drivers.
func viaDSN(t *testing.T, dsn string) {
	t.Helper()
	s := openDSN(t, dsn, store.Retention{})
	want := shopTrace(1, shopTime, false)
	insert(t, s, "a", want...)
	got, err := s.Trace(t.Context(), want[0].TraceID)
	if err != nil {
		t.Fatal(err)
	}
	compareSpans(t, got.Spans, want)
}

func editDSN(t *testing.T, dsn string, edit func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("the engine's DSN is no URL")
	}
	edit(u)
	return u.String()
}

func TestSeveralHosts(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close() // nobody listens there now
	viaDSN(t, editDSN(t, storetest.DSN(t), func(u *url.URL) { u.Host = dead.Addr().String() + "," + u.Host }))
}

// TestTLS puts a TLS end in front of the engine.
func TestTLS(t *testing.T) {
	dsn := storetest.DSN(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("the engine's DSN is no URL")
	}
	proxy, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	go func() {
		for {
			in, err := proxy.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", u.Host)
				if err != nil {
					return
				}
				defer out.Close()
				go io.Copy(out, in)
				io.Copy(in, out)
			}()
		}
	}()
	viaDSN(t, editDSN(t, dsn, func(u *url.URL) { u.Host, u.RawQuery = proxy.Addr().String(), "secure=true&skip_verify=true" }))

	// The certificate is checked unless told otherwise.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := store.Open(ctx, store.Config{DSN: editDSN(t, dsn, func(u *url.URL) { u.Host, u.RawQuery = proxy.Addr().String(), "secure=true" })})
	if err == nil {
		s.Close()
		t.Error("an unknown certificate was accepted")
	}
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestBadDSN(t *testing.T) {
	bad := func(dsn, want string) {
		t.Helper()
		_, err := store.Open(t.Context(), store.Config{DSN: dsn})
		if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an Error of kind Invalid with %q", dsn, err, want)
		}
	}
	bad("", "parse dsn")
	bad("http://127.0.0.1:8123", "want clickhouse://")
	bad("clickhouse://127.0.0.1:9000/we%60ft", "want letters, digits and _")
}

func TestServerAway(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := store.Open(ctx, store.Config{DSN: "clickhouse://127.0.0.1:1/x?dial_timeout=1s"})
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Unavailable {
		t.Errorf("got %v, want an Error of kind Unavailable", err)
	}
}

// TestReadsSurviveEngineKill: while the engine is away reads say Unavailable and nothing else; once it is back they work, on
// connections that were open before too.
func TestReadsSurviveEngineKill(t *testing.T) {
	s := open(t)
	want := shopTrace(1, shopTime, false)
	insert(t, s, "a", want...)
	reads := map[string]func() error{
		"trace":    func() error { _, err := s.Trace(t.Context(), want[0].TraceID); return err },
		"services": func() error { _, err := s.Services(t.Context()); return err },
		"search":   func() error { _, err := s.SearchTraces(t.Context(), store.TraceQuery{Limit: 1}); return err },
		"ping":     func() error { return s.Ping(t.Context()) },
	}
	for name, read := range reads {
		if err := read(); err != nil {
			t.Fatal(name, err)
		}
	}
	if err := syscall.Kill(storetest.Engine(t).PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for name, read := range reads {
		for {
			err := read()
			if err == nil {
				break
			}
			if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Unavailable || time.Now().After(deadline) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestCostlyReadsFail(t *testing.T) {
	s := open(t)
	is := func(statement string, want store.ErrorKind) {
		t.Helper()
		if err := s.Collect(t.Context(), statement); err == nil || store.Classify(err) != want {
			t.Errorf("%s: got %v, want kind %v", statement, err, want)
		}
	}
	is("SELECT sum(number) FROM numbers(3000000000)", store.Invalid)
	is("SELECT length(groupArray(number)) FROM numbers(1000000000)", store.Overloaded)
}
