// Package coldstart finds out what a program did until it was ready, without a changed line in it: which Go packages were
// initialised, which Python modules imported and which Node modules required, each with its times. It adds what it needs to
// the program's environment, and turns the records that come back into a tree.
package coldstart
