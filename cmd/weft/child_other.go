//go:build !linux

package main

import "syscall"

// childAttributes is empty where the kernel cannot end a child with its parent.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
