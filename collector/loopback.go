package collector

import (
	"context"
	"errors"
	"fmt"
	"net"

	"go.opentelemetry.io/collector/confmap"
)

// loopbackOnly refuses to open a port to other machines while nobody has to prove who they are. It is a converter, and so
// sees every configuration, embedded or not, after its variables are filled in and before anything listens.
type loopbackOnly struct{}

// Convert implements confmap.Converter.
func (loopbackOnly) Convert(_ context.Context, conf *confmap.Conf) error {
	raw := conf.ToStringMap()
	return errors.Join(checkEndpoints("receivers", raw["receivers"]), checkEndpoints("extensions", raw["extensions"]))
}

func checkEndpoints(at string, section any) error {
	m, _ := section.(map[string]any)
	var errs []error
	for _, key := range sortedKeys(m) {
		place := at + confmap.KeyDelimiter + key
		if addr, ok := m[key].(string); ok && key == "endpoint" && !isLoopback(addr) {
			errs = append(errs, fmt.Errorf("%s: %s can be reached from other machines and nobody has to sign in: give --tokens FILE, or a loopback address", place, addr))
		}
		errs = append(errs, checkEndpoints(place, m[key]))
	}
	return errors.Join(errs...)
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return true // not an address: the component's own validation says so
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
