package sdk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// environment reads the OTEL_* and JAEGER_* variables and collects every problem with them. An OTEL_* variable wins over
// the JAEGER_* one of the same meaning.
type environment struct{ errs []error }

func (e *environment) err() error { return errors.Join(e.errs...) }

func (e *environment) bad(name, format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
}

func env(name string) string { return strings.TrimSpace(os.Getenv(name)) }

func (e *environment) bool(name string) bool {
	v := env(name)
	if v == "" {
		return false
	}
	b, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil {
		e.bad(name, "want true or false, got %q", v)
	}
	return b
}

// number returns def when name is not set.
func (e *environment) number(name string, def, lo, hi float64) float64 {
	v := env(name)
	if v == "" {
		return def
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(lo <= f && f <= hi) {
		e.bad(name, "want a number from %v to %v, got %q", lo, hi, v)
		return def
	}
	return f
}

func (e *environment) duration(name string, def time.Duration) time.Duration {
	v := env(name)
	if v == "" {
		return def
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		e.bad(name, "want a duration above 0 such as 1s, got %q", v)
		return def
	}
	return d
}

func (e *environment) disabled() bool {
	// Both are read, so that a bad value in either is reported.
	otel, jaeger := e.bool("OTEL_SDK_DISABLED"), e.bool("JAEGER_DISABLED")
	return otel || jaeger
}

// resource describes the program. It also returns its service.name, which remote sampling asks by.
func (e *environment) resource(ctx context.Context, service string, attrs []attribute.KeyValue) (*resource.Resource, string) {
	function := cmp.Or(env("FC_FUNCTION_NAME"), env("AWS_LAMBDA_FUNCTION_NAME"))
	exe, err := os.Executable()
	if err != nil {
		exe = "go"
	}
	base := []attribute.KeyValue{
		attribute.String("service.name", cmp.Or(env("JAEGER_SERVICE_NAME"), function, "unknown_service:"+filepath.Base(exe))),
	}
	if function != "" {
		base = append(base, attribute.String("faas.name", function))
	}
	base = append(base, e.jaegerTags()...)
	if service != "" {
		attrs = append(attrs[:len(attrs):len(attrs)], attribute.String("service.name", service))
	}
	// Later ones win. Detectors that find nothing report it as an error beside a usable resource.
	res, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(base...), resource.WithFromEnv(), resource.WithAttributes(attrs...))
	if err != nil {
		e.bad("OTEL_RESOURCE_ATTRIBUTES", "%v", err)
	}
	name, _ := res.Set().Value("service.name")
	return res, name.AsString()
}

// jaegerTags reads JAEGER_TAGS: k1=v1, k2=${VARIABLE:default}.
func (e *environment) jaegerTags() []attribute.KeyValue {
	const name = "JAEGER_TAGS"
	v := env(name)
	if v == "" {
		return nil
	}
	var attrs []attribute.KeyValue
	for pair := range strings.SplitSeq(v, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || key == "" {
			e.bad(name, "want key=value pairs, got %q", pair)
			continue
		}
		if ref, ok := strings.CutPrefix(value, "${"); ok && strings.HasSuffix(ref, "}") {
			variable, def, _ := strings.Cut(strings.TrimSuffix(ref, "}"), ":")
			value = cmp.Or(env(variable), def)
		}
		attrs = append(attrs, attribute.String(strings.TrimSpace(key), strings.TrimSpace(value)))
	}
	return attrs
}

func (e *environment) formats() []Format {
	const name = "OTEL_PROPAGATORS"
	v := env(name)
	if v == "" {
		return AllFormats()
	}
	formats := []Format{}
	for f := range strings.SplitSeq(v, ",") {
		f := Format(strings.ToLower(strings.TrimSpace(f)))
		if f == "none" {
			continue
		}
		if _, ok := codecOf(f); !ok {
			e.bad(name, "want none or any of %v, got %q", AllFormats(), f)
			continue
		}
		formats = append(formats, f)
	}
	return formats
}

