package function

import (
	"fmt"
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
	MinDisk, MaxDisk       int64 = 1 << 20, 10 << 30
	MinCPU, MaxCPU               = 0.05, 16.0
	MaxConcurrency               = 200
	MaxInstances                 = 10000
	MaxNameLength                = 64
	MaxDescription               = 256      // characters
	MaxEnvironment               = 64 << 10 // bytes, names and values
	MaxIdle                      = 24 * time.Hour
	MaxFreeze                    = time.Hour
	MaxQueue                     = 100000
)

// Function is one version of a function: a manifest's fields with the defaults filled in. It is what the state keeps, as
// JSON, and what an instance is made of. The tags manifest are the names in function.yaml; docs/functions.md has them all.
type Function struct {
	// Name is 1 to MaxNameLength letters, digits, - and _, the first of them a letter.
	Name string `json:"name" manifest:"name"`
	// Version is "$LATEST" or a decimal number from 1; set on deployment.
	Version string `json:"version" manifest:"-"`
	// Revision is the state's, of the record that this was read from.
	Revision uint64 `json:"-" manifest:"-"`
	// Description is for people.
	Description string   `json:"description,omitempty" manifest:"description"`
	Contract    Contract `json:"contract" manifest:"contract"`
	Language    Language `json:"runtime" manifest:"runtime"`
	// Handler is module.function for the bootstraps, and what _HANDLER says to a program that brings its own.
	Handler string `json:"handler,omitempty" manifest:"handler"`
	// Command is the program and its arguments, looked up in the code folder first, then in PATH. Empty: the file
	// bootstrap of the code folder, or the language's bootstrap.
	Command []string `json:"command,omitempty" manifest:"command"`
	// CodeDigest names the package of the code in the state: sha256 in hex. Empty for InProcess.
	CodeDigest string `json:"code_digest,omitempty" manifest:"-"`
	// CodeBytes is the size of the package.
	CodeBytes   int64             `json:"code_bytes,omitempty" manifest:"-"`
	Environment map[string]string `json:"environment,omitempty" manifest:"environment"`

	// Memory bounds the whole instance, in bytes.
	Memory int64 `json:"memory_bytes" manifest:"memory"`
	// CPU bounds the whole instance, in processors. 0: not bounded.
	CPU float64 `json:"cpu,omitempty" manifest:"cpu"`
	// Disk bounds what the instance writes to its own folder, in bytes.
	Disk int64 `json:"disk_bytes" manifest:"disk"`
	// Timeout bounds one invocation.
	Timeout time.Duration `json:"timeout_ns" manifest:"timeout"`
	// InitTimeout bounds the start of an instance until it is ready.
	InitTimeout time.Duration `json:"init_timeout_ns" manifest:"init_timeout"`
	// Concurrency is how many invocations one instance takes at once.
	Concurrency int `json:"concurrency" manifest:"concurrency"`
	// Instances says how many there are.
	Instances Instances `json:"instances" manifest:"instances"`

	// Initializer, PreFreeze and PreStop are lifecycle hooks, for the contracts FC and HTTP.
	Initializer Hook `json:"initializer,omitzero" manifest:"initializer"`
	PreFreeze   Hook `json:"pre_freeze,omitzero" manifest:"pre_freeze"`
	PreStop     Hook `json:"pre_stop,omitzero" manifest:"pre_stop"`

	// Server is for the contract HTTP; its Event for FC too.
	Server Server `json:"server,omitzero" manifest:"server"`

	Tracing Tracing `json:"tracing" manifest:"tracing"`

	// Owner is who has deployed it and takes it away, when that is a program and not a person; the runtime's Config.Forget may look at it.
	Owner string `json:"owner,omitempty" manifest:"-"`
}

// Instances bounds the instances of a function.
type Instances struct {
	// Provisioned are kept running and ready.
	Provisioned int `json:"provisioned,omitempty" manifest:"provisioned"`
	// Max bounds all of them. At least 1, and at least Provisioned.
	Max int `json:"max" manifest:"max"`
	// Idle is how long one that is not provisioned is kept without work.
	Idle time.Duration `json:"idle_ns" manifest:"idle"`
	// Freeze is how long an instance without work runs on before it is frozen; negative: it is never frozen.
	Freeze time.Duration `json:"freeze_ns" manifest:"freeze,never"`
	// Queue is how many requests may wait for an instance beyond what all instances take.
	Queue int `json:"queue" manifest:"queue"`
}

// Hook is one lifecycle hook.
type Hook struct {
	Enabled bool          `json:"enabled,omitempty" manifest:"-"`
	Handler string        `json:"handler,omitempty" manifest:"handler"`
	Timeout time.Duration `json:"timeout_ns,omitempty" manifest:"timeout"`
}

// Server describes a web server that is run as it is.
type Server struct {
	// Port is where it listens when it does not read the environment variable PORT. Instances of a function that names a
	// fixed port cannot run side by side, unless the runtime gives each its own network; 0 means that the program takes the
	// port from PORT (and FC_SERVER_PORT), which the runtime chooses.
	Port int `json:"port,omitempty" manifest:"port"`
	// Event says that the server takes events at POST /invoke instead of requests on any path; with FC, that an HTTP trigger's request
	// becomes an event, as in Function Compute 3.0's own runtimes, and the event's answer an HTTP answer.
	Event  bool        `json:"event,omitempty" manifest:"event"`
	Health HealthCheck `json:"health" manifest:"health"`
}

// HealthCheck decides when a server is ready.
type HealthCheck struct {
	// Path is asked with GET; 200 to 399 is healthy. Empty: it is ready when its port accepts a connection.
	Path string `json:"path,omitempty" manifest:"path"`
	// Delay passes before the first probe.
	Delay time.Duration `json:"delay_ns,omitempty" manifest:"delay"`
	// Period lies between probes once the server was healthy; before, it is probed every few milliseconds, because whoever waits
	// for a cold start waits for the probe too.
	Period           time.Duration `json:"period_ns,omitempty" manifest:"period"`
	Timeout          time.Duration `json:"timeout_ns,omitempty" manifest:"timeout"`
	FailureThreshold int           `json:"failure_threshold,omitempty" manifest:"failure_threshold"`
	SuccessThreshold int           `json:"success_threshold,omitempty" manifest:"success_threshold"`
}

// Tracing says how much of a function is looked into.
type Tracing struct {
	// Sample is the share of traces that begin here and are kept, 0 to 1. A caller's decision comes first.
	Sample float64 `json:"sample" manifest:"sample"`
	// Modules has the loading of packages, modules and imports timed, through the environment.
	Modules bool `json:"modules" manifest:"modules"`
	// Profile has the CPU sampled; kept are profiles of cold starts, errors and slow invocations.
	Profile bool `json:"profile" manifest:"profile"`
	// Slow is from when on an invocation is slow. 0: above the 99th percentile of this function.
	Slow time.Duration `json:"slow_ns,omitempty" manifest:"slow"`
}

// Latest is the version that is deployed and not published.
const Latest = "$LATEST"

// CheckName says what is wrong with the name of a function or an alias.
func CheckName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fmt.Errorf("want 1 to %d letters, digits, - and _, a letter first, got %q", MaxNameLength, name)
}

// Key names what f is exactly: a later deployment of the same version has another one.
func (f *Function) Key() string { return fmt.Sprintf("%s:%s@%d", f.Name, f.Version, f.Revision) }
