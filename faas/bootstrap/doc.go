// Package bootstrap holds what the runtime has to run inside a function's interpreter: bootstraps that make a Node.js or
// Python handler a client of Lambda's Runtime API, and hooks that time the start of any program. They are embedded here and
// written to disk once.
package bootstrap
