package bootstrap_test

import (
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// frames reads n log frames as _LAMBDA_TELEMETRY_LOG_FD has them: type, length, time in µs, message.
func frames(t *testing.T, r *os.File, n int) (kinds []uint32, messages []string) {
	t.Helper()
	if err := r.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	for range n {
		var head [16]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			t.Fatalf("after %q: %v", messages, err)
		}
		at := time.UnixMicro(int64(binary.BigEndian.Uint64(head[8:])))
		if d := time.Since(at); d < -time.Second || d > time.Minute {
			t.Errorf("a frame is of %v", at)
		}
		message := make([]byte, binary.BigEndian.Uint32(head[4:]))
		if _, err := io.ReadFull(r, message); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, binary.BigEndian.Uint32(head[:]))
		messages = append(messages, string(message))
	}
	return kinds, messages
}

func TestFrames(t *testing.T) {
	for language, c := range map[string]struct {
		handler, text, env string
		kinds              []uint32
		contains           []string
		stdout             string
	}{
		"node": {"index.h", `exports.h = async () => { console.log('two\nlines %d', 5); console.error('bad'); process.stdout.write('plain\n');
			require('child_process').execFileSync('node', ['-e', 'console.log(1)'], { stdio: 'inherit' }); throw new RangeError('x'); }`, "A=1",
			[]uint32{0xa55a0003 | 3<<2, 0xa55a0003 | 5<<2, 0xa55a0003 | 5<<2}, []string{"Z\tid\tINFO\ttwo\nlines 5", "Z\tid\tERROR\tbad", "ERROR\tInvoke Error \t{\"errorType\":\"RangeError\""}, "plain\n1\n"},
		"node json": {"index.h", `exports.h = async () => { console.debug('hidden'); console.info({ a: 1 }); console.warn('w', new Error('e')); }`,
			"AWS_LAMBDA_LOG_FORMAT=JSON AWS_LAMBDA_LOG_LEVEL=INFO",
			[]uint32{0xa55a0002 | 3<<2, 0xa55a0002 | 4<<2}, []string{`"level":"INFO","requestId":"id","message":{"a":1}`, `"errorType":"Error","errorMessage":"e"`}, ""},
		"python": {"app.h", "import logging\ndef h(e, c):\n    logging.warning('two\\nlines')\n    print('plain')\n    1/0\n", "A=1",
			[]uint32{0xa55a0003 | 4<<2, 0xa55a0003 | 5<<2}, []string{"[WARNING]\t", "[ERROR] ZeroDivisionError: division by zero\nTraceback"}, "plain\n"},
		"python json": {"app.h", "import logging\ndef h(e, c):\n    logging.info('hello')\n    logging.debug('hidden')\n", "AWS_LAMBDA_LOG_FORMAT=JSON",
			[]uint32{0xa55a0002 | 3<<2}, []string{`"level": "INFO", "message": "hello", "logger": "root", "requestId": "id"`}, ""},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		file := map[string]string{"app.py": c.text}
		if strings.HasPrefix(language, "node") {
			file = map[string]string{"index.js": c.text}
		}
		env := append(strings.Fields(c.env), "_LAMBDA_TELEMETRY_LOG_FD=3", "PYTHONUNBUFFERED=1")
		p := run(t, strings.Fields(language)[0], c.handler, file, []*os.File{w}, env...)
		w.Close()
		p.ask("id", "{}")
		kinds, messages := frames(t, r, len(c.kinds))
		for i, want := range c.kinds {
			if kinds[i] != want || !strings.Contains(messages[i], c.contains[i]) {
				t.Errorf("%s: got %x %q, want %x with %q", language, kinds[i], messages[i], want, c.contains[i])
			}
		}
		p.prints(c.stdout)
		if got := p.stdout.String(); got != c.stdout {
			t.Errorf("%s: stdout %q, want %q", language, got, c.stdout)
		}
	}
}
