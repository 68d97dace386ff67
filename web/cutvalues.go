package web

import "unicode/utf8"

// maxCut is the most bytes of a value that can be asked for without asking for all of it.
const maxCut = 1 << 20

// cutValues keeps the first n bytes of every value, so that opening a span does not fetch megabytes that nobody reads.
func (d *spanDetail) cutValues(n int) {
	lists := [][]attribute{d.Attributes, d.Resource.Attributes, d.Scope.Attributes}
	for i := range d.Events {
		lists = append(lists, d.Events[i].Attributes)
	}
	for i := range d.Links {
		lists = append(lists, d.Links[i].Attributes)
	}
	for i := range d.Logs {
		l := &d.Logs[i]
		l.Body.Value, l.Body.WholeBytes = cutText(l.Body.Value, n)
		lists = append(lists, l.Attributes, l.Resource.Attributes, l.Scope.Attributes)
	}
	for _, list := range lists {
		for i := range list {
			list[i].Value, list[i].WholeBytes = cutText(list[i].Value, n)
		}
	}
}

// cutText is the first n bytes of s, less what would be a part of a character, and the length of s if that is more.
func cutText(s string, n int) (string, int) {
	if len(s) <= n {
		return s, 0
	}
	end := n
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end], len(s)
}
