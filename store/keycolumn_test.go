package store

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

// TestDictionaryKeysWiden takes dictionaries of each width over the wire, both ways of encoding, twice from one column.
func TestDictionaryKeysWiden(t *testing.T) {
	c := newLC()
	for _, n := range []int{1, 256, 257, 65536, 65537, 3} {
		c.Reset()
		var want []string
		for i := range n {
			c.open()
			want = append(want, "")
			if i%2 == 0 { // every other value comes through set, as promoted attributes do
				want = append(want, fmt.Sprint(i))
				c.open()
				if !c.set(fmt.Sprint(i)) || c.set("second") {
					t.Fatalf("%d values: row %d takes another number of values than one", n, i)
				}
				continue
			}
			want = append(want, fmt.Sprint(i))
			c.Append(fmt.Sprint(i))
		}
		var encoded, written proto.Buffer
		c.EncodeColumn(&encoded)
		var sent bytes.Buffer
		w := proto.NewWriter(&sent, &written)
		c.WriteColumn(w)
		if _, err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded.Buf, sent.Bytes()) {
			t.Errorf("%d values: WriteColumn and EncodeColumn differ", n)
		}
		got := newLC()
		if err := got.DecodeColumn(proto.NewReader(&sent), len(want)); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got.Row(i) != want[i] {
				t.Fatalf("%d values: row %d is %q, want %q", n, i, got.Row(i), want[i])
			}
		}
	}
}

func TestTextIsSetOnce(t *testing.T) {
	var c textColumn
	c.Append("")
	if !c.set("a") || c.set("b") {
		t.Error("an empty row takes one value")
	}
	c.AppendBytes([]byte("c"))
	if c.set("d") {
		t.Error("a row with a value takes another")
	}
	c.Append("")
	var b proto.Buffer
	c.EncodeColumn(&b)
	if got, want := string(b.Buf), "\x01a\x01c\x00"; got != want || c.Rows() != 3 {
		t.Errorf("%d rows %q, want 3 rows %q", c.Rows(), got, want)
	}
	c.Reset()
	if c.Rows() != 0 {
		t.Error("rows are left after Reset")
	}
}
