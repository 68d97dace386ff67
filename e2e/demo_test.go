package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// shopServices are the services of examples/shop that one checkout passes through.
var shopServices = []string{}

// TestDemo runs the demo shop and wants one connected trace through all of it, and the browser test to pass on what it
// made.
func TestDemo(t *testing.T) {
	in := newRunning(t, "--demo", "--demo-rate", "5")
	var whole summary
	await(t, 2*time.Minute, func() error {
		found, err := in.search(nil)
		if err != nil {
			return err
		}
		best := 0
		for _, s := range found {
			var services []string
			for _, sv := range s.Services {
				services = append(services, sv.Name)
			}
			missing := 0
			for _, want := range shopServices {
				if !slices.Contains(services, want) {
					missing++
				}
			}
			if missing == 0 {
				whole = s
				return nil
			}
			best = max(best, len(shopServices)-missing)
		}
		return fmt.Errorf("of %d traces none goes through all of %v; the best one has %d", len(found), shopServices, best)
	})
	t.Run("connected", func(t *testing.T) {
		spans, err := in.trace(whole.TraceID)
		if err != nil {
			t.Fatal(err)
		}
		checkConnected(t, spans)
	})
	t.Run("browser", func(t *testing.T) { runBrowser(t, in) })
}

// checkConnected wants one root and every other span's parent to be there.
func checkConnected(t *testing.T, spans []span) {
	t.Helper()
	ids := map[string]bool{}
	for _, s := range spans {
		ids[s.SpanID] = true
	}
	roots := 0
	for _, s := range spans {
		if s.ParentID == "" {
			roots++
		} else if !ids[s.ParentID] {
			t.Errorf("span %q of %s has a parent that is not stored", s.Name, s.Service)
		}
	}
	if roots != 1 {
		t.Errorf("the trace has %d roots, want 1", roots)
	}
}

// runBrowser runs the UI's own end-to-end tests in Chromium against in.
func runBrowser(t *testing.T, in *instance) {
	t.Helper()
	ui := filepath.Join(root, "web", "ui")
	if _, err := os.Stat(filepath.Join(ui, "node_modules")); err != nil {
		t.Fatalf("%s has no node_modules: run `make e2e`, or npm ci there", ui)
	}
	cmd := exec.Command("npm", "run", "--silent", "e2e")
	cmd.Dir = ui
	cmd.Env = append(os.Environ(), "WEFT_URL=http://"+in.addr["http"])
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	timer := time.AfterFunc(5*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // a browser helper process that still held the pipe
	}
	if err != nil {
		t.Errorf("npm run e2e: %v", err)
	}
	t.Logf("%s", out.Bytes())
}
