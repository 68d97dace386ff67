package engine

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/creack/pty"
)

func TestKilledChildLosesNothingAcknowledged(t *testing.T) {
	e := startEngine(t, t.TempDir())
	dsn, pid := e.DSN(), e.PID()
	conn := connect(t, dsn)
	run(t, conn, "CREATE DATABASE shop")
	run(t, conn, "CREATE TABLE shop.ids (id UInt64, pad String) ENGINE = MergeTree ORDER BY id")

	const rows, writers = 5000, 3
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex // guards acked and refused
	acked, refused := map[uint64]bool{}, 0
	var all sync.WaitGroup
	for w := range uint64(writers) {
		all.Go(func() {
			for n := w; ctx.Err() == nil; n += writers {
				err := insertIDs(ctx, conn, n*rows, rows)
				mu.Lock()
				if err == nil {
					acked[n] = true
				} else {
					refused++
				}
				mu.Unlock()
				if err != nil { // as a client would, so that the new child gets a processor to start on
					select {
					case <-ctx.Done():
					case <-time.After(20 * time.Millisecond):
					}
				}
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acked)
	}
	for want := 1; want <= 3; want++ {
		before := count()
		eventually(t, "inserts go through", 30*time.Second, func() bool { return count() >= before+10 })
		if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a new child answers", 30*time.Second, func() bool { return e.Restarts() == want })
	}
	before := count()
	eventually(t, "inserts go through after the last restart", 30*time.Second, func() bool { return count() >= before+10 })
	cancel()
	all.Wait()

	if e.PID() == pid || e.DSN() != dsn {
		t.Errorf("PID %d after %d, DSN kept: %v", e.PID(), pid, e.DSN() == dsn)
	}
	if refused == 0 {
		t.Error("no insert was refused: the kills were not under ingest")
	}
	batches := make([]uint64, 0, len(acked))
	for n := range acked {
		batches = append(batches, n)
	}
	got := scan[uint64](t, conn, fmt.Sprintf("SELECT uniqExact(id) FROM shop.ids WHERE intDiv(id, %d) IN $1", rows), batches)
	if want := uint64(len(acked) * rows); got != want {
		t.Errorf("%d of %d acknowledged rows are there", got, want)
	}
	t.Logf("acknowledged %d batches, refused %d", len(acked), refused)
}

func insertIDs(ctx context.Context, conn driver.Conn, first, n uint64) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO shop.ids")
	if err != nil {
		return err
	}
	defer batch.Close()
	for id := first; id < first+n; id++ {
		if err := batch.Append(id, strconv.FormatUint(id, 36)); err != nil {
			return err
		}
	}
	return batch.Send()
}

func TestKilledParentTakesItsChildAlong(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+dir)
	var words bytes.Buffer
	parent.Stderr = &words
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(out)
	fields := strings.Fields(readLine(t, reader))
	if len(fields) != 3 || fields[0] != "ready" {
		t.Fatalf("the parent says %q %s", fields, words.String())
	}
	child, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, fields[2])
	run(t, conn, "CREATE DATABASE shop")
	run(t, conn, "CREATE TABLE shop.ids (id UInt64, pad String) ENGINE = MergeTree ORDER BY id")
	if err := insertIDs(t.Context(), conn, 0, 1000); err != nil {
		t.Fatal(err)
	}

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed: that is the error
	// At once, without waiting for the child to be gone: the lock has to do that.
	e := startEngine(t, dir)
	if running(child) {
		t.Errorf("child %d outlived its parent", child)
	}
	if n := scan[uint64](t, connect(t, e.DSN()), "SELECT count() FROM shop.ids"); n != 1000 {
		t.Errorf("%d rows, want 1000", n)
	}
}

// The pipe alone must do it too: there is no death signal on macOS, nor when a parent's thread ended before.
func TestChildEndsWithItsLifeline(t *testing.T) {
	library, err := FindLibrary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	other := *layoutIn(t, t.TempDir())
	if err := other.writeConfig("pass", 1<<30); err != nil {
		t.Fatal(err)
	}
	tcp, http, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(os.Args[0], library, other, tcp, http)
	cmd.SysProcAttr = nil
	cmd.ExtraFiles = []*os.File{theirs}
	master, stdin, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer stdin.Close()
	cmd.Stdin = stdin
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	eventually(t, "the child listens", time.Minute, func() bool { return listens(http) })
	// What a terminal or a service manager sends to the whole group is not the engine's end.
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if !listens(http) {
		t.Error("a signal ended the child")
	}
	ours.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the child outlived its lifeline")
		_ = cmd.Process.Kill()
		<-ended
	}
}

func layoutIn(t *testing.T, dir string) *layout {
	t.Helper()
	l, err := newLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &l
}

func TestGivesUpForGood(t *testing.T) {
	dir := t.TempDir()
	e := startEngine(t, dir)
	if err := os.WriteFile(e.files.users, []byte("<clickhouse><users"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-e.Done():
	case <-time.After(time.Minute):
		t.Fatal("Done is still open")
	}
	err := e.Err()
	if err == nil || !strings.HasPrefix(err.Error(), "start the engine: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line that starts with what failed", err)
	}
	t.Log(err)
	if e.PID() != 0 {
		t.Errorf("PID %d after the end", e.PID())
	}
	startEngine(t, dir) // the folder is free, and a start writes the files anew
}

// A port that somebody took while the child was away cannot be had back: the clients know the old one.
func TestGivesUpWhenItsPortIsTaken(t *testing.T) {
	tune := quick
	tune.firstPause = 500 * time.Millisecond
	e, err := start(t.Context(), config(t, t.TempDir()), tune)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopEngine(t, e) })
	address := loopback(e.tcp)
	if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var thief net.Listener
	eventually(t, "the port is free", 10*time.Second, func() bool {
		thief, err = net.Listen("tcp", address)
		return err == nil
	})
	defer thief.Close()
	select {
	case <-e.Done():
	case <-time.After(time.Minute):
		t.Fatal("Done is still open")
	}
	if err := e.Err(); err == nil || !strings.Contains(err.Error(), "Address already in use") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line with the reason", err)
	}
	t.Log(e.Err())
}

func TestSecondStart(t *testing.T) {
	dir := t.TempDir()
	e := startEngine(t, dir)
	_, err := Start(t.Context(), config(t, dir))
	want := fmt.Sprintf("data folder %s is in use by process %d: stop that one, or choose another data folder", e.files.root, os.Getpid())
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	scan[uint8](t, connect(t, e.DSN()), "SELECT 1") // the first one does not mind
}
