package main

import "syscall"

// childAttributes make the kernel end a child whose parent was killed.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
