// Package sandbox runs a function's program: a process group of its own with bounded memory, processors, processes
// and disk, which can be frozen, and of which nothing is left behind, however it or its host ends.
//
// Bounds are kept by control groups where the host may write them, and by watching and resource limits where it may
// not. A program runs as the host's own user: this keeps accidents and floods apart, not an attacker who is root. Without
// control groups a descendant that leaves its session and parent is known by a variable of its environment; one that drops
// that, too, before it was seen gets away.
package sandbox
