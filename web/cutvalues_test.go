package web

import (
	"strings"
	"testing"
)

func TestCutText(t *testing.T) {
	for _, c := range []struct {
		text  string
		n     int
		want  string
		whole int
	}{
		{"short", 5, "short", 0},
		{"longer", 5, "longe", 6},
		{"发卡行", 4, "发", 9}, // three bytes each
		{"发卡行", 2, "", 9},
		{"", 1, "", 0},
	} {
		if got, whole := cutText(c.text, c.n); got != c.want || whole != c.whole {
			t.Errorf("cutText(%q, %d) = %q, %d, want %q, %d", c.text, c.n, got, whole, c.want, c.whole)
		}
	}
}

func TestCutValuesReachesEveryValue(t *testing.T) {
	long := func() []attribute {
		return []attribute{{Key: "long", Value: strings.Repeat("x", 100)}, {Key: "short", Value: "x"}}
	}
	d := spanDetail{
		Attributes: long(), Resource: resource{Attributes: long()}, Scope: scope{Attributes: long()},
		Events: []spanEvent{{Attributes: long()}}, Links: []spanLink{{Attributes: long()}},
		Logs: []logRecord{{Body: value{Value: strings.Repeat("x", 100)}, Attributes: long(), Resource: resource{Attributes: long()}, Scope: scope{Attributes: long()}}},
	}
	d.cutValues(10)
	l := d.Logs[0]
	if len(l.Body.Value) != 10 || l.Body.WholeBytes != 100 {
		t.Errorf("body: %+v", l.Body)
	}
	for i, list := range [][]attribute{d.Attributes, d.Resource.Attributes, d.Scope.Attributes, d.Events[0].Attributes, d.Links[0].Attributes,
		l.Attributes, l.Resource.Attributes, l.Scope.Attributes} {
		if len(list[0].Value) != 10 || list[0].WholeBytes != 100 || list[1] != (attribute{Key: "short", Value: "x"}) {
			t.Errorf("list %d: %+v", i, list)
		}
	}
}
