//go:build !linux

package engine

import "syscall"

// childAttr gives the child a session of its own, out of reach of the terminal's signals. Only Linux can also tie a
// child to its parent; elsewhere the pipe does it alone.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
