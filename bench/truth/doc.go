// Package truth makes traces whose topology and critical path are known because of how they were made, not because anything
// computed them from the spans: whatever computes them can be compared with it. Each hop is written down as an edge in the
// moment it is invented, and each span's time is cut into known pieces before its children are put there.
//
// Deliver turns a Set into requests as awkwardly as told: spans of a trace spread over requests, late, twice, and divided among
// collectors by trace id. The same seed makes the same set and the same requests on every machine.
package truth
