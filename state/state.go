package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Config says where the state is kept.
type Config struct {
	// URL of NATS servers with JetStream, version 2.11 or later, separated by commas: nats://user:password@host:4222. tls:// and
	// a token in place of the user work too. Empty: a server runs in this process, without a port.
	URL string
	// Credentials is a file with a user's JWT and seed, for URL.
	Credentials string
	// Replicas is how many servers of a cluster keep each record, 1 to 5; 0 is 1. Only with URL.
	Replicas int
	// Dir holds the files of the server in this process. One process at a time.
	Dir    string
	Logger *slog.Logger
}

func (c *Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Replicas < 0 || c.Replicas > 5 {
		bad("replicas: want 1 to 5, got %d", c.Replicas)
	}
	if c.URL == "" {
		if c.Dir == "" {
			bad("dir: want a folder, got none")
		}
		if c.Replicas > 1 {
			bad("replicas: want 1 without the URL of a cluster, got %d", c.Replicas)
		}
		if c.Credentials != "" {
			bad("credentials: want none without the URL of a server, got %s", c.Credentials)
		}
	}
	if c.Credentials != "" {
		if _, err := os.Stat(c.Credentials); err != nil {
			bad("credentials: %w", err)
		}
	}
	for part := range strings.SplitSeq(c.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		switch {
		case c.URL == "":
		case err != nil:
			// The parser's error repeats the text, which may hold a password.
			bad("url: want nats://host:port or tls://host:port, got one that cannot be parsed")
		case u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss":
			bad("url: want nats://host:port or tls://host:port, got %q", u.Redacted())
		}
	}
	return errors.Join(errs...)
}

// State is an open state store. Its methods may be called from several goroutines.
type State struct {
	config Config
	log    *slog.Logger
	// embedded and lock are nil with a URL.
	embedded *server.Server
	lock     *os.File
	conn     *nats.Conn
	js       jetstream.JetStream

	// mu guards again, which is closed and replaced when the connection has been made anew.
	mu    sync.Mutex
	again chan struct{}

	closing sync.Once
}

// connectTimeout bounds each try to reach one server in Open.
const connectTimeout = 5 * time.Second

// Open starts the server in this process, or connects. ctx bounds the opening only. A server that goes away later is waited
// for. Reads go on when it is back within their time; of changes under way see Bucket.
func Open(ctx context.Context, config Config) (*State, error) {
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	if config.Replicas == 0 {
		config.Replicas = 1
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	s := &State{config: config, log: config.Logger, again: make(chan struct{})}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("open the state: %w", err)
	}
	return s, nil
}

func (s *State) open(ctx context.Context) error {
	options := []nats.Option{
		nats.Name("weft"), nats.Timeout(connectTimeout), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil when it is we who close
				s.log.Warn("connection to NATS lost, trying again", "error", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) {
			s.log.Info("connected to NATS again", "server", c.ConnectedUrlRedacted())
			s.mu.Lock()
			defer s.mu.Unlock()
			close(s.again)
			s.again = make(chan struct{})
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			s.log.Warn("NATS", "error", err)
		}),
	}
	where := redact(s.config.URL)
	if s.config.URL == "" {
		where = "the server in this process"
		if err := s.startEmbedded(ctx); err != nil {
			return err
		}
		options = append(options, nats.InProcessServer(s.embedded))
	}
	if s.config.Credentials != "" {
		options = append(options, nats.UserCredentials(s.config.Credentials))
	}
	var err error
	if s.conn, err = nats.Connect(s.config.URL, options...); err != nil {
		return fmt.Errorf("connect to %s: %w", where, err)
	}
	if s.js, err = jetstream.New(s.conn, jetstream.WithDefaultTimeout(opTimeout)); err != nil {
		return err
	}
	if err := s.Ping(ctx); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// Ping asks the server for its JetStream account: nil when the state can be used.
func (s *State) Ping(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if _, err := s.js.AccountInfo(ctx); err != nil {
		if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
			return fmt.Errorf("JetStream is off; start the server with --jetstream, and allow it for the account: %w", err)
		}
		return fmt.Errorf("ask for the JetStream account: %w", err)
	}
	return nil
}

// Close ends the connection and stops the server in this process. What was acknowledged is on disk before. It is safe twice.
func (s *State) Close() {
	s.closing.Do(func() {
		if s.conn != nil {
			s.conn.Close()
		}
		s.stopEmbedded()
	})
}

// reconnected returns a channel that is closed when the connection is made anew after this call.
func (s *State) reconnected() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.again
}

// bounded gives ctx the deadline of an operation unless it has one.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, opTimeout)
}

// attemptTimeout is after how long a read is asked again: a request is lost with the connection that it was sent on.
const attemptTimeout = 2 * time.Second

// read runs f, which changes nothing, again until a server has answered or ctx ends.
func read(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	for {
		attempt, done := context.WithTimeout(ctx, attemptTimeout)
		err := f(attempt)
		lost := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)
		starting := errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled)
		if starting {
			<-attempt.Done()
		}
		done()
		if !lost && !starting || ctx.Err() != nil {
			return err
		}
	}
}

// redact hides passwords. A part with a user and no password is a token.
func redact(urls string) string {
	parts := strings.Split(urls, ",")
	for i, part := range parts {
		if u, err := url.Parse(strings.TrimSpace(part)); err == nil {
			if _, set := u.User.Password(); u.User != nil && !set {
				u.User = url.User("xxxxx")
			}
			parts[i] = u.Redacted()
		}
	}
	return strings.Join(parts, ",")
}
