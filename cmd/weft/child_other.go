//go:build !linux

package main

import "syscall"

// childAttributes is empty where the kernel cannot end a child with its parent; the demo watches its standard input there.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
