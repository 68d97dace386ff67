package faas

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/coldstart"
	"weft/faas/contract"
	"weft/faas/fc"
	"weft/faas/function"
	"weft/faas/lambda"
	"weft/faas/logs"
	"weft/faas/sandbox"
	"weft/faas/webapp"
	"weft/semconv"
)

// Values of semconv.InitType.
const (
	initOnDemand    = "on-demand"
	initProvisioned = "provisioned"
)

// startInstance brings up one instance of p's function. The startup says how it went; the instance is nil when it failed.
func (rt *Runtime) startInstance(p *pool, decided time.Time, reason string, provisioned bool) (*instance, *startup) {
	fn, id := p.fn, uuid.NewString()
	st := &startup{rt: rt, name: fn.Name, reason: reason, initType: initOnDemand, sample: fn.Tracing.Sample, contract: string(fn.Contract),
		decided: decided, digest: fn.CodeDigest, codeBytes: fn.CodeBytes, hasInitializer: fn.Initializer.Enabled, told: make(chan struct{}), resource: rt.resource(fn, id)}
	if provisioned {
		st.initType = initProvisioned
	}
	in := &instance{id: id, rt: rt, pool: p, resource: st.resource, startup: st, left: make(chan struct{})}
	ctx, cancel := context.WithTimeout(context.Background(), fn.InitTimeout)
	defer cancel()
	tellInstance(rt, st.resource, semconv.StateStarting, reason)
	if err := in.start(ctx); err != nil {
		st.fail(in.startError(ctx, err))
		errors.As(err, &st.noRoom)
		in.abandon()
		rt.log.Warn("an instance did not start", "function", fn.Name, "version", fn.Version, "instance", id, "error", st.err)
		tellInstance(rt, st.resource, semconv.StateFailed, reason, attribute.String("error.type", st.err.Type), attribute.String("exception.message", st.err.Message))
		return nil, st
	}
	in.output.Started(nil)
	rt.metrics.initDuration.WithLabelValues(fn.Name, fn.Version).Observe(st.ready.Sub(st.decided).Seconds())
	go in.check()
	in.tell(semconv.StateReady, reason, attribute.Int64(semconv.InstanceInit, int64(st.ready.Sub(st.decided))))
	return in, st
}

// start prepares the code, starts the program, and waits until it is ready and its initializer has run.
func (in *instance) start(ctx context.Context) error {
	rt, fn, st := in.rt, in.pool.fn, in.startup
	dir, hit, err := rt.code.get(ctx, fn.CodeDigest)
	if err != nil {
		return err
	}
	st.codeHit, st.prepared = hit, time.Now()
	command := rt.command(fn, dir)
	if in.contract, err = rt.newContract(in, dir); err != nil {
		return err
	}
	if in.recorder, err = coldstart.New(coldstart.Config{Command: command, Dir: dir, Tracing: fn.Tracing, Hooks: rt.bootstraps}); err != nil {
		return err
	}
	st.recorder = in.recorder
	in.output = newOutput(in)
	st.command = strings.Join(command, " ")
	if err := rt.makeRoom(ctx, fn.Memory); err != nil {
		return err
	}
	if in.extensions, err = in.startExtensions(ctx, dir); err != nil {
		return err
	}
	st.forked = time.Now()
	in.proc, err = rt.sandboxes.Start(ctx, sandbox.Spec{
		ID: in.id, Command: command, Dir: dir, Environment: in.environment(),
		Memory: fn.Memory, CPU: fn.CPU, Processes: maxProcesses, Disk: fn.Disk,
		Stdout: in.extensions.tee(in.output.stdout), Stderr: in.recorder.Stderr(in.extensions.tee(in.output.stderr)), Files: in.recorder.Files(),
	})
	in.recorder.Started()
	if err != nil {
		return err
	}
	started := in.proc.Started()
	st.forked, st.executed = started.Fork, started.Exec
	st.pid = in.proc.PID()
	go in.exited()
	go in.extensions.watch()
	if err := in.contract.Ready(ctx); err != nil {
		return err
	}
	st.started = time.Now()
	st.phases = in.contract.Phases()
	if err := in.initialize(ctx); err != nil {
		return err
	}
	st.ready = time.Now()
	return nil
}

// initialize runs the initializer, within its own bound.
func (in *instance) initialize(ctx context.Context) error {
	hook := in.pool.fn.Initializer
	if !hook.Enabled {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, hook.Timeout)
	defer cancel()
	return in.contract.Initialize(ctx, in.hookInvocation(trace.SpanContext{}, time.Now(), hook.Timeout))
}

// maxProcesses bounds the processes and threads of an instance, as Lambda does.
const maxProcesses = 1024

