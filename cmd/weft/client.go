package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// client talks to a running server's API for the subcommands that people use in a terminal.
type client struct {
	server string
	token  string
	json   bool
}

func (c *client) flags(fs *pflag.FlagSet) {
	fs.StringVar(&c.server, "server", envOr("WEFT_SERVER", "http://"+defaultHTTP), "server to ask (WEFT_SERVER)")
	fs.StringVar(&c.token, "token", os.Getenv("WEFT_TOKEN"), "bearer token of scope query (WEFT_TOKEN)")
	// The token must not end in --help output.
	fs.Lookup("token").DefValue = ""
	fs.BoolVar(&c.json, "json", false, "print the server's answer as it is")
}

func envOr(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

// maxAnswer bounds what is read into memory; a trace of 100 000 spans takes about a tenth of it.
const maxAnswer = 1 << 30

// get fetches path and decodes the answer into v, or copies it to out when --json was given.
func (c *client) get(ctx context.Context, path string, query url.Values, v any, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	target := strings.TrimSuffix(c.server, "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w; is weft running there? `weft up` starts it, --server names another", err)
	}
	defer resp.Body.Close()
	body := io.LimitReader(resp.Body, maxAnswer)
	if resp.StatusCode != http.StatusOK {
		return problem(resp, body)
	}
	if c.json {
		_, err := io.Copy(out, body)
		return err
	}
	if err := json.NewDecoder(body).Decode(v); err != nil {
		return fmt.Errorf("answer of %s: %w", target, err)
	}
	return nil
}

// problem turns an RFC 9457 document into one line.
func problem(resp *http.Response, body io.Reader) error {
	var p struct {
		Title   string `json:"title"`
		Detail  string `json:"detail"`
		Message string `json:"message"` // of the vendors' invoke APIs
		Errors  []struct{ Field, Value, Detail string }
	}
	if err := json.NewDecoder(body).Decode(&p); err != nil || p.Title == "" && p.Message == "" {
		return fmt.Errorf("server answered %s", resp.Status)
	}
	parts := []string{cmp.Or(p.Title, p.Message)}
	if p.Detail != "" {
		parts = append(parts, p.Detail)
	}
	for _, e := range p.Errors {
		parts = append(parts, fmt.Sprintf("%s=%q: %s", e.Field, e.Value, e.Detail))
	}
	if resp.StatusCode == http.StatusUnauthorized {
		parts = append(parts, "give --token or WEFT_TOKEN")
	}
	return fmt.Errorf("%s", strings.Join(parts, ": "))
}
