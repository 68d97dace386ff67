// Package engine runs the embedded ClickHouse: the whole database engine from a shared library, in a supervised child
// process that listens on loopback only, for one user with a random password.
//
// A child process and not this one, because the engine's crashes, memory and signal handlers must not be ours; the same
// executable and not a second one, because one file is easier to ship. So every main (and TestMain) that starts an
// engine calls RunIfChild first. What was weighed: docs/adr/0001-embedded-engine.md.
package engine
