package faas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"weft/faas/lambda"
	"weft/faas/logs"
	"weft/faas/sandbox"
)

// extensions are the programs beside a function's that its package brings, by Lambda's contract.
type extensions struct {
	in      *instance
	api     *lambda.Instance
	running []*sandbox.Process
}

// extensionMemory bounds each, in bytes; it is promised besides the function's.
const extensionMemory = 128 << 20

// startExtensions starts those that the instance's code brings, and waits until they have registered. Nil when there are none.
func (in *instance) startExtensions(ctx context.Context, dir string) (*extensions, error) {
	api, ok := in.contract.(*lambda.Instance)
	if !ok || len(api.ExtensionsExpected()) == 0 {
		return nil, nil
	}
	x := &extensions{in: in, api: api}
	for n, path := range api.ExtensionsExpected() {
		if err := x.start(ctx, n, dir, path); err != nil {
			x.kill()
			return nil, err
		}
	}
	if err := api.ExtensionsRegistered(ctx); err != nil {
		x.kill()
		return nil, fmt.Errorf("extensions: %w", err)
	}
	return x, nil
}

func (x *extensions) start(ctx context.Context, n int, dir, path string) error {
	env := append(baseEnvironment(), x.api.ExtensionEnvironment()...)
	for name, value := range x.in.pool.fn.Environment {
		env = append(env, name+"="+value)
	}
	each := func(line string) { x.api.ExtensionLog(time.Now(), line) }
	proc, err := x.in.rt.sandboxes.Start(ctx, sandbox.Spec{
		ID: fmt.Sprintf("%s-x%d", x.in.id, n), Command: []string{path}, Dir: dir, Environment: env,
		Memory: extensionMemory, CPU: x.in.pool.fn.CPU, Processes: maxProcesses,
		Stdout: &lines{next: x.in.output.Stream(logs.Stdout), each: each}, Stderr: &lines{next: x.in.output.Stream(logs.Stderr), each: each},
	})
	if err != nil {
		return fmt.Errorf("extension %s: %w", filepath.Base(path), err)
	}
	x.running = append(x.running, proc)
	go func() {
		<-proc.Done()
		x.api.ExtensionExited(path)
	}()
	return nil
}

// watch ends the instance when an extension fails.
func (x *extensions) watch() {
	if x == nil {
		return
	}
	select {
	case failure := <-x.api.Failed():
		x.in.kill(failure)
	case <-x.in.gone():
	}
}

// kill ends all of them.
func (x *extensions) kill() {
	if x == nil {
		return
	}
	for _, proc := range x.running {
		proc.Kill()
	}
	for _, proc := range x.running {
		<-proc.Done()
	}
}

// shutdown tells them why the instance ends, and gives them their time.
func (x *extensions) shutdown(reason string) {
	if x == nil {
		return
	}
	why := lambda.Spindown
	switch reason {
	case "timeout":
		why = lambda.Timeout
	case "crash", "memory", "disk":
		why = lambda.Failure
	}
	if err := x.api.Shutdown(context.Background(), why); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		x.in.rt.log.Warn("extensions", "function", x.in.pool.fn.Name, "instance", x.in.id, "error", err)
	}
	x.kill()
}

// tee hands each line that the program prints to extensions that have asked for its log.
func (x *extensions) tee(w io.Writer) io.Writer {
	if x == nil {
		return w
	}
	return &lines{next: w, each: func(line string) { x.api.FunctionLog(time.Now(), line) }}
}

// lines calls each with every line that passes through it. A line that is longer than logs.MaxLine comes in pieces.
type lines struct {
	next io.Writer
	each func(string)
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			l.rest = append(l.rest, rest...)
			if len(l.rest) >= logs.MaxLine {
				l.each(string(l.rest))
				l.rest = l.rest[:0]
			}
			break
		}
		l.each(string(append(l.rest, rest[:end]...)))
		l.rest, rest = l.rest[:0], rest[end+1:]
	}
	return l.next.Write(p)
}
