package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startCluster runs three servers that know each other and have elected a leader.
func startCluster(t *testing.T) (servers []*server.Server, urls string) {
	t.Helper()
	// A server wants to be told of the others, whose ports are not known yet: nobody is at ports 1 and 2, and the last one is
	// told of both, from which all learn.
	routes := []*url.URL{{Scheme: "nats", Host: "127.0.0.1:1"}, {Scheme: "nats", Host: "127.0.0.1:2"}}
	for i := range 3 {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, Routes: slices.Clone(routes),
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: server.RANDOM_PORT},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		eventually(t, "a server listens to its peers", func(context.Context) bool { return s.ClusterAddr() != nil })
		if i < 2 {
			routes[i] = &url.URL{Scheme: "nats", Host: s.ClusterAddr().String()}
		}
		servers = append(servers, s)
	}
	var clients []string
	for _, s := range servers {
		eventually(t, "a server of the cluster is ready", func(context.Context) bool { return s.ReadyForConnections(time.Second) })
		clients = append(clients, s.ClientURL())
	}
	eventually(t, "the cluster has a leader", func(context.Context) bool {
		for _, s := range servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == 3 {
				return true
			}
		}
		return false
	})
	return servers, strings.Join(clients, ",")
}

// With three replicas one server may be lost: what was acknowledged is there, and changes go on.
func TestReplicas(t *testing.T) {
	servers, urls := startCluster(t)
	s := openState(t, Config{URL: urls, Replicas: 3})
	b, err := s.Bucket(t.Context(), "records")
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	revision, err := b.Create(t.Context(), "a", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Update(t.Context(), "a", nil, revision+1); !errors.Is(err, ErrConflict) {
		t.Errorf("update at another revision: %v", err)
	}
	want := payload(3*chunkBytes, 1)
	object, err := o.Put(t.Context(), bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	// The worst one to lose: that which leads the bucket, or the one that we are connected to.
	lost := servers[0]
	for _, server := range servers {
		if server.JetStreamIsStreamLeader(server.GlobalAccount().Name, "KV_weft-records") {
			lost = server
		}
	}
	lost.Shutdown()
	lost.WaitForShutdown()

	if e, err := b.Get(t.Context(), "a"); err != nil || string(e.Value) != "one" || e.Revision != revision {
		t.Errorf("record after a server was lost: %+v, %v", e, err)
	}
	eventually(t, "a record can be changed again", func(ctx context.Context) bool {
		next, err := b.Update(ctx, "a", []byte("two"), revision)
		if conflict, is := errors.AsType[*ConflictError](err); is {
			next = conflict.Have // an update whose answer was lost
		} else if err != nil {
			return false
		}
		revision = next
		return true
	})
	if e, err := b.Get(t.Context(), "a"); err != nil || string(e.Value) != "two" || e.Revision != revision {
		t.Errorf("record after the update: %+v, %v", e, err)
	}
	if got, err := readObject(t, o, object.Digest); err != nil || !bytes.Equal(got, want) {
		t.Errorf("object after a server was lost: %d bytes, %v", len(got), err)
	}
}
