package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// The broker: messages in a database file, handed out one at a time, hidden while somebody works on them, handed out again
// when that fails, and moved to a dead-letter queue after maxAttempts. Brokers are not traced; neither is this one.

const (
	ordersQueue = "orders"
	deadSuffix  = ".dead"
	maxAttempts = 5
	// hiddenFor is how long a receiver has before its message is handed out again.
	hiddenFor = 30 * time.Second
	maxWait   = 20 * time.Second
)

const queueSchema = `
CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL,
 attempts INTEGER NOT NULL DEFAULT 0, visible_at_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS messages_visible ON messages(queue, visible_at_ms);
`

// message is one message on the wire.
type message struct {
	ID       string            `json:"id,omitempty"`
	Headers  map[string]string `json:"headers"`
	Body     json.RawMessage   `json:"body"`
	Attempts int               `json:"attempts,omitempty"` // including this delivery
}

type broker struct {
	db *sql.DB

	mu   sync.Mutex
	wake chan struct{} // closed and replaced when a message may have become visible
}

func buildQueue(ctx context.Context, s *service) (parts, error) {
	db, err := openSQLite(ctx, s.DataDir+"/queue.db", queueSchema)
	if err != nil {
		return parts{}, err
	}
	db.SetMaxOpenConns(1) // receive reads and then writes; one connection makes that atomic
	b := &broker{db: db, wake: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /queues/{queue}/messages", b.send)
	mux.HandleFunc("POST /queues/{queue}/receive", func(w http.ResponseWriter, r *http.Request) { b.receive(ctx, w, r) })
	mux.HandleFunc("DELETE /messages/{id}", b.ack)
	mux.HandleFunc("POST /messages/{id}/retry", b.retry)
	return parts{handler: mux, close: func(context.Context) error { return db.Close() }}, nil
}

func (b *broker) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.wake)
	b.wake = make(chan struct{})
}

func (b *broker) awakened() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wake
}

func (b *broker) send(w http.ResponseWriter, r *http.Request) {
	var m message
	if !readJSON(w, r, &m) {
		return
	}
	headers, err := json.Marshal(m.Headers)
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	res, err := b.db.ExecContext(r.Context(), `INSERT INTO messages (queue, headers, body, visible_at_ms) VALUES (?, ?, ?, ?)`,
		r.PathValue("queue"), string(headers), string(m.Body), time.Now().UnixMilli())
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	id, err := res.LastInsertId()
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	b.notify()
	writeJSON(w, http.StatusCreated, message{ID: strconv.FormatInt(id, 10)})
}

// receive waits for a message up to the parameter wait; 204 says that there was none. stopping ends the wait early.
func (b *broker) receive(stopping context.Context, w http.ResponseWriter, r *http.Request) {
	wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
	if err != nil || wait < 0 || wait > maxWait {
		writeError(w, http.StatusBadRequest, fmt.Errorf("wait: want 0s to %v, got %q", maxWait, r.URL.Query().Get("wait")))
		return
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		wake := b.awakened()
		m, next, err := b.take(r.Context(), r.PathValue("queue"), time.Now())
		if err != nil {
			writeError(w, http.StatusInternalServerError, err)
			return
		}
		if m != nil {
			writeJSON(w, http.StatusOK, m)
			return
		}
		visible := time.NewTimer(next)
		select {
		case <-wake:
			visible.Stop()
			continue
		case <-visible.C:
			continue
		case <-deadline.C:
		case <-stopping.Done():
		case <-r.Context().Done():
		}
		visible.Stop()
		w.WriteHeader(http.StatusNoContent)
		return
	}
}

// take returns the oldest visible message, or how long it is until the next one becomes visible.
func (b *broker) take(ctx context.Context, queue string, now time.Time) (*message, time.Duration, error) {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	defer tx.Rollback() // does nothing after Commit
	var id, visibleAt int64
	var headers, body string
	m := new(message)
	err = tx.QueryRowContext(ctx, `SELECT id, headers, body, attempts + 1, visible_at_ms FROM messages WHERE queue = ? ORDER BY visible_at_ms, id LIMIT 1`, queue).
		Scan(&id, &headers, &body, &m.Attempts, &visibleAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, maxWait, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if in := time.UnixMilli(visibleAt).Sub(now); in > 0 {
		return nil, in, nil
	}
	if err := json.Unmarshal([]byte(headers), &m.Headers); err != nil {
		return nil, 0, err
	}
	m.ID, m.Body = strconv.FormatInt(id, 10), json.RawMessage(body)
	_, err = tx.ExecContext(ctx, `UPDATE messages SET attempts = attempts + 1, visible_at_ms = ? WHERE id = ?`, now.Add(hiddenFor).UnixMilli(), id)
	if err != nil {
		return nil, 0, err
	}
	return m, 0, tx.Commit()
}

func (b *broker) ack(w http.ResponseWriter, r *http.Request) {
	if _, err := b.db.ExecContext(r.Context(), `DELETE FROM messages WHERE id = ?`, r.PathValue("id")); err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// retry makes a message visible again after the parameter delay, or moves it to the dead letters.
func (b *broker) retry(w http.ResponseWriter, r *http.Request) {
	delay, err := time.ParseDuration(r.URL.Query().Get("delay"))
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	_, err = b.db.ExecContext(r.Context(), `UPDATE messages SET visible_at_ms = ?, queue = CASE WHEN attempts >= ? THEN queue || ? ELSE queue END WHERE id = ?`,
		time.Now().Add(delay).UnixMilli(), maxAttempts, deadSuffix, r.PathValue("id"))
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	b.notify()
	w.WriteHeader(http.StatusNoContent)
}

// brokerClient speaks to the broker. Its HTTP is the broker's protocol and no hop of its own in a trace.
type brokerClient struct {
	http *http.Client
	base string
}

func (s *service) broker() brokerClient {
	return brokerClient{&http.Client{Timeout: maxWait + callTimeout, Transport: s.transport}, s.Peers[queue]}
}

func (b brokerClient) send(ctx context.Context, queue string, headers map[string]string, body any) (id string, err error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	var sent message
	_, err = call(ctx, b.http, http.MethodPost, b.base+"/queues/"+url.PathEscape(queue)+"/messages", message{Headers: headers, Body: raw}, &sent)
	return sent.ID, err
}

// receive returns nil without an error when no message came in time.
func (b brokerClient) receive(ctx context.Context, queue string, wait time.Duration) (*message, error) {
	var m message
	_, err := call(ctx, b.http, http.MethodPost, b.base+"/queues/"+url.PathEscape(queue)+"/receive?wait="+wait.String(), nil, &m)
	if err != nil || m.ID == "" {
		return nil, err
	}
	return &m, nil
}

func (b brokerClient) ack(ctx context.Context, m *message) error {
	_, err := call(ctx, b.http, http.MethodDelete, b.base+"/messages/"+m.ID, nil, nil)
	return err
}

func (b brokerClient) retry(ctx context.Context, m *message, delay time.Duration) error {
	_, err := call(ctx, b.http, http.MethodPost, b.base+"/messages/"+m.ID+"/retry?delay="+delay.String(), nil, nil)
	return err
}
