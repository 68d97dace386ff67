//go:build !linux

package engine

import "syscall"

// childAttr: only Linux can tie a child to its parent; elsewhere the pipe does it alone.
func childAttr() *syscall.SysProcAttr { return nil }
