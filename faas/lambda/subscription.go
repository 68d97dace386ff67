package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// subscription delivers records to one extension, in batches, by a goroutine of its own.
type subscription struct {
	subscriptionConfig
	log    *slog.Logger
	client http.Client
	conn   net.Conn // of TCP
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
	wake   chan struct{}      // there are records
	flushs chan chan struct{} // requests to deliver now

	mu      sync.Mutex
	items   [][]byte
	bytes   int
	dropped struct{ records, bytes int }
}

func newSubscription(c subscriptionConfig, log *slog.Logger) *subscription {
	ctx, cancel := context.WithCancel(context.Background())
	s := &subscription{
		subscriptionConfig: c,
		log:                log,
		ctx:                ctx,
		cancel:             cancel,
		ended:              make(chan struct{}),
		wake:               make(chan struct{}, 1),
		flushs:             make(chan chan struct{}),
	}
	s.client.Transport = &http.Transport{} // no proxy: the destination is in the sandbox
	go s.loop()
	return s
}

// add never waits: what an extension does not take in time is dropped and counted. The buffer holds one batch beside the one that
// is being delivered.
func (s *subscription) add(r record) {
	if !slices.Contains(s.Types, r.kind) {
		return
	}
	s.mu.Lock()
	if len(s.items) >= 2*s.maxItems || s.bytes+len(r.json) > 2*s.maxBytes {
		s.dropped.records++
		s.dropped.bytes += len(r.json)
		s.mu.Unlock()
		return
	}
	s.items = append(s.items, r.json)
	s.bytes += len(r.json)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscription) isFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.items) >= s.maxItems || s.bytes >= s.maxBytes
}

// loop delivers when the buffer is full, when its oldest record is timeout old, or when it is told.
func (s *subscription) loop() {
	defer close(s.ended)
	defer func() {
		s.client.CloseIdleConnections()
		if s.conn != nil {
			_ = s.conn.Close()
		}
	}()
	var due <-chan time.Time
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
			if due == nil {
				due = time.After(s.timeout)
			}
			if !s.isFull() {
				continue
			}
		case <-due:
		case done := <-s.flushs:
			s.deliverAll()
			close(done)
			due = nil
			continue
		}
		s.deliverAll()
		due = nil
	}
}

func (s *subscription) flush(ctx context.Context) {
	done := make(chan struct{})
	select {
	case s.flushs <- done:
	case <-s.ended:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (s *subscription) deliverAll() {
	for {
		batch := s.take()
		if len(batch) == 0 || s.ctx.Err() != nil || !s.deliver(batch) {
			return
		}
	}
}

// take removes one batch, with a record of what has been dropped before it.
func (s *subscription) take() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, size := 0, 0
	for n < len(s.items) && n < s.maxItems && (n == 0 || size+len(s.items[n]) <= s.maxBytes) {
		size += len(s.items[n])
		n++
	}
	batch := slices.Clone(s.items[:n])
	s.items = slices.Delete(s.items, 0, n)
	s.bytes -= size
	if s.dropped.records > 0 && slices.Contains(s.Types, kindPlatform) {
		b, err := json.Marshal(map[string]any{
			"time": timestamp(time.Now()), "type": "platform.logsDropped",
			"record": map[string]any{
				"droppedRecords": s.dropped.records, "droppedBytes": s.dropped.bytes,
				"reason": "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.",
			},
		})
		if err == nil {
			batch = append(batch, b)
		}
		s.dropped.records, s.dropped.bytes = 0, 0
	}
	return batch
}

// deliver tries three times; then the batch is dropped and counted, which is told with the next one.
func (s *subscription) deliver(batch [][]byte) bool {
	var err error
	for attempt := range 3 {
		if attempt > 0 {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-s.ctx.Done():
			}
		}
		if s.Destination.Protocol == "TCP" {
			err = s.deliverTCP(batch)
		} else {
			err = s.deliverHTTP(batch)
		}
		if err == nil || s.ctx.Err() != nil {
			return err == nil
		}
	}
	s.log.Warn("telemetry records dropped", "records", len(batch), "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped.records += len(batch)
	for _, b := range batch {
		s.dropped.bytes += len(b)
	}
	return false
}

// deliverHTTP posts an array.
func (s *subscription) deliverHTTP(batch [][]byte) error {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	body := append(append([]byte{'['}, bytes.Join(batch, []byte{','})...), ']')
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("post telemetry: %s", resp.Status)
	}
	return nil
}

// deliverTCP writes a line for each record.
func (s *subscription) deliverTCP(batch [][]byte) error {
	if s.conn == nil {
		d := net.Dialer{Timeout: 5 * time.Second}
		conn, err := d.DialContext(s.ctx, "tcp", s.target.Host)
		if err != nil {
			return err
		}
		s.conn = conn
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	body := append(bytes.Join(batch, []byte{'\n'}), '\n')
	if _, err := s.conn.Write(body); err != nil {
		_ = s.conn.Close()
		s.conn = nil
		return fmt.Errorf("send telemetry: %w", err)
	}
	return nil
}
