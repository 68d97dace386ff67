// Command weft is the whole of Weft in one binary: `weft up` runs everything, the other subcommands run one role or talk
// to a running server.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"weft/store/engine"
)

// version is set by the build (-ldflags "-X main.version=…").
var version = "dev"

func main() {
	engine.RunIfChild()
	// A child that is to end with us ends with the thread that started it; this one lives as long as the process.
	runtime.LockOSThread()
	os.Exit(run(os.Args[1:]))
}

// run returns the process's exit code: 0, or 1 after one line on standard error that says what to do.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once: the drain may be what is stuck.
	context.AfterFunc(ctx, stop)

	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "weft: "+err.Error())
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "weft",
		Short:         "Tracing for serverless: collector, ClickHouse and web UI in one binary",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newUp(), newCollector(), newWeb(), newFaas(), newFn(), newTrace(), newSearch(), newToken(), newDoctor(), newVersion())
	return root
}
