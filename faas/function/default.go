package function

import "time"

// Default returns a function of a contract with what holds unless a manifest says otherwise. Name and, but for InProcess, the
// code are missing.
//
// Memory and disk are the vendors' defaults (128 MiB and 512 MiB). Timeout is not: 3 s fails many a first function, for
// no reason but its cold start. A web server takes 20 requests at once, as Function Compute's web functions do; everything else
// one. Instances are bounded to 10, because all of them share a machine.
func Default(contract Contract) Function {
	f := Function{
		Contract:    contract,
		Language:    Provided,
		Memory:      128 << 20,
		Disk:        512 << 20,
		Timeout:     30 * time.Second,
		InitTimeout: 30 * time.Second,
		Concurrency: 1,
		Instances:   Instances{Max: 10, Idle: 5 * time.Minute, Freeze: time.Second, Queue: 100},
		Tracing:     Tracing{Sample: 1, Modules: true, Profile: true},
	}
	if contract == HTTP {
		f.Concurrency = 20
		// Function Compute's, but for Path: not every server has a page that is healthy.
		f.Server.Health = HealthCheck{Period: 3 * time.Second, Timeout: time.Second, FailureThreshold: 3, SuccessThreshold: 1}
	}
	return f
}

// Timeouts of hooks that name none.
const (
	defaultInitializer = 30 * time.Second
	defaultLifecycle   = 10 * time.Second
)
