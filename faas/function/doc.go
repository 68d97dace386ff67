// Package function says what a function is: its definition, the manifest that it is written in, and what a manifest may
// say.
package function
