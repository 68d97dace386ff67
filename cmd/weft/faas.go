package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"weft/auth"
	"weft/collector"
	"weft/faas"
	"weft/faas/emit"
	"weft/faas/front"
	"weft/state"
)

const defaultFaas = "127.0.0.1:8900"

func newFaas() *cobra.Command {
	var c config
	var target emit.OTLPConfig
	cmd := &cobra.Command{
		Use:   "faas",
		Short: "Run only the invoke runtime, which sends what it has to tell to --otlp",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.resolve(cmd.Flags()); err != nil {
				return err
			}
			return runFaas(cmd.Context(), &c, target)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&c.http, "http", "127.0.0.1:13134", "address of /metrics, /healthz and /readyz")
	fs.StringVar(&c.data, "data", "data", "folder for code, instances and state")
	fs.StringVar(&target.Address, "otlp", receivers[0].fallback, "host:port of a collector's OTLP over gRPC")
	fs.BoolVar(&target.TLS, "otlp-tls", false, "connect to --otlp with TLS")
	fs.StringVar(&target.Token, "otlp-token", "", "bearer token of scope ingest for --otlp")
	c.commonFlags(fs)
	c.faasFlags(fs)
	return cmd
}

func runFaas(ctx context.Context, c *config, target emit.OTLPConfig) (err error) {
	p, err := newProcess(c)
	if err != nil {
		return err
	}
	defer p.close(&err)
	probes, err := p.listen("--http", &c.http)
	if err != nil {
		return err
	}
	gateway, err := p.listen("--faas", &c.faas)
	if err != nil {
		return err
	}
	p.startProbes(probes)
	exporter, err := emit.NewOTLP(target)
	if err != nil {
		return fmt.Errorf("--otlp: %w", err)
	}
	p.onStop("OTLP exporter", func(context.Context) error { return exporter.Close() })
	if _, err := p.startFaas(ctx, gateway, exporter); err != nil {
		return err
	}
	p.setReady()
	fmt.Printf("weft is ready  faas=http://%s http=http://%s\n", c.faas, c.http)
	return p.wait(ctx)
}

// startFaas runs the invoke runtime, and serves it on l.
func (p *process) startFaas(ctx context.Context, l net.Listener, exporter emit.Exporter) (*faas.Runtime, error) {
	dir, err := p.cfg.dataDir()
	if err != nil {
		return nil, err
	}
	st, err := state.Open(ctx, state.Config{URL: p.cfg.nats, Dir: filepath.Join(dir, "state"), Logger: p.log.With("part", "state")})
	if err != nil {
		return nil, err
	}
	p.onStop("state", func(context.Context) error {
		st.Close()
		return nil
	})
	rt, err := faas.New(faas.Config{
		Dir: filepath.Join(dir, "faas"), State: st, Exporter: exporter, Registerer: p.registry, Logger: p.log.With("part", "faas"),
		JaegerEndpoint: "http://" + receiverAddress("WEFT_JAEGER_HTTP") + "/api/traces",
		Forget:         ofDemo(dir),
	})
	if err != nil {
		return nil, err
	}
	p.onStop("invoke runtime", rt.Close)
	p.serve("function gateway", l, front.New(front.Config{Runtime: rt, Logger: p.log.With("part", "faas"),
		Admin: p.requireFaas(auth.Admin), Invoke: p.requireFaas(auth.Invoke)}))
	return rt, nil
}

// requireFaas lets through who has a token of a scope. The vendors' clients sign their requests, which is not looked at: they give the token as
// the session token of their credentials. A function behind an HTTP trigger may want the Authorization header for itself, so there is one of
// ours too.
func (p *process) requireFaas(scope auth.Scope) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token := auth.Bearer(r.Header.Get("Authorization"))
			for _, name := range []string{"X-Acs-Security-Token", "X-Fc-Security-Token", "X-Amz-Security-Token", "X-Weft-Token"} {
				if v := r.Header.Get(name); v != "" {
					token = v
				}
			}
			switch _, err := p.tokens.Check(token, scope); {
			case errors.Is(err, auth.ErrUnauthenticated):
				w.Header().Set("WWW-Authenticate", "Bearer")
				front.Refuse(w, r, http.StatusUnauthorized, err.Error())
			case err != nil:
				front.Refuse(w, r, http.StatusForbidden, err.Error())
			default:
				r.Header.Del("X-Weft-Token")
				next.ServeHTTP(w, r)
			}
		})
	}
}

// listen claims the address behind a flag; a port of 0 becomes the one that was given.
func (p *process) listen(flag string, addr *string) (net.Listener, error) {
	l, err := net.Listen("tcp", *addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %s is in use by another process: stop it, or choose another address", flag, *addr)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	host, _, _ := net.SplitHostPort(*addr) // the host stays as it was asked for
	_, port, _ := net.SplitHostPort(l.Addr().String())
	*addr = net.JoinHostPort(host, port)
	return l, nil
}

var _ emit.Exporter = (*collector.Intake)(nil)
