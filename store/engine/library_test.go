package engine

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLibraryMissing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(LibraryEnv, "")
	t.Chdir(dir) // outside the module, whose own library would be found
	_, err := Start(t.Context(), Config{DataDir: dir})
	want := fmt.Sprintf("engine library: no libchdb.so in %s/engine: run 'make engine' in the project's root, or set WEFT_ENGINE_LIB to its path", dir)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	t.Setenv(LibraryEnv, "/no/such/file")
	_, err = FindLibrary(dir)
	if want := "engine library: WEFT_ENGINE_LIB=/no/such/file is not a file"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "clickhouse")); !os.IsNotExist(err) {
		t.Errorf("a start without a library left a folder behind: %v", err)
	}
}

func TestFindLibraryOrder(t *testing.T) {
	root := t.TempDir()
	write := func(elem ...string) string {
		t.Helper()
		path := filepath.Join(append([]string{root}, elem...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	find := func(want string) {
		t.Helper()
		if got, err := FindLibrary(filepath.Join(root, "mine")); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	t.Setenv(LibraryEnv, "")
	write("go.mod")
	ofModule := write("data", "engine", "libchdb.so")
	write("store", "x.go")
	t.Chdir(filepath.Join(root, "store"))
	find(ofModule)
	inData := write("mine", "engine", "libchdb.so")
	find(inData)
	named := write("named.so")
	t.Setenv(LibraryEnv, named)
	find(named)
}

func TestVersionIsTheOneFetched(t *testing.T) {
	for _, name := range []string{"npm/package.json", "npm/package-lock.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		packages := 0
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, `"@chdb/lib-`) {
				packages++
				if want := `": "` + Version + `"`; !strings.Contains(line, want) {
					t.Errorf("%s: %s: want version %s", name, strings.TrimSpace(line), Version)
				}
			}
			if strings.Contains(line, `"resolved"`) {
				t.Errorf("%s names a registry: %s", name, strings.TrimSpace(line))
			}
		}
		if packages != 4 {
			t.Errorf("%s: %d packages, want 4", name, packages)
		}
	}
}

func TestLibraryUnusable(t *testing.T) {
	good, err := FindLibrary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fails := func(name string, head []byte, of string, size int64, want ...string) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "library.so")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.Write(head); err != nil {
				t.Fatal(err)
			}
			if of != "" {
				src, err := os.Open(of)
				if err != nil {
					t.Fatal(err)
				}
				defer src.Close()
				if _, err := io.CopyN(f, src, size); err != nil && err != io.EOF {
					t.Fatal(err)
				}
			}
			cfg := config(t, dir)
			cfg.Library = path
			_, err = start(t.Context(), cfg, quick)
			if err == nil {
				t.Fatal("it started")
			}
			t.Log(err)
			for _, w := range append(want, "start the engine: load ", path, "run 'make engine'") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got %v, want %q in it", err, w)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
	fails("text", []byte("404 page not found\n"), "", 0)
	fails("empty", nil, "", 0)
	fails("cut short", nil, good, 64<<20)
	fails("some other library", nil, otherLibrary(t), 1<<30, "not the engine library")
}

// otherLibrary is a shared library that every Linux system has: the C library that this process runs on.
func otherLibrary(t *testing.T) string {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if path := fields[len(fields)-1]; strings.Contains(filepath.Base(path), "libc.so") {
			return path
		}
	}
	t.Fatal("this process has no libc mapped")
	return ""
}
