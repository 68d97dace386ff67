package engine

import "syscall"

// childAttr ties the child's life to the thread that starts it (the supervisor keeps that thread for itself). The pipe
// would end the child too; this ends one that hangs.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
