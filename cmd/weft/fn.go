package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weft/faas"
	"weft/faas/function"
)

func newFn() *cobra.Command {
	cmd := &cobra.Command{Use: "fn", Short: "Make, deploy and run functions", Args: cobra.NoArgs}
	cmd.AddCommand(newFnInit(), newFnDeploy(), newFnInvoke(), newFnList(), newFnLogs(), newFnRemove(), newFnPublish(), newFnAlias())
	return cmd
}

// gateway talks to a function gateway.
type gateway struct {
	url   string
	token string
}

func (g *gateway) flags(fs *pflag.FlagSet) {
	fs.StringVar(&g.url, "gateway", envOr("WEFT_GATEWAY", "http://"+defaultFaas), "function gateway to ask (WEFT_GATEWAY)")
	fs.StringVar(&g.token, "token", os.Getenv("WEFT_TOKEN"), "bearer token of scope admin, or invoke to run functions (WEFT_TOKEN)")
	fs.Lookup("token").DefValue = "" // it must not end in --help output
}

// do sends a request and returns the answer when its status is below 300; else the problem as one line.
func (g *gateway) do(ctx context.Context, method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(g.url, "/")+path, body)
	if err != nil {
		return nil, fmt.Errorf("--gateway: %w", err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if g.token != "" {
		req.Header.Set("X-Weft-Token", g.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w; is weft running there? `weft up` starts it, --gateway names another", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		defer resp.Body.Close()
		return nil, problem(resp, io.LimitReader(resp.Body, maxAnswer))
	}
	return resp, nil
}

func functionPath(name string, more ...string) string {
	return "/api/v1/functions/" + strings.Join(append([]string{url.PathEscape(name)}, more...), "/")
}

func newFnDeploy() *cobra.Command {
	var g gateway
	cmd := &cobra.Command{
		Use:     "deploy [FOLDER]",
		Short:   "Build, pack and deploy the function in a folder (the working folder by default)",
		Args:    cobra.MaximumNArgs(1),
		Example: "  weft fn deploy hello",
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return deploy(cmd, &g, dir)
		},
	}
	g.flags(cmd.Flags())
	return cmd
}

func deploy(cmd *cobra.Command, g *gateway, dir string) error {
	started := time.Now()
	text, err := os.ReadFile(filepath.Join(dir, function.ManifestName))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has no %s: `weft fn init` makes one", dir, function.ManifestName)
	}
	if err != nil {
		return err
	}
	m, err := function.Parse(filepath.Join(dir, function.ManifestName), text)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if len(m.Build) > 0 {
		fmt.Fprintf(out, "building: %s\n", strings.Join(m.Build, " "))
		build := exec.CommandContext(cmd.Context(), m.Build[0], m.Build[1:]...)
		build.Dir, build.Stdout, build.Stderr = dir, cmd.ErrOrStderr(), cmd.ErrOrStderr()
		if err := build.Run(); err != nil {
			return fmt.Errorf("build: %s: %w", strings.Join(m.Build, " "), err)
		}
	}
	var code bytes.Buffer
	if err := m.Pack(&code, dir); err != nil {
		return err
	}
	fmt.Fprintf(out, "packed: %.1f MiB\n", float64(code.Len())/(1<<20))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, part := range []struct {
		name, file string
		content    []byte
	}{{"manifest", function.ManifestName, text}, {"code", "code.zip", code.Bytes()}} {
		w, err := form.CreateFormFile(part.name, part.file)
		if err != nil {
			return err
		}
		if _, err := w.Write(part.content); err != nil {
			return err
		}
	}
	if err := form.Close(); err != nil {
		return err
	}
	resp, err := g.do(cmd.Context(), http.MethodPut, functionPath(m.Function.Name), &body, http.Header{"Content-Type": {form.FormDataContentType()}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	fmt.Fprintf(out, "deployed: %s in %s\n", m.Function.Name, time.Since(started).Round(time.Millisecond))
	if m.Function.Contract == function.HTTP && !m.Function.Server.Event {
		fmt.Fprintf(out, "open: %s/http/%s/\n", strings.TrimSuffix(g.url, "/"), m.Function.Name)
	} else {
		fmt.Fprintf(out, "run: weft fn invoke %s -d '{}'\n", m.Function.Name)
	}
	return nil
}

func newFnInvoke() *cobra.Command {
	var g gateway
	var data, qualifier string
	var logs bool
	cmd := &cobra.Command{
		Use:   "invoke NAME",
		Short: "Run a function with an event, from --data or standard input",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			event := []byte(data)
			if !cmd.Flags().Changed("data") {
				var err error
				if event, err = io.ReadAll(cmd.InOrStdin()); err != nil {
					return fmt.Errorf("standard input: %w", err)
				}
			}
			return invoke(cmd, &g, args[0], qualifier, event, logs)
		},
	}
	g.flags(cmd.Flags())
	cmd.Flags().StringVarP(&data, "data", "d", "", "the event; - or nothing reads standard input")
	cmd.Flags().StringVar(&qualifier, "qualifier", "", "version or alias")
	cmd.Flags().BoolVar(&logs, "log", false, "print the end of what the function has printed")
	return cmd
}

func invoke(cmd *cobra.Command, g *gateway, name, qualifier string, event []byte, logs bool) error {
	path := "/2015-03-31/functions/" + url.PathEscape(name) + "/invocations"
	if qualifier != "" {
		path += "?Qualifier=" + url.QueryEscape(qualifier)
	}
	header := http.Header{}
	if logs {
		header.Set("X-Amz-Log-Type", "Tail")
	}
	resp, err := g.do(cmd.Context(), http.MethodPost, path, bytes.NewReader(event), header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	errOut := cmd.ErrOrStderr()
	if tail, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Amz-Log-Result")); err == nil && len(tail) > 0 {
		fmt.Fprintf(errOut, "%s\n", bytes.TrimRight(tail, "\n"))
	}
	if parts := strings.Split(resp.Header.Get("Traceresponse"), "-"); len(parts) == 4 {
		fmt.Fprintf(errOut, "trace: %s\n", parts[1])
	}
	if _, err := io.Copy(cmd.OutOrStdout(), resp.Body); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	fmt.Fprintln(cmd.OutOrStdout())
	if kind := resp.Header.Get("X-Amz-Function-Error"); kind != "" {
		return fmt.Errorf("the function failed (%s)", kind)
	}
	return nil
}

func newFnList() *cobra.Command {
	var g gateway
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what is deployed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			resp, err := g.do(cmd.Context(), http.MethodGet, "/api/v1/functions", nil, nil)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if asJSON {
				_, err := io.Copy(cmd.OutOrStdout(), resp.Body)
				return err
			}
			var answer struct{ Functions []faas.Deployed }
			if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
				return fmt.Errorf("answer: %w", err)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tCONTRACT\tRUNTIME\tMEMORY\tTIMEOUT\tCODE\tVERSIONS")
			for _, d := range answer.Functions {
				fn := d.Latest
				if fn == nil {
					continue
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%d MiB\t%s\t%.12s\t%d\n", fn.Name, fn.Contract, fn.Language, fn.Memory>>20, fn.Timeout, fn.CodeDigest, len(d.Versions))
			}
			return table.Flush()
		},
	}
	g.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer as it is")
	return cmd
}

