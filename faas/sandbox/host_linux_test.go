package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// runHost is a host that starts a process, a frozen one and one that escapes, prints the keeper's pid and theirs, and waits to
// be killed.
func runHost() {
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	without, err := strconv.Atoi(os.Getenv("WEFT_TEST_WITHOUT"))
	fail(err)
	m, err := New(Config{Dir: os.Getenv("WEFT_TEST_DIR"), without: kinds(without)})
	fail(err)
	r, w, err := os.Pipe()
	fail(err)
	pids := []int{m.keeper.pid()}
	for _, argv := range [][]string{
		{"/bin/sh", "-c", "sleep 600 & exec sleep 600"},
		{"/bin/sh", "-c", "sleep 600 & exec sleep 600"},
		{"python3", "-c", escape + "time.sleep(600)"},
	} {
		p, err := m.Start(context.Background(), Spec{ID: strconv.Itoa(len(pids)), Command: argv, Dir: "/", Stdout: w,
			Environment: []string{"PATH=" + os.Getenv("PATH")}, Memory: 64 << 20})
		fail(err)
		if len(pids) == 2 {
			fail(p.Freeze())
		}
		pids = append(pids, p.PID())
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	fail(err)
	fmt.Println(strings.Trim(fmt.Sprint(pids), "[]"), strings.TrimSpace(line))
	select {}
}

// startHost starts a host and returns it with the pids of its keeper and processes, the one that escaped last.
func startHost(t *testing.T, dir string, without kinds) (*os.Process, []int) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "WEFT_TEST_PROGRAM=host", "WEFT_TEST_DIR="+dir, "WEFT_TEST_WITHOUT="+strconv.Itoa(int(without)))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for field := range strings.FieldsSeq(line) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("the host says %q", line)
		}
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		if !alive(pid) {
			t.Fatalf("%d of %v is not running", pid, pids)
		}
	}
	return cmd.Process, pids
}

// groupsOf are the control groups that a manager has noted.
func groupsOf(t *testing.T, dir string) []string {
	text, err := os.ReadFile(filepath.Join(dir, groupsFile))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

func anyAlive(pids []int) bool {
	for _, pid := range pids {
		if alive(pid) {
			return true
		}
	}
	return false
}

func TestHostIsKilled(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			dir := t.TempDir()
			host, pids := startHost(t, dir, mode.without)
			groups := groupsOf(t, dir)
			if mode.without == v1|v2 && len(groups) > 0 {
				t.Errorf("control groups are %v, want none", groups)
			}
			if err := host.Kill(); err != nil {
				t.Fatal(err)
			}
			until(t, "keeper and processes are gone", func() bool { return !anyAlive(pids) })
			for _, group := range groups {
				if _, err := os.Stat(group); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is left: %v", group, err)
				}
			}
		})
	}
}

func TestHostAndKeeperAreKilled(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			dir := t.TempDir()
			host, pids := startHost(t, dir, mode.without)
			groups := groupsOf(t, dir)
			// The host must not start another keeper in between.
			for _, step := range []struct {
				pid int
				sig syscall.Signal
			}{{host.Pid, syscall.SIGSTOP}, {pids[0], syscall.SIGKILL}, {host.Pid, syscall.SIGKILL}} {
				if err := syscall.Kill(step.pid, step.sig); err != nil {
					t.Fatal(err)
				}
			}
			until(t, "the keeper and a process are gone", func() bool { return !anyAlive(pids[:2]) })
			if escaped := pids[len(pids)-1]; !alive(escaped) {
				t.Fatalf("%d is gone: nothing is there to sweep", escaped)
			}
			m := newManager(t, Config{Dir: dir, without: mode.without})
			until(t, "all are gone", func() bool { return !anyAlive(pids) })
			for _, group := range groups {
				if _, err := os.Stat(group); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is left: %v", group, err)
				}
			}
			if left, err := os.ReadDir(m.dir); err != nil || len(left) > 0 {
				t.Errorf("folders %v are left, %v", left, err)
			}
		})
	}
}
