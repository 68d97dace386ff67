package web

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"weft/store"
)

func TestColumnsAreLeftOut(t *testing.T) {
	tr := wideTrace(20)
	srv := testServer(t, &fakeStore{traces: []*store.Trace{tr}}, nil)
	path := "/api/v1/traces/" + tr.ID.String() + "?format=compact"
	columns := func(query string) []string {
		c := decode[map[string]any](t, get(t, srv.URL+path+query).body)
		return slices.Sorted(maps.Keys(c["spans"].(map[string]any)))
	}
	all := columns("")
	wanted := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return slices.Contains(optionalColumns, name) })
	if got := columns("&without=" + strings.Join(optionalColumns, "&without=")); len(got) != len(all)-len(optionalColumns) || !slices.Equal(got, wanted) {
		t.Errorf("columns: got %v, want %v", got, wanted)
	}
	if got := get(t, srv.URL+path+"&without=start"); got.status != 400 || !strings.Contains(string(got.body), "subtree, depth, scope, resource") {
		t.Errorf("without a column that is needed: got %d %s", got.status, got.body)
	}
}
