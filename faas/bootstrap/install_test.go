package bootstrap_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"weft/faas/bootstrap"
)

func TestInstall(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	sets := make([]bootstrap.Set, 8)
	for i := range sets {
		group.Go(func() {
			var err error
			if sets[i], err = bootstrap.Install(dir); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, s := range sets {
		if s != sets[0] {
			t.Errorf("got %v and %v", s, sets[0])
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, want one set (%v)", entries, err)
	}
	set := sets[0]
	want, err := os.ReadFile(set.Node)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string]func() error{
		"changed": func() error { return os.WriteFile(set.Node, []byte("throw 1"), 0o644) },
		"removed": func() error { return os.Remove(set.NodeHook) },
		"added":   func() error { return os.WriteFile(filepath.Join(set.PythonHook, "os.py"), nil, 0o644) },
		"linked": func() error {
			return os.Rename(set.Python, set.Python+"c")
		},
	}
	for name, do := range damage {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		again, err := bootstrap.Install(dir)
		if err != nil || again != set {
			t.Errorf("%s: got %v, %v", name, again, err)
		}
		for _, file := range []string{set.Node, set.NodeHook, set.Python} {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, err := os.ReadFile(set.Node); err != nil || string(got) != string(want) {
			t.Errorf("%s: the bootstrap is not what it was (%v)", name, err)
		}
		if _, err := os.Stat(filepath.Join(set.PythonHook, "os.py")); err == nil {
			t.Errorf("%s: a foreign file is still there", name)
		}
	}
	entries, err = os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, want one set (%v)", entries, err)
	}
}
