package engine

import (
	"net"
	"os"
	"strconv"
	"strings"
)

// running says whether a process runs. One that is dead but not yet waited for does not.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func listens(port int) bool {
	conn, err := net.Dial("tcp", loopback(port))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
