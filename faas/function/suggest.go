package function

// suggestion names the field that was probably meant: the closest one, when at most two letters are wrong, missing or too
// many, and fewer than half.
func suggestion(name string, fields []string) string {
	if len(name) > 40 {
		return ""
	}
	best, least := "", min(3, (len(name)+1)/2)
	for _, field := range fields {
		if n := distance(name, field); n < least {
			best, least = field, n
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
