package sandbox

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestProcessExit(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		f := func(script string, code int, signal string) {
			t.Helper()
			p := start(t, m, shell(t, script))
			exit := ended(t, p)
			if exit.Code != code || exit.Signal != signal || exit.OutOfMemory || exit.DiskFull || exit.TooManyProcesses {
				t.Errorf("%s: exit is %+v, want code %d, signal %q, no bound", script, exit, code, signal)
			}
			s := p.Started()
			if s.Exec.Before(s.Fork) || exit.At.Before(s.Exec) {
				t.Errorf("%s: forked at %v, executed at %v, ended at %v: want them in order", script, s.Fork, s.Exec, exit.At)
			}
			if exit.Usage.CPU <= 0 {
				t.Errorf("%s: usage is %+v, want processor time", script, exit.Usage)
			}
		}
		f("exit 0", 0, "")
		f("exit 42", 42, "")
		f("kill -KILL $$", -1, "killed")
		f("kill -SEGV $$", -1, "segmentation fault")
		f("exec 1>&- 2>&-; sleep 0.05; exit 3", 3, "") // it closes its output and lives on
	})
}

func TestProcessEnvironmentAndOutput(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		var out, errs output
		spec := shell(t, `echo "$HOME|$TMPDIR|$NAME|$PWD"; echo oops >&2; cat <&3; touch "$HOME/file"; cat`)
		spec.Environment = append(spec.Environment, "NAME=value", "HOME=/elsewhere")
		spec.Stdout, spec.Stderr = &out, &errs
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.WriteString("from the file\n"); err != nil {
			t.Fatal(err)
		}
		w.Close()
		spec.Files = []*os.File{r}
		p := start(t, m, spec)
		if _, err := r.Stat(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("the file given is open: %v", err)
		}
		dir := p.Dir()
		if exit := ended(t, p); exit.Code != 0 {
			t.Errorf("exit is %+v", exit)
		}
		work, err := filepath.EvalSymlinks(spec.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if want := dir + "|" + dir + "|value|" + work + "\nfrom the file\n"; out.String() != want || errs.String() != "oops\n" {
			t.Errorf("output is %q and %q, want %q and %q", out.String(), errs.String(), want, "oops\n")
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", dir, err)
		}
		// Its ID is free again, and the outputs may be one.
		out = output{}
		spec.Files, spec.Stderr = nil, &out
		spec.Command = []string{"/bin/sh", "-c", "echo a; echo b >&2; echo c"}
		ended(t, start(t, m, spec))
		if out.String() != "a\nb\nc\n" {
			t.Errorf("output is %q", out.String())
		}
	})
}

func TestProcessLimits(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		spec := shell(t, "sleep 600")
		spec.Disk = 1 << 20
		p := start(t, m, spec)
		text, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/limits")
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(strings.Fields(string(text)), " ")
		for _, want := range []string{"Max core file size 0 0", "Max file size 1048576 1048576", "Max open files 4096 4096"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not among %s", want, got)
			}
		}
	})
}

func TestCannotExecute(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	put("plain", "#!/bin/sh\n", 0o644)
	put("format", "\x00\x01\x02\x03", 0o755)
	put("interpreter", "#!/no/such/interpreter\n", 0o755)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	inEachMode(t, func(t *testing.T, m *Manager) {
		f := func(program string, want error, part string) {
			t.Helper()
			spec := command(t, program)
			spec.Dir, spec.Memory = dir, 64<<20
			p, err := m.Start(context.Background(), spec)
			var exec *ExecError
			if p != nil || !errors.As(err, &exec) || !errors.Is(err, want) || !strings.Contains(err.Error(), part) ||
				!strings.Contains(err.Error(), filepath.Base(program)) {
				t.Errorf("%s: %v; want %v, %q", program, err, want, part)
			}
		}
		free := m.Limits().Memory
		f("/no/such/program", fs.ErrNotExist, "no such file")
		f("no-such-program", fs.ErrNotExist, "neither in "+dir+" nor in PATH")
		f("./no-such-program", fs.ErrNotExist, "no such file")
		f("plain", fs.ErrPermission, "not executable")
		f("folder", fs.ErrPermission, "not a regular file")
		f("format", syscall.ENOEXEC, "exec format error")
		f("interpreter", fs.ErrNotExist, "interpreter or loader is missing")
		if now := m.Limits().Memory; now != free {
			t.Errorf("%d bytes can be promised after failures, want %d", now, free)
		}
	})
}

