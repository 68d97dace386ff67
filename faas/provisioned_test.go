package faas

import (
	"context"
	"slices"
	"strings"
	"testing"

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
