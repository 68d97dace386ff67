package sandbox

import (
	"io"
	"os"
)

// chunk is how much output is handed over at once, in bytes. A pipe holds as much.
const chunk = 64 << 10

// copyOutput hands to w what the process prints until the pipe ends or is closed. Once w fails, the rest is thrown away: a
// process must not hang because its log does.
func copyOutput(w io.Writer, r *os.File) {
	buf := make([]byte, chunk)
	for {
		n, err := r.Read(buf)
		if n > 0 && w != nil {
			if _, failed := w.Write(buf[:n]); failed != nil {
				w = nil
			}
		}
		if err != nil {
			return
		}
	}
}
