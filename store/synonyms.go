package store

import (
	"slices"

	"weft/semconv"
)

// synonymsOf lists, for every attribute name that a version of the semantic conventions has replaced and for every one that
// replaced it, all names that stand for the same thing.
var synonymsOf = func() map[string][]string {
	all := make(map[string][]string)
	byNew := make(map[string][]string)
	for _, a := range semconv.Aliases() {
		if a.Old != a.New {
			byNew[a.New] = append(byNew[a.New], a.Old)
		}
	}
	add := func(name, synonym string) {
		if !slices.Contains(all[name], synonym) {
			all[name] = append(all[name], synonym)
		}
	}
	for name, olds := range byNew {
		for _, old := range olds {
			add(name, old)
			add(old, name)
		}
	}
	for _, names := range all {
		slices.Sort(names)
	}
	return all
}()

// synonyms is name, then the names that mean the same, so that a filter on the old or the new name finds the same spans.
func synonyms(name string) []string {
	return append([]string{name}, synonymsOf[name]...)
}
