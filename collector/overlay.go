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

// overlay adds to any configuration, embedded or not, what Weft needs in it: the extension that Run hears through, and on
// every HTTP and gRPC server of the components that this distribution has, authentication and the counting of what is
// refused, and on Zipkin's who answers reads. It overrides what a file says about authentication: a file that was written without must not open a port that
// the operator believes closed.
type overlay struct {
	queueDir string
	intake   bool // somebody in this process hands data over
	// pdataOnly keeps traces from going past pdata: the exporter is not the store's.
	pdataOnly bool
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
	for _, section := range []string{"receivers", "extensions"} {
		for _, id := range ids(raw[section]) {
			ingest, tokens := ingestType.String()+"/"+id, tokensType.String()+"/"+id
			guarded, wire := false, section == "receivers" && !o.pdataOnly
			for _, server := range serversOf[kindOf(id)] {
				at := path(section, id, server)
				if server != "" && !conf.IsSet(at) {
					continue // a protocol that is not switched on
				}
				own, _ := conf.Get(at + "::middlewares").([]any)
				wire = wire && len(own) == 0 // they would see what only stands in for traces
				if kindOf(id) == zipkinKind {
					own = append(slices.Clone(own), map[string]any{"id": zipkinType.String() + "/" + id})
				}
				put[at+"::middlewares"] = append(slices.Clone(own), map[string]any{"id": ingest})
				put[at+"::auth::authenticator"] = tokens
				guarded = true
			}
			if guarded {
				put["extensions::"+ingest], put["extensions::"+tokens] = nil, nil
				if enrich := wireSection(conf, id); wire && enrich != nil {
					put["extensions::"+ingest] = map[string]any{"wire": true, "enrich": enrich}
				}
				added = append(added, ingest, tokens)
			}
			if guarded && kindOf(id) == zipkinKind {
				reads := zipkinType.String() + "/" + id
				put["extensions::"+reads] = nil
				added = append(added, reads)
			}
		}
	}
	for _, id := range ids(raw["exporters"]) {
		if at := path("exporters", id, "directory"); kindOf(id) == storeexporter.Type.String() && !conf.IsSet(at) && o.queueDir != "" {
			put[at] = o.queueDir
		}
	}
	if o.intake {
		addIntake(conf, put)
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
