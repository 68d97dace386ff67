package faas

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"weft/faas/function"
	"weft/semconv"
)

// A runtime starts the provisioned instances of what was deployed before it. Another function can be deployed with the same package.
func TestProvisionedAfterRestart(t *testing.T) {
	dir := t.TempDir()
	ready := func(e *told, name string) {
		t.Helper()
		e.await(t, "an instance of "+name, func() bool {
			return slices.ContainsFunc(e.records, func(r toldRecord) bool {
				return r.EventName() == semconv.EventInstance && r.resource["faas.name"] == name && r.Attributes().AsRaw()[semconv.InstanceState] == semconv.StateReady
			})
		})
	}
	rt, e := openRuntime(t, dir)
	fn := deploy(t, rt, "name: kept\ncontract: lambda\ninstances: {provisioned: 1}\n", map[string]string{"bootstrap": api + `
while True:
    id, event = next()
    answer(id, b"1")
`})
	ready(e, "kept")
	other := *fn
	other.Name = "other"
	if same, err := rt.Deploy(t.Context(), other, nil); err != nil || same.CodeDigest != fn.CodeDigest {
		t.Fatalf("deployed with the same package: got %+v, %v", same, err)
	}
	ready(e, "other")
	other.CodeDigest = strings.Repeat("0", 64)
	if _, err := rt.Deploy(t.Context(), other, nil); err == nil {
		t.Error("a package that is not there was deployed")
	}
	if err := rt.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	rt, e = openRuntime(t, dir)
	defer func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	ready(e, "kept")
	ready(e, "other")
	answer, res := do(t, rt, "other", "{}")
	if cold := e.row(t, res.ID).Attributes().AsRaw()["faas.coldstart"]; answer != "1" || cold != false {
		t.Errorf("got %q, cold %v", answer, cold)
	}
}

// Functions that Config.Forget names are gone when a runtime has opened, and nothing of theirs was started.
func TestForget(t *testing.T) {
	dir := t.TempDir()
	rt, _ := openRuntime(t, dir)
	fn := deploy(t, rt, "name: kept\ncontract: lambda\n", map[string]string{"bootstrap": api + `
while True:
    id, event = next()
    answer(id, b"1")
`})
	left := *fn
	left.Name, left.Owner, left.Instances.Provisioned = "left", "a demo", 1
	if _, err := rt.Deploy(t.Context(), left, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Publish(t.Context(), "left"); err != nil {
		t.Fatal(err)
	}
	if err := rt.Alias(t.Context(), "left", "live", "1"); err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to forget
		e := newTold()
		rt, err := New(Config{Dir: dir, Exporter: e, Forget: func(fn *function.Function) bool { return fn.Owner == "a demo" }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rt.resolve("left", "live"); !errors.Is(err, ErrNotFound) {
			t.Errorf("left: %v, want %v", err, ErrNotFound)
		}
		if answer, _ := do(t, rt, "kept", "{}"); answer != "1" {
			t.Errorf("kept: %q", answer)
		}
		if err := rt.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if states := e.instanceStates("left"); len(states) > 0 {
			t.Errorf("an instance of left was %v", states)
		}
	}
}