func TestProgramOfFolderBeforePath(t *testing.T) {
	m := newManager(t, Config{Dir: t.TempDir()})
	f := func(program, want string) {
		t.Helper()
		var out output
		spec := command(t, program, "from PATH")
		spec.Stdout = &out
		if err := os.WriteFile(filepath.Join(spec.Dir, "mine"), []byte("#!/bin/sh\necho mine\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(spec.Dir, "echo"), 0o755); err != nil { // a folder is no program
			t.Fatal(err)
		}
		ended(t, start(t, m, spec))
		if out.String() != want {
			t.Errorf("%s printed %q, want %q", program, out.String(), want)
		}
	}
	f("mine", "mine\n")
	f("./mine", "mine\n")
	f("echo", "from PATH\n")
}

func TestSpecRefused(t *testing.T) {
	m := newManager(t, Config{Dir: t.TempDir()})
	f := func(change func(*Spec), part string) {
		t.Helper()
		spec := command(t, "/bin/true")
		change(&spec)
		if _, err := m.Start(context.Background(), spec); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v; want %q", err, part)
		}
	}
	f(func(s *Spec) { s.ID = "../up" }, `"../up": must be 1 to 64`)
	f(func(s *Spec) { s.ID = "" }, "must be 1 to 64")
	f(func(s *Spec) { s.Command = nil }, "command is empty")
	f(func(s *Spec) { s.Memory = -1 }, "none may be negative")
	f(func(s *Spec) { s.Dir = "/no/such/folder" }, "working folder")
	p := start(t, m, shell(t, "sleep 600"))
	f(func(s *Spec) { s.ID = p.spec.ID }, "exists")
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 { // the thread may be ready, or not
		spec := command(t, "/bin/true")
		if p, err := m.Start(canceled, spec); err == nil {
			ended(t, p)
		} else if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want canceled", err)
		}
	}
}

func TestStop(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		f := func(script string, grace time.Duration, freeze bool, code int, signal string) {
			t.Helper()
			var out output
			spec := shell(t, script)
			spec.Stdout = &out
			p := start(t, m, spec)
			until(t, "the script is ready", func() bool { return strings.Contains(out.String(), "ready") })
			if freeze {
				if err := p.Freeze(); err != nil {
					t.Fatal(err)
				}
			}
			p.Stop(context.Background(), grace)
			if exit := ended(t, p); exit.Code != code || exit.Signal != signal {
				t.Errorf("%s: exit is %+v, want code %d, signal %q", script, exit, code, signal)
			}
			p.Stop(context.Background(), grace) // there is nothing left to do
			p.Kill()
		}
		const polite = `trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done`
		const stubborn = `trap '' TERM; echo ready; while :; do sleep 0.05; done`
		f(polite, patience, false, 7, "")
		f(polite, patience, true, 7, "")
		f(stubborn, 100*time.Millisecond, false, -1, "killed")
		f(stubborn, 100*time.Millisecond, true, -1, "killed")

		p := start(t, m, shell(t, `trap '' TERM; while :; do sleep 0.05; done`))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		p.Stop(ctx, patience) // ctx ends the grace
		ended(t, p)
	})
}

func TestFreeze(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		p := start(t, m, shell(t, "while :; do :; done"))
		rising := func(why string) {
			t.Helper()
			from := p.Usage().CPU
			until(t, "processor time grows "+why, func() bool { return p.Usage().CPU > from+20*time.Millisecond })
		}
		rising("at first")
		for range 3 {
			for range 2 {
				if err := p.Freeze(); err != nil {
					t.Fatal(err)
				}
			}
			last := time.Duration(-1)
			until(t, "processor time stands still", func() bool {
				now := p.Usage().CPU
				still := now == last
				last = now
				time.Sleep(50 * time.Millisecond)
				return still
			})
			for range 2 {
				if err := p.Thaw(); err != nil {
					t.Fatal(err)
				}
			}
			rising("when thawed")
		}
		if err := p.Freeze(); err != nil {
			t.Fatal(err)
		}
		p.Kill()
		if exit := ended(t, p); exit.Signal != "killed" || exit.OutOfMemory {
			t.Errorf("exit is %+v, want killed", exit)
		}
		if err := p.Freeze(); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("freeze what has ended: %v", err)
		}
	})
}
