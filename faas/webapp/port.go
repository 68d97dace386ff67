package webapp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// Ports for programs are taken from below the range from which the system takes those of outgoing connections: a program
// could not listen on a port while a connection has it.
const lowestPort = 10000

// taken are the ports of this process's instances. A program listens some time after its port was chosen.
var taken = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// reservePort takes the port that is wanted, or any free one for 0. It fails when somebody listens on it already, who would
// be taken for the program.
func reservePort(wanted int) (int, error) {
	if wanted != 0 {
		return wanted, claimPort(wanted)
	}
	end := ephemeralStart()
	var err error
	for range 100 {
		port := lowestPort + rand.IntN(end-lowestPort)
		if err = claimPort(port); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d: %w", lowestPort, end-1, err)
}

func claimPort(port int) error {
	taken.Lock()
	defer taken.Unlock()
	if taken.ports[port] {
		return fmt.Errorf("port %d: another instance of this runtime listens on it; one that names a fixed port cannot run twice", port)
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d: another process listens on it", port)
	}
	if err == nil {
		if err := listener.Close(); err != nil {
			return fmt.Errorf("port %d: %w", port, err)
		}
	} // else the program may be allowed what we are not, and says so itself if it is not
	taken.ports[port] = true
	return nil
}

func releasePort(port int) {
	taken.Lock()
	defer taken.Unlock()
	delete(taken.ports, port)
}

// ephemeralStart is where the range of outgoing connections begins.
func ephemeralStart() int {
	const usual = 32768 // Linux; other systems begin higher
	raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return usual
	}
	var start int
	if _, err := fmt.Sscan(string(raw), &start); err != nil || start <= lowestPort {
		return usual
	}
	return start
}
