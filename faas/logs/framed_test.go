package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.opentelemetry.io/otel/log"

	"weft/semconv"
)

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }

func frame(typ uint32, at time.Time, message string) []byte {
	b := binary.BigEndian.AppendUint32(nil, typ)
	b = binary.BigEndian.AppendUint32(b, uint32(len(message)))
	if typ&3 != frameOld {
		b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro()))
	}
	return append(b, message...)
}

func readFrames(t testing.TB, r io.Reader) ([]Record, error) {
	t.Helper()
	s := newSink(Config{})
	in := s.Instance("i", span(9))
	in.Begin(idA, span(1))
	err := in.ReadFrames(r)
	in.End(idA) // a report waits for it
	in.Close()
	s.Close()
	return s.got, err
}

func TestFrames(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Microsecond)
	var all []byte
	for _, f := range [][]byte{
		frame(frameMark|frameText, at, "plain\nof two lines\n"),
		frame(frameMark|5<<2|frameText, at, "with a level"),
		frame(frameMark|3<<2|frameText, at, "2024-05-06T07:08:09.123Z\t"+idA+"\tWARN\tof the text\n  at more"),
		frame(frameMark|5<<2|frameJSON, at, `{"level":"ERROR","requestId":"`+idA+`","message":"json"}`),
		frame(frameMark|frameJSON, at, "{\n  \"pretty\": 1\n}"),
		frame(frameMark|frameOld, at, "of Ruby"),
		frame(frameMark|frameText, at, ""),
		[]byte("\xa5\x5anot a frame\nat all\n"),
		frame(frameMark|frameText, at, "[ERROR] ValueError: x\rTraceback (most recent call last):\r  File \"a.py\", line 1"),
		frame(frameMark|frameText, at, strings.Repeat("z", MaxRecord+5)),
		frame(frameMark|6<<2|frameText, at, "last words")[:20],
	} {
		all = append(all, f...)
	}
	for name, r := range map[string]io.Reader{"whole": bytes.NewReader(all), "bytes": iotest.OneByteReader(bytes.NewReader(all)), "halves": iotest.HalfReader(bytes.NewReader(all))} {
		got, err := readFrames(t, r)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, r := range got {
			if text := line(r); len(text) < 1000 {
				texts = append(texts, text)
			}
			if r.RequestID != idA || r.Stream != Telemetry {
				t.Errorf("%s: %q of %q", name, r.Body.String(), r.RequestID)
			}
		}
		want := []string{
			`0 |plain\nof two lines`, `17 ERROR|with a level`, `13 WARN|of the text\n  at more`, `17 ERROR|json`, `0 |{"pretty":1}`, `0 |of Ruby`,
			"0 |\uFFFDZnot a frame", "0 |at all",
			`17 ERROR|ValueError: x\nTraceback (most recent call last):\n  File "a.py", line 1|exception.type=ValueError exception.message=x`, `21 FATAL|last`,
		}
		// Stray bytes wait for more lines and may come behind the frames after them.
		if strings.Join(sorted(texts), "\n") != strings.Join(sorted(want), "\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(texts, "\n"), strings.Join(want, "\n"))
		}
		if !got[0].Time.Equal(at) || got[0].Severity != log.SeverityUndefined || got[0].Observed.Equal(at) {
			t.Errorf("time %v, want %v", got[0].Time, at)
		}
		cut := 0
		for _, r := range got {
			if attr(r, semconv.LogTruncated) == "true" && len(r.Body.AsString()) == MaxRecord {
				cut++
			}
		}
		if cut != 1 {
			t.Errorf("%s: %d long records", name, cut)
		}
	}
}

func TestFramesPassErrorsOn(t *testing.T) {
	boom := errors.New("boom")
	for _, r := range []io.Reader{iotest.ErrReader(boom), io.MultiReader(bytes.NewReader(frame(frameMark|frameText, time.Now(), "x")), iotest.ErrReader(boom))} {
		if _, err := readFrames(t, r); !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
	}
}
