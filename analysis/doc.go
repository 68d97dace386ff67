// Package analysis answers what one trace, or two of them, can tell: where the time of a request went (critical path, self time,
// database, repeated calls, cold starts), where an error came from, what is missing, and what made one run slower than another.
// It is pure: spans in, findings out. Nothing in it recurses and nothing is quadratic: traces of 100,000 spans, chains 20,000 deep,
// parents in a ring, one span id sent twice and clocks that differ by hours are real.
package analysis
