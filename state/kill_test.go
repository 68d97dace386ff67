package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

// writeUntilKilled changes records and puts objects, and prints a line for each that was acknowledged.
func writeUntilKilled(dir, round string) {
	ctx := context.Background()
	s, err := Open(ctx, Config{Dir: dir})
	must(err)
	b, err := s.Bucket(ctx, "records")
	must(err)
	o, err := s.Objects(ctx, "code")
	must(err)
	// One write of one line cannot be cut: it is shorter than a pipe takes at once.
	say := func(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }
	for w := range 2 {
		go func() {
			key := fmt.Sprintf("%s/counter-%d", round, w)
			revision, err := b.Create(ctx, key, []byte("0"))
			must(err)
			for n := 1; ; n++ {
				revision, err = b.Update(ctx, key, []byte(strconv.Itoa(n)), revision)
				must(err)
				say("record %s %d", key, n)
			}
		}()
	}
	go func() {
		for n := 0; ; n++ {
			key := fmt.Sprintf("%s/short-lived-%d", round, n)
			revision, err := b.Create(ctx, key, nil)
			must(err)
			must(b.Delete(ctx, key, revision))
			say("deleted %s 0", key)
		}
	}()
	number, err := strconv.Atoi(round)
	must(err)
	for n := 0; ; n++ {
		object, err := o.Put(ctx, bytes.NewReader(payload(n*100_000%3_000_000, uint64(number<<8+n))))
		must(err)
		say("object %s %d", object.Digest, object.Size)
	}
}

// Four times in a row a writer is killed in the middle. Everything that it was told is safe is there afterwards, and whole.
func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	counters, deleted, objects := map[string]int{}, map[string]bool{}, map[string]int{}
	for round := range 4 {
		cmd, out := child(t, "writer", dir, strconv.Itoa(round))
		for lines := 0; out.Scan(); lines++ {
			fields := strings.Fields(out.Text())
			n, err := strconv.Atoi(fields[2])
			if err != nil {
				t.Fatal(err)
			}
			switch fields[0] {
			case "record":
				counters[fields[1]] = n
			case "deleted":
				deleted[fields[1]] = true
			case "object":
				objects[fields[1]] = n
			}
			// What it still writes before the signal reaches it is read as well.
			if lines == 150+37*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("the writer was not killed: %v", err)
		}
		s := openEmbedded(t, dir)
		checkRecords(t, s, counters, deleted)
		checkObjects(t, s, objects)
		s.Close()
	}
	if len(counters) != 8 || len(deleted) == 0 || len(objects) == 0 {
		t.Errorf("acknowledged were %d counters, %d deletions, %d objects: too few to say anything", len(counters), len(deleted), len(objects))
	}
}

func checkRecords(t *testing.T, s *State, counters map[string]int, deleted map[string]bool) {
	t.Helper()
	b, err := s.Bucket(t.Context(), "records")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := b.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		found[e.Key] = true
		if deleted[e.Key] {
			t.Errorf("%s was deleted and is there", e.Key)
		}
		// The update under way may have been written without an answer: one more than was acknowledged, no other value.
		if acknowledged, is := counters[e.Key]; is {
			if n, err := strconv.Atoi(string(e.Value)); err != nil || n != acknowledged && n != acknowledged+1 {
				t.Errorf("%s: got %q, acknowledged was %d", e.Key, e.Value, acknowledged)
			}
			counters[e.Key], _ = strconv.Atoi(string(e.Value))
		}
	}
	for key := range counters {
		if !found[key] {
			t.Errorf("%s was acknowledged and is gone", key)
		}
	}
}

func checkObjects(t *testing.T, s *State, acknowledged map[string]int) {
	t.Helper()
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	list, err := o.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, chunks := map[string]int{}, uint64(0)
	for _, object := range list {
		found[object.Digest] = int(object.Size)
		chunks += uint64((object.Size + chunkBytes - 1) / chunkBytes)
		if got, err := readObject(t, o, object.Digest); err != nil || digestOf(got) != object.Digest {
			t.Errorf("object %s: %v", object.Digest, err)
		}
	}
	for digest, size := range acknowledged {
		if got, is := found[digest]; !is || got != size {
			t.Errorf("object %s of %d bytes was acknowledged; found: %v, %d bytes", digest, size, is, got)
		}
	}
	if n := chunksOf(t, o); n != chunks {
		t.Errorf("%d chunks are kept, the objects have %d", n, chunks)
	}
}

const halfBytes = 6 * chunkBytes

// uploadUntilKilled puts an object whose second half never comes.
func uploadUntilKilled(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, Config{Dir: dir})
	must(err)
	o, err := s.Objects(ctx, "code")
	must(err)
	_, err = o.Put(ctx, io.MultiReader(bytes.NewReader(payload(halfBytes, 1)), readerFunc(func([]byte) (int, error) {
		for {
			info, err := o.chunks.Info(ctx)
			must(err)
			if info.State.Msgs == halfBytes/chunkBytes {
				fmt.Println("half")
				select {}
			}
		}
	})))
	must(err)
}

func TestKilledUpload(t *testing.T) {
	dir := t.TempDir()
	cmd, out := child(t, "upload", dir)
	if !out.Scan() || out.Text() != "half" {
		t.Fatalf("the upload did not come half way: %q", out.Text())
	}
	if _, err := Open(t.Context(), Config{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("open a folder that a process has open: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()

	s := openEmbedded(t, dir)
	stream, err := s.js.Stream(t.Context(), "WEFT_objects_code")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != halfBytes/chunkBytes {
		t.Fatalf("%d chunks survived, want %d: there was nothing to clean up", n, halfBytes/chunkBytes)
	}
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	if list, err := o.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("an object half put is listed: %v, %v", list, err)
	}
	if n := chunksOf(t, o); n != 0 {
		t.Errorf("%d chunks of an object half put are left", n)
	}
}
