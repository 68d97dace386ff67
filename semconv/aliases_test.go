package semconv

import "testing"

func TestAliasesAreConsistent(t *testing.T) {
	table := Aliases()
	olds := make(map[string]map[Side]bool)
	types := make(map[string]AttrType)
	for _, a := range table {
		if olds[a.Old] == nil {
			olds[a.Old] = make(map[Side]bool)
		}
		if olds[a.Old][a.Side] || olds[a.Old][AnySide] || (a.Side == AnySide && len(olds[a.Old]) > 0) {
			t.Errorf("%s: two entries apply to one span", a.Old)
		}
		olds[a.Old][a.Side] = true
		if have, ok := types[a.New]; ok && have != a.Type {
			t.Errorf("%s: given two types", a.New)
		}
		types[a.New] = a.Type
	}
	for _, a := range table {
		if olds[a.New] != nil {
			t.Errorf("%s: is both an old and a new name, so renaming would depend on its order", a.New)
		}
	}
}
