package sandbox

import "golang.org/x/sys/unix"

// meter reads one small file of a control group again and again. It stays open in between: opening it anew takes five times what reading
// it does (6.7 µs against 1.3 for cpu.stat). The zero value is ready; it is not for concurrent use.
type meter struct {
	fd     int
	opened bool
}

// read reads the file; what cannot be read is empty.
func (m *meter) read(dir, file string, buf []byte) []byte {
	if !m.opened {
		fd, err := unix.Open(dir+"/"+file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil
		}
		m.fd, m.opened = fd, true
	}
	n, err := unix.Pread(m.fd, buf, 0)
	if err != nil {
		return nil
	}
	return buf[:n]
}

func (m *meter) close() {
	if m.opened {
		_ = unix.Close(m.fd)
		*m = meter{}
	}
}