// sampler also returns the remote sampler inside, if any, which wants to be stopped.
func (e *environment) sampler(service string) (sdktrace.Sampler, *remoteSampler) {
	const name, arg = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
	v := strings.ToLower(env(name))
	if v == "" {
		return e.jaegerSampler(service)
	}
	kind, parentBased := strings.CutPrefix(v, "parentbased_")
	var root sdktrace.Sampler
	var remote *remoteSampler
	switch kind {
	case "always_on":
		root = sdktrace.AlwaysSample()
	case "always_off":
		root = sdktrace.NeverSample()
	case "traceidratio":
		root = sdktrace.TraceIDRatioBased(e.number(arg, 1, 0, 1))
	case "jaeger_remote":
		remote = e.otelRemote(arg, service)
		root = remote
	default:
		e.bad(name, "want [parentbased_]always_on, always_off, traceidratio or jaeger_remote, got %q", v)
	}
	if len(e.errs) > 0 {
		return nil, remote
	}
	if parentBased {
		return NewSampler(root), remote
	}
	return &sampler{root: root, next: root}, remote
}

const (
	defaultSamplingEndpoint = "http://127.0.0.1:5778/sampling"
	defaultSamplingInterval = time.Minute
)

// otelRemote reads endpoint=…,pollingIntervalMs=…,initialSamplingRate=…
func (e *environment) otelRemote(arg, service string) *remoteSampler {
	endpoint, every, rate := defaultSamplingEndpoint, defaultSamplingInterval, 1.0
	for pair := range strings.SplitSeq(env(arg), ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
		var err error
		switch k {
		case "":
		case "endpoint":
			endpoint = v
		case "pollingIntervalMs":
			var ms int
			if ms, err = strconv.Atoi(v); err == nil && ms < 1 {
				err = fmt.Errorf("want at least 1, got %d", ms)
			}
			every = time.Duration(max(ms, 1)) * time.Millisecond
		case "initialSamplingRate":
			if rate, err = strconv.ParseFloat(v, 64); err == nil && !(0 <= rate && rate <= 1) {
				err = fmt.Errorf("want 0 to 1, got %v", rate)
			}
		default:
			err = errors.New("unknown key")
		}
		if err != nil {
			e.bad(arg, "%s: %v", k, err)
		}
	}
	return e.remote(arg, endpoint, service, every, rate)
}

func (e *environment) remote(name, endpoint, service string, every time.Duration, rate float64) *remoteSampler {
	if len(e.errs) > 0 {
		return nil
	}
	s, err := newRemoteSampler(endpoint, service, every, sdktrace.TraceIDRatioBased(rate))
	if err != nil {
		e.bad(name, "%v", err)
	}
	return s
}

// jaegerSampler differs from jaeger-client in two defaults: without a type everything is kept rather than what a sampling
// endpoint says, and a missing parameter keeps everything rather than nothing.
func (e *environment) jaegerSampler(service string) (sdktrace.Sampler, *remoteSampler) {
	const name, arg = "JAEGER_SAMPLER_TYPE", "JAEGER_SAMPLER_PARAM"
	switch v := strings.ToLower(env(name)); v {
	case "":
		return NewSampler(sdktrace.AlwaysSample()), nil
	case "const":
		if e.number(arg, 1, 0, 1) == 0 {
			return NewSampler(sdktrace.NeverSample()), nil
		}
		return NewSampler(sdktrace.AlwaysSample()), nil
	case "probabilistic":
		return NewSampler(sdktrace.TraceIDRatioBased(e.number(arg, 1, 0, 1))), nil
	case "ratelimiting":
		if env(arg) == "" {
			e.bad(arg, "want the number of traces a second for ratelimiting, got nothing")
		}
		return NewSampler(newRateLimited(e.number(arg, 1, 0, 1e6))), nil
	case "remote":
		endpoint := env("JAEGER_SAMPLING_ENDPOINT")
		if hostPort := env("JAEGER_SAMPLER_MANAGER_HOST_PORT"); endpoint == "" && hostPort != "" {
			endpoint = hostPort
			if !strings.Contains(endpoint, "://") {
				endpoint = "http://" + endpoint + "/sampling"
			}
		}
		if host := env("JAEGER_AGENT_HOST"); endpoint == "" && host != "" {
			endpoint = "http://" + net.JoinHostPort(host, "5778") + "/sampling"
		}
		every := e.duration("JAEGER_SAMPLER_REFRESH_INTERVAL", defaultSamplingInterval)
		s := e.remote("JAEGER_SAMPLING_ENDPOINT", cmp.Or(endpoint, defaultSamplingEndpoint), service, every, e.number(arg, 1, 0, 1))
		if s == nil {
			return nil, nil
		}
		return NewSampler(s), s
	default:
		e.bad(name, "want const, probabilistic, ratelimiting or remote, got %q", v)
		return nil, nil
	}
}
