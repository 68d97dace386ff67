package main

import (
	"context"
	"syscall"
)

// childAttributes make the kernel end a service when the supervisor dies, however it dies, and keep a terminal's Ctrl-C from
// services: the supervisor ends them in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
}

func untilOrphaned(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
