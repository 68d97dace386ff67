package state

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
)

func benchState(b *testing.B) *State {
	b.Helper()
	s, err := Open(b.Context(), Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return s
}

// BenchmarkAppendAndSync is what the disk itself asks for a record that is safe.
func BenchmarkAppendAndSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	value := payload(1024, 1)
	for b.Loop() {
		if _, err := f.Write(value); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	bucket, err := benchState(b).Bucket(b.Context(), "records")
	if err != nil {
		b.Fatal(err)
	}
	value := payload(1024, 1)
	revision, err := bucket.Create(b.Context(), "a", value)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if revision, err = bucket.Update(b.Context(), "a", value, revision); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCreateParallel(b *testing.B) {
	bucket, err := benchState(b).Bucket(b.Context(), "records")
	if err != nil {
		b.Fatal(err)
	}
	value := payload(1024, 1)
	var n atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := bucket.Create(b.Context(), strconv.FormatInt(n.Add(1), 10), value); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	bucket, err := benchState(b).Bucket(b.Context(), "records")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := bucket.Create(b.Context(), "a", payload(1024, 1)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bucket.Get(b.Context(), "a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObject(b *testing.B) {
	for _, mib := range []int{1, 16} {
		data := payload(mib<<20, 1)
		b.Run(fmt.Sprintf("put/MiB=%d", mib), func(b *testing.B) {
			o, err := benchState(b).Objects(b.Context(), "code")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for n := 0; b.Loop(); n++ {
				copy(data, strconv.Itoa(n)) // another object each time
				object, err := o.Put(b.Context(), bytes.NewReader(data))
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := o.Delete(b.Context(), object.Digest); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
		b.Run(fmt.Sprintf("read/MiB=%d", mib), func(b *testing.B) {
			o, err := benchState(b).Objects(b.Context(), "code")
			if err != nil {
				b.Fatal(err)
			}
			object, err := o.Put(b.Context(), bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r, _, err := o.Open(b.Context(), object.Digest)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
