package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"weft/store/engine"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of Weft, of its engine and of Go",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "weft %s\nengine %s\ncollector %s\n%s %s/%s\n",
				version, engine.Version, dependencyVersion("go.opentelemetry.io/collector/otelcol"),
				runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}

// dependencyVersion reads what the binary was really built with.
func dependencyVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return "unknown"
}