// startError is what the caller of a failed start gets.
func (in *instance) startError(ctx context.Context, err error) *contract.Error {
	var own *contract.Error
	var capacity *sandbox.CapacityError
	var program *sandbox.ExecError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &capacity):
		return &contract.Error{Type: contract.ErrSandbox, Message: err.Error()}
	case errors.As(err, &program):
		return &contract.Error{Type: contract.ErrEntrypoint, Message: err.Error()}
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		e := &contract.Error{Type: contract.ErrInitTimeout, Message: fmt.Sprintf("the instance was not ready after %s", in.pool.fn.InitTimeout)}
		if in.proc != nil {
			e.Stack = in.lastStack()
		}
		return e
	}
	return &contract.Error{Type: contract.ErrSandbox, Message: err.Error()}
}

// abandon frees what a failed start has made.
func (in *instance) abandon() {
	if in.proc != nil {
		in.kill(in.startup.err)
		<-in.gone()
	}
	in.extensions.kill()
	if in.output != nil {
		in.startup.printed = in.output.Started(&logs.Failure{Type: in.startup.err.Type, Message: in.startup.err.Message})
		in.startup.crashed(in.output.Crash())
		in.output.Close()
	}
	if in.contract != nil {
		if err := in.contract.Close(); err != nil {
			in.rt.log.Warn("close contract", "function", in.pool.fn.Name, "instance", in.id, "error", err)
		}
	}
}

// newContract makes the runtime's side of a program.
func (rt *Runtime) newContract(in *instance, dir string) (contract.Instance, error) {
	fn, id := in.pool.fn, in.id
	switch fn.Contract {
	case function.Lambda:
		return rt.newLambda(in, dir)
	case function.FC:
		return fc.New(rt.identity(fn, id))
	case function.HTTP:
		return webapp.New(rt.identity(fn, id))
	}
	return nil, fmt.Errorf("contract: want lambda, fc or http, got %q", fn.Contract)
}

// command is the program and its arguments.
func (rt *Runtime) command(fn *function.Function, dir string) []string {
	command := fn.Command
	switch {
	case len(command) > 0:
	case fn.Language != function.Provided:
		command = rt.bootstraps.Command(fn.Language)
	default:
		command = []string{filepath.Join(dir, "bootstrap")}
	}
	if wrapper := fn.Environment["AWS_LAMBDA_EXEC_WRAPPER"]; wrapper != "" && fn.Contract == function.Lambda {
		command = append([]string{wrapper}, command...)
	}
	return command
}

// baseEnvironment is what every program gets.
func baseEnvironment() []string { return []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"} }

// environment is all of the program's: the least that programs expect, the contract's, the function's own, and what the recorder adds to it.
func (in *instance) environment() []string {
	env := append(baseEnvironment(), in.contract.Environment()...)
	for name, value := range in.pool.fn.Environment {
		env = append(env, name+"="+value)
	}
	return in.recorder.Environment(env)
}

// exitError is the failure of what was under way in a program that has ended.
func exitError(exit sandbox.Exit) *contract.Error {
	switch {
	case exit.OutOfMemory:
		return &contract.Error{Type: contract.ErrOutOfMemory, Message: fmt.Sprintf("the instance was killed at its bound of memory; it had %d MiB", exit.Usage.MaxMemory>>20)}
	case exit.DiskFull:
		return &contract.Error{Type: contract.ErrDiskFull, Message: "the instance was killed at its bound of disk"}
	case exit.Signal != "":
		return &contract.Error{Type: contract.ErrExit, Message: "Runtime exited with error: signal: " + exit.Signal}
	case exit.Code != 0:
		return &contract.Error{Type: contract.ErrExit, Message: fmt.Sprintf("Runtime exited with error: exit status %d", exit.Code)}
	}
	return &contract.Error{Type: contract.ErrExit, Message: "Runtime exited without providing a reason"}
}

// identity is what a program of Function Compute is told about itself.
func (rt *Runtime) identity(fn *function.Function, id string) fc.Identity {
	return fc.Identity{Function: fn, Instance: id, Region: rt.cfg.Region, Account: rt.cfg.AccountID, JaegerEndpoint: rt.cfg.JaegerEndpoint}
}

func (rt *Runtime) newLambda(in *instance, dir string) (contract.Instance, error) {
	cfg := lambda.Config{Function: in.pool.fn, InstanceID: in.id, CodeDir: dir, ExtensionDirs: []string{filepath.Join(dir, "extensions")},
		Region: rt.cfg.Region, AccountID: rt.cfg.AccountID, Logger: rt.log,
		MaxMemory: func() int64 {
			if in.proc == nil {
				return 0
			}
			return in.proc.Spent().MaxMemory
		}}
	if in.startup.initType == initProvisioned {
		cfg.Init = lambda.Provisioned
	}
	return lambda.New(cfg)
}
