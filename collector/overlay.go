package collector

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"go.opentelemetry.io/collector/confmap"

	"weft/collector/storeexporter"
)

// overlay adds to any configuration, embedded or not, what Weft needs in it: the extension that Run hears through, the
// counting middleware and, when tokens are configured, authentication on every HTTP and gRPC server of the receivers
// and extensions that this distribution has. It overrides what a file says there: a file that was written without
// authentication must not open a port that the operator believes closed.
type overlay struct {
	authenticate bool
	queueDir     string
}

// serversOf are the paths, inside a component's section, of its HTTP and gRPC servers.
var serversOf = map[string][]string{
	"otlp":          {"protocols::grpc", "protocols::http"},
	"jaeger":        {"protocols::grpc", "protocols::thrift_http"},
	"zipkin":        {""},
	"weft_sampling": {""},
}

// Convert implements confmap.Converter.
func (o overlay) Convert(_ context.Context, conf *confmap.Conf) error {
	raw := conf.ToStringMap()
	added := []any{hostType.String()}
	put := map[string]any{"extensions::" + hostType.String(): nil}
	if o.authenticate {
		added = append(added, tokensType.String())
		put["extensions::"+tokensType.String()] = nil
	}
	for _, id := range ids(raw["receivers"]) {
		ingest := ingestType.String() + "/" + id
		put["extensions::"+ingest] = nil
		added = append(added, ingest)
		for _, server := range serversOf[kindOf(id)] {
			at := path("receivers", id, server)
			if !conf.IsSet(at) && kindOf(id) != "zipkin" {
				continue
			}
			own, _ := conf.Get(at + "::middlewares").([]any)
			put[at+"::middlewares"] = append(slices.Clone(own), map[string]any{"id": ingest})
			if o.authenticate {
				put[at+"::auth::authenticator"] = tokensType.String()
			}
		}
	}
	for _, id := range ids(raw["extensions"]) {
		if o.authenticate && len(serversOf[kindOf(id)]) > 0 {
			put[path("extensions", id, "auth::authenticator")] = tokensType.String()
		}
	}
	for _, id := range ids(raw["exporters"]) {
		if at := path("exporters", id, "directory"); kindOf(id) == storeexporter.Type.String() && !conf.IsSet(at) && o.queueDir != "" {
			put[at] = o.queueDir
		}
	}
	own, _ := conf.Get("service::extensions").([]any)
	put["service::extensions"] = append(added, own...)
	for _, key := range sortedKeys(put) {
		if err := conf.Merge(confmap.NewFromStringMap(nest(key, put[key]))); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	return nil
}

func kindOf(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return kind
}

func path(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), confmap.KeyDelimiter)
}

func ids(section any) []string {
	m, _ := section.(map[string]any)
	return sortedKeys(m)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func nest(key string, value any) map[string]any {
	parts := strings.Split(key, confmap.KeyDelimiter)
	for i := len(parts) - 1; i >= 0; i-- {
		value = map[string]any{parts[i]: value}
	}
	return value.(map[string]any)
}
