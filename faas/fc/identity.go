package fc

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"weft/faas/contract"
	"weft/faas/function"
)

// Type is what an invocation asks of the program; the numbers are the API's.
type Type int

// Types.
const (
	Handle      Type = 0
	Initializer Type = 1
	PreStop     Type = 2
	PreFreeze   Type = 3
)

// Identity is what a program is told about itself, by headers and by the environment.
type Identity struct {
	Function *function.Function
	// Instance is the id of the instance.
	Instance string
	// Service, LogProject and LogStore exist in Function Compute 2.0; empty in 3.0.
	Service, LogProject, LogStore string
	Region, Account               string
	// JaegerEndpoint takes Jaeger's thrift over HTTP, such as http://127.0.0.1:14268/api/traces. Empty: none is named.
	JaegerEndpoint string
}

// Environment returns the variables that Function Compute reserves and that do not depend on the contract: NAME=value.
// https://www.alibabacloud.com/help/en/functioncompute/environment-variables
func (id *Identity) Environment() []string {
	return []string{
		"FC_FUNCTION_NAME=" + id.Function.Name,
		"FC_FUNCTION_HANDLER=" + id.Function.Handler,
		"FC_FUNCTION_MEMORY_SIZE=" + id.memory(),
		"FC_VERSION_ID=" + id.Function.Version,
		"FC_INSTANCE_ID=" + id.Instance,
		"FC_REGION=" + id.Region,
		"FC_ACCOUNT_ID=" + id.Account,
	}
}

// memory is in MB.
func (id *Identity) memory() string { return strconv.FormatInt(id.Function.Memory>>20, 10) }

// SetHeaders replaces all that h says about function, invocation and trace: headers of the caller's whose names begin with x-fc-
// are not handed on, because programs trust them.
func (id *Identity) SetHeaders(h http.Header, inv *contract.Invocation, typ Type) {
	removeOwn(h)
	contract.SetContext(h, inv)
	f := id.Function
	handler := f.Handler
	if hook := id.hook(typ); hook.Handler != "" {
		handler = hook.Handler
	}
	set := func(name, value string) { h[name] = []string{value} }
	set("X-Fc-Request-Id", inv.ID)
	// Without a deadline and a timeout that it can read, the Go SDK drops the invocation and never answers it.
	set("X-Fc-Function-Deadline", strconv.FormatInt(inv.Deadline.UnixMilli(), 10))
	set("X-Fc-Function-Timeout", strconv.FormatInt(int64((inv.Timeout+time.Second-1)/time.Second), 10))
	set("X-Fc-Function-Type", strconv.Itoa(int(typ)))
	set("X-Fc-Function-Name", f.Name)
	set("X-Fc-Function-Handler", handler)
	set("X-Fc-Function-Memory", id.memory())
	if f.Initializer.Enabled {
		set("X-Fc-Function-Initializer", f.Initializer.Handler)
		set("X-Fc-Initialization-Timeout", strconv.FormatInt(int64((f.Initializer.Timeout+time.Second-1)/time.Second), 10))
	}
	set("X-Fc-Service-Name", id.Service)
	set("X-Fc-Service-Logproject", id.LogProject)
	set("X-Fc-Service-Logstore", id.LogStore)
	set("X-Fc-Qualifier", inv.Qualifier)
	set("X-Fc-Version-Id", f.Version)
	set("X-Fc-Instance-Id", id.Instance)
	set("X-Fc-Region", id.Region)
	set("X-Fc-Account-Id", id.Account)
	set("X-Fc-Retry-Count", strconv.Itoa(inv.Retry))
	// There are no credentials to give; programs read the headers nevertheless.
	set("X-Fc-Access-Key-Id", "")
	set("X-Fc-Access-Key-Secret", "")
	set("X-Fc-Security-Token", "")
	if id.JaegerEndpoint != "" {
		set("X-Fc-Tracing-Jaeger-Endpoint", id.JaegerEndpoint)
	}
	if inv.Prefix != "" {
		set("X-Fc-Base-Path", inv.Prefix)
	}
}

func removeOwn(h http.Header) {
	for name := range h {
		if len(name) >= 5 && strings.EqualFold(name[:5], "x-fc-") {
			delete(h, name)
		}
	}
}

func (id *Identity) hook(typ Type) function.Hook {
	switch typ {
	case Initializer:
		return id.Function.Initializer
	case PreStop:
		return id.Function.PreStop
	case PreFreeze:
		return id.Function.PreFreeze
	}
	return function.Hook{}
}