func newFnRemove() *cobra.Command {
	var g gateway
	cmd := &cobra.Command{
		Use:   "rm NAME…",
		Short: "Remove functions with their versions and aliases",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range args {
				resp, err := g.do(cmd.Context(), http.MethodDelete, functionPath(name), nil, nil)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				resp.Body.Close()
				fmt.Fprintf(cmd.OutOrStdout(), "removed: %s\n", name)
			}
			return nil
		},
	}
	g.flags(cmd.Flags())
	return cmd
}

func newFnPublish() *cobra.Command {
	var g gateway
	cmd := &cobra.Command{
		Use:   "publish NAME",
		Short: "Make a version, which never changes, of what is deployed",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			resp, err := g.do(cmd.Context(), http.MethodPost, functionPath(args[0], "versions"), nil, nil)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			var fn function.Function
			if err := json.NewDecoder(resp.Body).Decode(&fn); err != nil {
				return fmt.Errorf("answer: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "published: %s:%s\n", fn.Name, fn.Version)
			return nil
		},
	}
	g.flags(cmd.Flags())
	return cmd
}

func newFnAlias() *cobra.Command {
	var g gateway
	cmd := &cobra.Command{
		Use:   "alias NAME ALIAS VERSION",
		Short: "Make an alias mean a version",
		Args:  cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			resp, err := g.do(cmd.Context(), http.MethodPut, functionPath(args[0], "aliases", url.PathEscape(args[1]))+"?version="+url.QueryEscape(args[2]), nil, nil)
			if err != nil {
				return err
			}
			resp.Body.Close()
			fmt.Fprintf(cmd.OutOrStdout(), "%s:%s is now %s\n", args[0], args[1], args[2])
			return nil
		},
	}
	g.flags(cmd.Flags())
	return cmd
}
