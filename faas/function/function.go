package function

import (
	"time"
)

// Contract is what a function's program speaks to the runtime.
type Contract string

// Contracts.
const (
	// Lambda is AWS Lambda's Runtime API 2018-06-01.
	Lambda Contract = "lambda"
	// FC is Alibaba Function Compute's Runtime API 2020-11-11.
	FC Contract = "fc"
	// HTTP is Function Compute's custom runtime: any web server.
	HTTP Contract = "http"
	// InProcess is a Go function of the host program.
	InProcess Contract = "go"
)

// Language says who loads the code.
type Language string

// Languages.
const (
	// Provided is a program that speaks the contract itself: a Go binary, a script named bootstrap, a server's command.
	Provided Language = "provided"
	// NodeJS and Python load Handler through our own bootstraps.
	NodeJS Language = "nodejs"
	Python Language = "python"
)

// Bounds of what a definition may ask for.
const (
	MinTimeout, MaxTimeout       = time.Second, 24 * time.Hour
	MaxInitTimeout               = 300 * time.Second
	MaxLifecycleTimeout          = 90 * time.Second
	MinMemory, MaxMemory   int64 = 64 << 20, 32 << 30
	MinCPU, MaxCPU               = 0.05, 16.0
	MaxConcurrency               = 200
	MaxInstances                 = 10000
	MaxNameLength                = 64
)

// Function is one version of a function: a manifest's fields with the defaults filled in. It is what the state keeps, as
// JSON, and what an instance is made of.
type Function struct {
	// Name is 1 to MaxNameLength letters, digits, - and _, the first of them a letter.
	Name string `json:"name"`
	// Version is "$LATEST" or a decimal number from 1; set on deployment.
	Version string `json:"version"`
	// Description is for people.
	Description string   `json:"description,omitempty"`
	Contract    Contract `json:"contract"`
	Language    Language `json:"runtime"`
	// Handler is module.function for the bootstraps, and what _HANDLER says to a program that brings its own.
	Handler string `json:"handler,omitempty"`
	// Command is the program and its arguments, looked up in the code folder first, then in PATH. Empty: the file
	// bootstrap of the code folder, or the language's bootstrap.
	Command []string `json:"command,omitempty"`
	// CodeDigest names the package of the code in the state: sha256 in hex. Empty for InProcess.
	CodeDigest string `json:"code_digest,omitempty"`
	// CodeBytes is the size of the package.
	CodeBytes   int64             `json:"code_bytes,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`

	// Memory bounds the whole instance, in bytes.
	Memory int64 `json:"memory_bytes"`
	// CPU bounds the whole instance, in processors. 0: not bounded.
	CPU float64 `json:"cpu,omitempty"`
	// Disk bounds what the instance writes to its own folder, in bytes.
	Disk int64 `json:"disk_bytes"`
	// Timeout bounds one invocation.
	Timeout time.Duration `json:"timeout_ns"`
	// InitTimeout bounds the start of an instance until it is ready.
	InitTimeout time.Duration `json:"init_timeout_ns"`
	// Concurrency is how many invocations one instance takes at once.
	Concurrency int `json:"concurrency"`
	// Instances says how many there are.
	Instances Instances `json:"instances"`

	// Initializer, PreFreeze and PreStop are lifecycle hooks, for the contracts FC and HTTP.
	Initializer Hook `json:"initializer,omitzero"`
	PreFreeze   Hook `json:"pre_freeze,omitzero"`
	PreStop     Hook `json:"pre_stop,omitzero"`

	// Server is for the contract HTTP.
	Server Server `json:"server,omitzero"`

	Tracing Tracing `json:"tracing"`
}

// Instances bounds the instances of a function.
type Instances struct {
	// Provisioned are kept running and ready.
	Provisioned int `json:"provisioned,omitempty"`
	// Max bounds all of them. At least 1, and at least Provisioned.
	Max int `json:"max"`
	// Idle is how long one that is not provisioned is kept without work.
	Idle time.Duration `json:"idle_ns"`
	// Freeze is how long an instance without work runs on before it is frozen; negative: it is never frozen.
	Freeze time.Duration `json:"freeze_ns"`
	// Queue is how many requests may wait for an instance beyond what all instances take.
	Queue int `json:"queue"`
}

// Hook is one lifecycle hook.
type Hook struct {
	Enabled bool          `json:"enabled,omitempty"`
	Handler string        `json:"handler,omitempty"`
	Timeout time.Duration `json:"timeout_ns,omitempty"`
}

// Server describes a web server that is run as it is.
type Server struct {
	// Port is where it listens when it does not read the environment variable PORT. Instances of a function that names a
	// fixed port cannot run side by side, unless the runtime gives each its own network; 0 means that the program takes the
	// port from PORT (and FC_SERVER_PORT), which the runtime chooses.
	Port int `json:"port,omitempty"`
	// Event says that the server takes events at POST /invoke instead of requests on any path.
	Event  bool        `json:"event,omitempty"`
	Health HealthCheck `json:"health"`
}

// HealthCheck decides when a server is ready.
type HealthCheck struct {
	// Path is asked with GET; 200 to 399 is healthy. Empty: it is ready when its port accepts a connection.
	Path string `json:"path,omitempty"`
	// Delay passes before the first probe.
	Delay time.Duration `json:"delay_ns,omitempty"`
	// Period lies between probes once the server was healthy; before, it is probed every few milliseconds, because whoever waits
	// for a cold start waits for the probe too.
	Period           time.Duration `json:"period_ns,omitempty"`
	Timeout          time.Duration `json:"timeout_ns,omitempty"`
	FailureThreshold int           `json:"failure_threshold,omitempty"`
	SuccessThreshold int           `json:"success_threshold,omitempty"`
}

// Tracing says how much of a function is looked into.
type Tracing struct {
	// Sample is the share of traces that begin here and are kept, 0 to 1. A caller's decision comes first.
	Sample float64 `json:"sample"`
	// Modules has the loading of packages, modules and imports timed, through the environment.
	Modules bool `json:"modules"`
	// Profile has the CPU sampled; kept are profiles of cold starts, errors and slow invocations.
	Profile bool `json:"profile"`
	// Slow is from when on an invocation is slow. 0: above the 99th percentile of this function.
	Slow time.Duration `json:"slow_ns,omitempty"`
}
