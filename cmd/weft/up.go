package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weft/auth"
	"weft/collector"
)

func newUp() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything: engine, collector, invoke runtime, web UI",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.resolve(cmd.Flags()); err != nil {
				return err
			}
			return runUp(cmd.Context(), &c)
		},
	}
	fs := cmd.Flags()
	c.webFlags(fs, defaultHTTP)
	c.collectorFlags(fs)
	c.storeFlags(fs)
	c.engineFlags(fs)
	c.faasFlags(fs)
	c.demoFlags(fs)
	return cmd
}

// runUp starts the parts in the order data flows through them and stops them in the reverse order, so that nothing is
// accepted any more when the queue drains.
func runUp(ctx context.Context, c *config) (err error) {
	started := time.Now()
	p, err := newProcess(c)
	if err != nil {
		return err
	}
	defer p.close(&err)
	// The address people know is claimed first: a second server says so at once, before it starts an engine.
	l, err := p.listenWeb()
	if err != nil {
		return err
	}
	gateway, err := p.listen("--faas", &c.faas)
	if err != nil {
		return err
	}
	p.intake = new(collector.Intake)
	if err := p.checkCollector(ctx); err != nil {
		return err
	}
	if err := p.openStore(ctx); err != nil {
		return err
	}
	var demoToken string
	if c.demo && p.tokens != nil {
		p.tokens, demoToken = p.tokens.With("demo", auth.Ingest, auth.Invoke)
	}
	if err := p.startWeb(l, ingestAddresses()); err != nil {
		return err
	}
	if err := p.startCollector(ctx); err != nil {
		return err
	}
	functions, err := p.startFaas(ctx, gateway, p.intake)
	if err != nil {
		return err
	}
	if c.demo {
		if err := p.startDemo(functions, demoToken); err != nil {
			return err
		}
	}
	p.setReady()
	fmt.Println(readyLine(c, time.Since(started)))
	return p.wait(ctx)
}

// readyLine is the one line on standard output that scripts wait for.
func readyLine(c *config, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "weft is ready  ui=http://%s%s", c.http, strings.TrimSuffix(c.basePath, "/"))
	for _, a := range ingestAddresses() {
		fmt.Fprintf(&b, " %s=%s", a.Protocol, a.Address)
	}
	fmt.Fprintf(&b, " faas=http://%s took=%s", c.faas, took.Round(time.Millisecond))
	return b.String()
}
