package web

import (
	"weft/semconv"
	"weft/store"
)

// supersededNames are the names that attributes had before version 1.44 of the conventions, on the calling and on the called side.
// Where several old names became one, it is the one that semconv.Aliases lists first. An old attribute that became two is left out.
var supersededNames = func() (names [2]map[string]string) {
	for i, side := range []semconv.Side{semconv.ClientSide, semconv.ServerSide} {
		names[i] = map[string]string{}
		for _, a := range semconv.Aliases() {
			if a.Side != semconv.AnySide && a.Side != side || a.Old == semconv.OldHTTPTarget || a.Old == semconv.OldHTTPHost {
				continue
			}
			if names[i][a.New] == "" {
				names[i][a.New] = a.Old
			}
		}
	}
	return names
}()

// supersededName is what an attribute of a span was called before; empty when it had no other name.
func supersededName(kind store.Kind, key string) string {
	if called(kind) {
		return supersededNames[1][key]
	}
	return supersededNames[0][key]
}

// called reports whether a span is on the receiving side of a call.
func called(k store.Kind) bool { return k == store.KindServer || k == store.KindConsumer }
