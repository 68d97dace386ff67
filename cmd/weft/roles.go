package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"weft/web"
)

const (
	defaultHTTP = "127.0.0.1:16686"
	// defaultCollectorHTTP serves only /metrics, /healthz and /readyz; the port is the one the OpenTelemetry Collector's
	// health check uses.
	defaultCollectorHTTP = "127.0.0.1:13133"
)

// receiver is one address of the built-in collector configuration.
type receiver struct {
	name     string // in the readiness line and on the first-run page; empty when it stands in neither
	env      string
	fallback string
}

// receivers repeats the defaults of collector/default.yaml; TestReceiversMatchCollector compares the two.
var receivers = []receiver{
	{"otlp-grpc", "WEFT_OTLP_GRPC", "127.0.0.1:4317"},
	{"otlp-http", "WEFT_OTLP_HTTP", "127.0.0.1:4318"},
	{"", "WEFT_JAEGER_GRPC", "127.0.0.1:14250"},
	{"", "WEFT_JAEGER_HTTP", "127.0.0.1:14268"},
	{"jaeger-udp", "WEFT_JAEGER_COMPACT", "127.0.0.1:6831"},
	{"", "WEFT_JAEGER_BINARY", "127.0.0.1:6832"},
	{"zipkin", "WEFT_ZIPKIN", "127.0.0.1:9411"},
	{"sampling", "WEFT_SAMPLING", "127.0.0.1:5778"},
}

func (r receiver) address(getenv func(string) string) string {
	if addr := getenv(r.env); addr != "" {
		return addr
	}
	return r.fallback
}

// receiverAddress is where the receiver behind the environment variable env listens.
func receiverAddress(env string) string {
	i := slices.IndexFunc(receivers, func(r receiver) bool { return r.env == env })
	return receivers[i].address(os.Getenv)
}

// ingestAddresses are the receivers that people point clients at.
func ingestAddresses() []web.IngestAddress {
	var list []web.IngestAddress
	for _, r := range receivers {
		if r.name != "" {
			list = append(list, web.IngestAddress{Protocol: r.name, Address: r.address(os.Getenv)})
		}
	}
	return list
}

func newCollector() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "collector",
		Short: "Run only the collector, against --clickhouse",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.resolveRole(cmd); err != nil {
				return err
			}
			return runRole(cmd.Context(), &c, (*process).startCollector)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&c.http, "http", defaultCollectorHTTP, "address of /metrics, /healthz and /readyz")
	fs.StringVar(&c.web, "web", "", "URL of a web role, which answers what is read at the Zipkin port; without it reads get 501")
	c.collectorFlags(fs)
	c.storeFlags(fs)
	return cmd
}

func newWeb() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "web",
		Short: "Run only the UI and the API, against --clickhouse",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.resolveRole(cmd); err != nil {
				return err
			}
			return runRole(cmd.Context(), &c, nil)
		},
	}
	c.webFlags(cmd.Flags(), defaultHTTP)
	c.storeFlags(cmd.Flags())
	return cmd
}

func (c *config) resolveRole(cmd *cobra.Command) error {
	err := c.resolve(cmd.Flags())
	if c.clickhouse == "" {
		err = errors.Join(err, fmt.Errorf("--clickhouse: weft %s needs a server, such as clickhouse://user:password@host:9000/weft; weft up brings its own", cmd.Name()))
	}
	return err
}

// zipkinReads forwards what is read at the Zipkin port to --web; nil without one.
func (c *config) zipkinReads() (http.Handler, error) {
	if c.web == "" {
		return nil, nil
	}
	target, err := url.Parse(c.web)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, fmt.Errorf("--web: want http://host:port or https://host, got %q", c.web)
	}
	return web.ZipkinPort("", &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fmt.Sprintf("the web role at %s does not answer: %v", c.web, err), http.StatusBadGateway)
		},
	}), nil
}

// runRole runs the web server, and beside it what start starts.
func runRole(ctx context.Context, c *config, start func(*process, context.Context) error) (err error) {
	p, err := newProcess(c)
	if err != nil {
		return err
	}
	defer p.close(&err)
	l, err := p.listenWeb()
	if err != nil {
		return err
	}
	if start != nil {
		if err := p.checkCollector(ctx); err != nil {
			return err
		}
	}
	if err := p.openStore(ctx); err != nil {
		return err
	}
	if start == nil {
		err = p.startWeb(l, nil)
	} else {
		if p.reads, err = c.zipkinReads(); err != nil {
			return err
		}
		p.startProbes(l)
		err = start(p, ctx)
	}
	if err != nil {
		return err
	}
	p.setReady()
	fmt.Printf("weft is ready  http=http://%s\n", c.http)
	return p.wait(ctx)
}
