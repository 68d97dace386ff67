package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"weft/store/engine"
)

// minFree is the free disk below which the engine soon cannot merge any more.
const minFree = 2 << 30

func newDoctor() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check what weft up needs on this machine, and say how to mend what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.resolve(cmd.Flags()); err != nil {
				return err
			}
			bad := 0
			for _, check := range c.checks(cmd.Context()) {
				mark := "ok  "
				if !check.ok {
					mark = "FAIL"
					bad++
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-10s %s\n", mark, check.name, check.says)
			}
			if bad > 0 {
				return fmt.Errorf("doctor: %d of the checks above failed", bad)
			}
			return nil
		},
	}
	c.webFlags(cmd.Flags(), defaultHTTP)
	c.collectorFlags(cmd.Flags())
	c.storeFlags(cmd.Flags())
	return cmd
}

type check struct {
	name string
	ok   bool
	says string
}

func (c *config) checks(ctx context.Context) []check {
	checks := []check{c.checkData(), c.checkEngine(), c.checkTokens()}
	if running := c.checkServer(ctx); running.ok {
		return append(checks, running) // the ports are taken by the server itself
	}
	checks = append(checks, checkPort("http", "--http", c.http))
	for _, r := range receivers {
		checks = append(checks, checkPort("port", r.env, r.address(os.Getenv)))
	}
	return append(checks, checkNode())
}

func (c *config) checkData() check {
	dir, err := c.dataDir()
	if err == nil {
		probe := filepath.Join(dir, ".doctor")
		err = errors.Join(os.WriteFile(probe, nil, 0o600), os.Remove(probe))
	}
	if err != nil {
		return check{"data", false, err.Error()}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return check{"data", false, err.Error()}
	}
	free := int64(fs.Bavail) * int64(fs.Bsize)
	return check{"data", free >= minFree, fmt.Sprintf("%s, %s free (want %s)", dir, formatBytes(free), formatBytes(minFree))}
}

func (c *config) checkEngine() check {
	if c.clickhouse != "" {
		return check{"engine", true, "not needed: --clickhouse is given"}
	}
	dir, err := c.dataDir()
	if err != nil {
		return check{"engine", false, err.Error()}
	}
	library, err := engine.FindLibrary(dir)
	if err != nil {
		return check{"engine", false, err.Error()}
	}
	return check{"engine", true, library}
}

func (c *config) checkTokens() check {
	t, err := c.tokens()
	switch {
	case err != nil:
		return check{"tokens", false, err.Error()}
	case t == nil:
		return check{"tokens", true, "authentication is off: only loopback addresses are allowed"}
	}
	return check{"tokens", true, c.tokensFile}
}

func (c *config) checkServer(ctx context.Context) check {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.http+"/readyz", nil)
	if err != nil {
		return check{"server", false, err.Error()}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return check{"server", false, err.Error()}
	}
	defer resp.Body.Close()
	return check{"server", resp.StatusCode == http.StatusOK, "http://" + c.http + "/readyz answers " + resp.Status}
}

// checkPort tries to take the address: the one sure way to know that it is free.
func checkPort(name, setting, addr string) check {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return check{name, false, fmt.Sprintf("%v: stop what listens there, or set %s", err, setting)}
	}
	_ = l.Close()
	return check{name, true, addr + " is free"}
}

func checkNode() check {
	path, err := exec.LookPath("node")
	if err != nil {
		return check{"node", true, "not found: the demo runs without its Node service"}
	}
	return check{"node", true, path + " (for the demo's Node service)"}
}
