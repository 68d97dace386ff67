package state

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func TestConfigNamesEveryProblem(t *testing.T) {
	bad := func(c Config, want string) {
		t.Helper()
		if _, err := Open(t.Context(), c); err == nil || err.Error() != want {
			t.Errorf("open %+v:\ngot  %v\nwant %s", c, err, want)
		}
	}
	bad(Config{Replicas: 7, Credentials: "file"}, "open the state: replicas: want 1 to 5, got 7\n"+
		"dir: want a folder, got none\nreplicas: want 1 without the URL of a cluster, got 7\n"+
		"credentials: want none without the URL of a server, got file\ncredentials: stat file: no such file or directory")
	bad(Config{URL: "http://weft:secret@host"}, `open the state: url: want nats://host:port or tls://host:port, got "http://weft:xxxxx@host"`)
	bad(Config{URL: "nats://weft:sec%ret@host"}, "open the state: url: want nats://host:port or tls://host:port, got one that cannot be parsed")
}

func TestOpenSaysWhyNot(t *testing.T) {
	contains := func(err error, want ...string) {
		t.Helper()
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("got %v, want it to say %q", err, w)
			}
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error gives the password away: %v", err)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	free.Close()
	_, err = Open(t.Context(), Config{URL: "nats://weft:secret@" + nobody})
	contains(err, "open the state: connect to nats://weft:xxxxx@"+nobody)

	_, addr := startServer(t, t.TempDir(), "127.0.0.1:0")
	_, err = Open(t.Context(), Config{URL: "nats://secret@" + addr})
	contains(err, "connect to nats://xxxxx@"+addr, "Authorization Violation")

	plain, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	plain.Start()
	t.Cleanup(func() { plain.Shutdown(); plain.WaitForShutdown() })
	eventually(t, "server is ready", func(context.Context) bool { return plain.ReadyForConnections(time.Second) })
	_, err = Open(t.Context(), Config{URL: plain.ClientURL()})
	contains(err, "JetStream is off; start the server with --jetstream")

	s := openState(t, Config{URL: "nats://weft:secret@" + addr, Replicas: 3})
	_, err = s.Bucket(t.Context(), "records")
	contains(err, "make bucket weft-records", "replicas > 1 not supported in non-clustered mode")

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Config{Dir: file})
	contains(err, "open the state: make the folder", "not a directory")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jetstream"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Config{Dir: dir})
	contains(err, "open the state: start the server: Can't start JetStream: storage directory is not a directory")
}

func TestEmbeddedOpensNoPort(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	if addr := s.embedded.Addr(); addr != nil {
		t.Errorf("it listens on %v", addr)
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	want := payload(2*chunkBytes, 1)
	for round := range 3 {
		s := openEmbedded(t, dir)
		b, err := s.Bucket(t.Context(), "records")
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Objects(t.Context(), "code")
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			if _, err := b.Create(t.Context(), "a", []byte("1")); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Put(t.Context(), bytes.NewReader(want)); err != nil {
				t.Fatal(err)
			}
		}
		if e, err := b.Get(t.Context(), "a"); err != nil || string(e.Value) != "1" {
			t.Errorf("round %d: record: %+v, %v", round, e, err)
		}
		if got, err := readObject(t, o, digestOf(want)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("round %d: object: %d bytes, %v", round, len(got), err)
		}
		s.Close()
		s.Close()
		if err := s.Ping(t.Context()); err == nil {
			t.Error("a closed state answers")
		}
	}
}

// A server is killed and comes back: what was acknowledged is there, reads under way are answered, watchers go on.
func TestServerRestart(t *testing.T) {
	dir := t.TempDir()
	cmd, addr := startServer(t, dir, "127.0.0.1:0")
	s := openState(t, Config{URL: "nats://weft:secret@" + addr})
	b, err := s.Bucket(t.Context(), "records")
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	object, err := o.Put(t.Context(), bytes.NewReader(payload(3*chunkBytes, 1)))
	if err != nil {
		t.Fatal(err)
	}
	revision, err := b.Create(t.Context(), "a", []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	_, changes, err := b.Watch(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	got := make(chan error, 1)
	go func() {
		_, err := b.Get(t.Context(), "a")
		got <- err
	}()
	startServer(t, dir, addr)
	if err := <-got; err != nil {
		t.Errorf("get while the server was away: %v", err)
	}
	e, err := b.Get(t.Context(), "a")
	if err != nil || string(e.Value) != "before" || e.Revision != revision {
		t.Errorf("record after the restart: %+v, %v", e, err)
	}
	if data, err := readObject(t, o, object.Digest); err != nil || len(data) != 3*chunkBytes {
		t.Errorf("object after the restart: %d bytes, %v", len(data), err)
	}
	if _, err := b.Update(t.Context(), "a", []byte("after"), revision); err != nil {
		t.Fatal(err)
	}
	if got := changeText(t, changes); got != "a=after" {
		t.Errorf("watcher: got %s, want a=after", got)
	}
}
