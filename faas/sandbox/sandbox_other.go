//go:build !linux

package sandbox

import (
	"context"
	"time"
)

// Manager starts processes. There is none on this operating system: New fails.
type Manager struct{}

// Process is a started program. There is none on this operating system.
type Process struct{}

// New returns ErrNotSupported.
func New(Config) (*Manager, error) { return nil, ErrNotSupported }

func (m *Manager) Limits() Limits                                { return Limits{} }
func (m *Manager) Start(context.Context, Spec) (*Process, error) { return nil, ErrNotSupported }
func (m *Manager) Close() error                                  { return nil }

func (p *Process) PID() int                            { return 0 }
func (p *Process) Started() Started                    { return Started{} }
func (p *Process) Dir() string                         { return "" }
func (p *Process) Done() <-chan struct{}               { return nil }
func (p *Process) Exit() Exit                          { return Exit{} }
func (p *Process) Usage() Usage                        { return Usage{} }
func (p *Process) Spent() Usage                        { return Usage{} }
func (p *Process) CPU() time.Duration                  { return 0 }
func (p *Process) Freeze() error                       { return ErrNotSupported }
func (p *Process) Thaw() error                         { return ErrNotSupported }
func (p *Process) Stop(context.Context, time.Duration) {}
func (p *Process) Kill()                               {}
