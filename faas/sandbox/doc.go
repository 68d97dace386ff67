// Package sandbox runs a function's program: a process group of its own with bounded memory, processors, processes
// and disk, which can be frozen, and of which nothing is left behind, however it or its host ends.
package sandbox
