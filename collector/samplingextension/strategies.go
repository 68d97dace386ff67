package samplingextension

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"go.yaml.in/yaml/v3"
)

// file is a strategies file as Jaeger defines it.
type file struct {
	Default  *strategy         `yaml:"default_strategy"`
	Services []serviceStrategy `yaml:"service_strategies"`
}

type serviceStrategy struct {
	Service  string `yaml:"service"`
	strategy `yaml:",inline"`
}

type strategy struct {
	Type       string              `yaml:"type"`
	Param      *float64            `yaml:"param"`
	Operations []operationStrategy `yaml:"operation_strategies"`
}

type operationStrategy struct {
	Operation string   `yaml:"operation"`
	Type      string   `yaml:"type"`
	Param     *float64 `yaml:"param"`
}

// Response is the answer to a client, in the JSON of Jaeger's sampling manager.
type Response struct {
	StrategyType  string         `json:"strategyType"`
	Probabilistic *probabilistic `json:"probabilisticSampling,omitempty"`
	RateLimiting  *rateLimiting  `json:"rateLimitingSampling,omitempty"`
	Operations    *operations    `json:"operationSampling,omitempty"`
}

type probabilistic struct {
	// SamplingRate is the probability, 0 to 1.
	SamplingRate float64 `json:"samplingRate"`
}

type rateLimiting struct {
	MaxTracesPerSecond float64 `json:"maxTracesPerSecond"`
}

type operations struct {
	DefaultProbability float64     `json:"defaultSamplingProbability"`
	LowerBoundPerSec   float64     `json:"defaultLowerBoundTracesPerSecond"`
	PerOperation       []operation `json:"perOperationStrategies"`
}

type operation struct {
	Operation     string        `json:"operation"`
	Probabilistic probabilistic `json:"probabilisticSampling"`
}

// strategies answers for any service.
type strategies struct {
	fallback Response
	services map[string]Response
}

// everything samples every trace: what is asked of a service that nobody has written a strategy for.
func everything() Response {
	return Response{StrategyType: "PROBABILISTIC", Probabilistic: &probabilistic{SamplingRate: 1}}
}

// Of is the strategy of service.
func (s *strategies) of(service string) Response {
	if r, ok := s.services[service]; ok {
		return r
	}
	return s.fallback
}

// parse reads a strategies file, YAML or JSON, and reports every mistake by its path. An empty file is no strategies.
func parse(raw []byte) (*strategies, error) {
	var f file
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("parse: %w", err)
	}
	var errs []error
	s := &strategies{fallback: everything(), services: make(map[string]Response, len(f.Services))}
	if f.Default != nil {
		s.fallback = f.Default.response("default_strategy", &errs)
	}
	for i, service := range f.Services {
		at := fmt.Sprintf("service_strategies[%d]", i)
		if service.Service == "" {
			errs = append(errs, fmt.Errorf("%s.service: want a name, got none", at))
		}
		if _, twice := s.services[service.Service]; twice {
			errs = append(errs, fmt.Errorf("%s.service: %q stands twice", at, service.Service))
		}
		s.services[service.Service] = service.response(at, &errs).with(s.fallback.Operations)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// maxTracesPerSecond is what the wire format, a 16-bit integer in Jaeger's thrift definition, can carry.
const maxTracesPerSecond = math.MaxInt16

func (s strategy) response(at string, errs *[]error) Response {
	r := rate(at, s.Type, s.Param, errs)
	if len(s.Operations) == 0 {
		return r
	}
	// Jaeger gives operations it has no strategy for the service's probability, and 1 in 1000 when that has none.
	r.Operations = &operations{DefaultProbability: 0.001}
	if r.Probabilistic != nil {
		r.Operations.DefaultProbability = r.Probabilistic.SamplingRate
	}
	for i, op := range s.Operations {
		opAt := fmt.Sprintf("%s.operation_strategies[%d]", at, i)
		if op.Operation == "" {
			*errs = append(*errs, fmt.Errorf("%s.operation: want a name, got none", opAt))
		}
		if op.Type != "probabilistic" {
			*errs = append(*errs, fmt.Errorf("%s.type: want probabilistic, the only type that clients know for operations, got %q", opAt, op.Type))
			continue
		}
		if p := rate(opAt, op.Type, op.Param, errs).Probabilistic; p != nil {
			r.Operations.PerOperation = append(r.Operations.PerOperation, operation{op.Operation, *p})
		}
	}
	return r
}

func rate(at, kind string, param *float64, errs *[]error) Response {
	bounded := func(max float64) float64 {
		if param == nil {
			*errs = append(*errs, fmt.Errorf("%s.param: want a number, got none", at))
			return 0
		}
		if !(*param >= 0 && *param <= max) {
			*errs = append(*errs, fmt.Errorf("%s.param: want 0 to %v, got %v", at, max, *param))
		}
		return *param
	}
	switch kind {
	case "probabilistic":
		return Response{StrategyType: "PROBABILISTIC", Probabilistic: &probabilistic{bounded(1)}}
	case "ratelimiting":
		perSecond := bounded(maxTracesPerSecond)
		if perSecond != math.Trunc(perSecond) {
			*errs = append(*errs, fmt.Errorf("%s.param: want a whole number of traces per second, got %v", at, perSecond))
		}
		return Response{StrategyType: "RATE_LIMITING", RateLimiting: &rateLimiting{perSecond}}
	default:
		*errs = append(*errs, fmt.Errorf("%s.type: want probabilistic or ratelimiting, got %q", at, kind))
		return Response{}
	}
}

// with adds the default strategy's operations for which the service has no strategy of its own, as Jaeger does.
func (r Response) with(defaults *operations) Response {
	if defaults == nil {
		return r
	}
	if r.Operations == nil {
		own := *defaults
		if r.Probabilistic != nil {
			own.DefaultProbability = r.Probabilistic.SamplingRate
		}
		r.Operations = &own
		return r
	}
	have := make(map[string]bool, len(r.Operations.PerOperation))
	for _, op := range r.Operations.PerOperation {
		have[op.Operation] = true
	}
	for _, op := range defaults.PerOperation {
		if !have[op.Operation] {
			r.Operations.PerOperation = append(r.Operations.PerOperation, op)
		}
	}
	return r
}

// Check reports every mistake in a strategies file, YAML or JSON, one per line and by its path.
func Check(raw []byte) error {
	_, err := parse(raw)
	return err
}
