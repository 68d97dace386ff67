package engine

import "syscall"

// childAttr gives the child a session of its own, out of reach of the terminal's signals, and ties its life to the
// thread that starts it (the supervisor keeps that thread for itself). The pipe would end the child too; this ends one
// that hangs.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
