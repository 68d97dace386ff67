package collector

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"weft/collector/storeexporter"
	"weft/processor/enrichprocessor"
	"weft/processor/topologyprocessor"
)

// Traces over OTLP can go from their bytes into the store without pdata between (storeexporter.Request). The server reads them, and hands
// the receiver a request of as many empty spans in their place; counted puts what was read into the context, from where the
// pipeline's components take it. So everything else that happens to a request happens to it as before. Which components know it is decided
// by the configuration, and when a request is unusual in any way, it is read by pdata as if nothing had been.

// ingestConfig is what the overlay says to a receiver's server middleware.
type ingestConfig struct {
	// Wire says that traces need not become pdata.
	Wire bool `mapstructure:"wire"`
	// Enrich is the section of the enrich processor that they would go through.
	Enrich map[string]any `mapstructure:"enrich"`
}

// decoder is nil when traces have to become pdata.
func (c *ingestConfig) decoder() (*storeexporter.Decoder, error) {
	if !c.Wire {
		return nil, nil
	}
	cfg := enrichprocessor.DefaultConfig()
	if err := confmap.NewFromStringMap(c.Enrich).Unmarshal(&cfg); err != nil {
		return nil, fmt.Errorf("read the enrich processor's section: %w", err)
	}
	return storeexporter.NewDecoder(enrichprocessor.NewClean(cfg)), nil
}

// wireSection is the section of the enrich processor through which a receiver's traces go on their only way to the store, if that has no
// component that needs pdata; nil otherwise.
func wireSection(conf *confmap.Conf, receiver string) map[string]any {
	if kindOf(receiver) != "otlp" {
		return nil
	}
	pipelines, _ := conf.Get("service::pipelines").(map[string]any)
	var found map[string]any
	for id := range pipelines {
		at := path("service", "pipelines", id)
		if kindOf(id) != signalTraces || !slices.Contains(texts(conf.Get(path(at, "receivers"))), receiver) {
			continue
		}
		if found != nil {
			return nil // two pipelines, and each would change it
		}
		if found = enrichOf(conf, texts(conf.Get(path(at, "processors"))), texts(conf.Get(path(at, "exporters")))); found == nil {
			return nil
		}
	}
	return found
}

// enrichOf is the section of a pipeline's enrich processor if its components are all of those that know what was read from the wire, in
// the default order.
func enrichOf(conf *confmap.Conf, processors, exporters []string) map[string]any {
	if len(exporters) != 1 || kindOf(exporters[0]) != storeexporter.Type.String() {
		return nil
	}
	processors = slices.DeleteFunc(processors, func(id string) bool { return kindOf(id) == "memory_limiter" })
	kinds := make([]string, len(processors))
	for i, id := range processors {
		kinds[i] = kindOf(id)
	}
	if want := []string{"enrich", topologyprocessor.Type.String()}; len(kinds) == 0 || !slices.Equal(kinds, want[:min(len(kinds), len(want))]) {
		return nil
	}
	section, ok := conf.Get(path("processors", processors[0])).(map[string]any)
	if !ok {
		section = map[string]any{}
	}
	return section
}

// texts are the strings of a list in the configuration.
func texts(list any) (out []string) {
	all, _ := list.([]any)
	for _, e := range all {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}

// traceRequest is the type that gRPC's server decodes a request for traces into.
var traceRequest = reflect.TypeFor[ptraceotlp.ExportRequest]().Field(0).Type

// wireCodec is gRPC's codec for protobuf, but reads trace requests itself where it can.
type wireCodec struct {
	encoding.CodecV2
	decoder *storeexporter.Decoder
	// read holds what was read, by the message that stands in for it, from Unmarshal until the stats handler has taken it: gRPC calls that
	// right after, and at a call's end.
	read sync.Map
}

// newWireCodec returns nil without a decoder.
func newWireCodec(d *storeexporter.Decoder) *wireCodec {
	if d == nil {
		return nil
	}
	return &wireCodec{CodecV2: encoding.GetCodecV2("proto"), decoder: d}
}

// Unmarshal implements encoding.CodecV2.
func (c *wireCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if reflect.TypeOf(v) != traceRequest {
		return c.CodecV2.Unmarshal(data, v)
	}
	request, ok := c.decoder.Decode(data.Materialize()) // a copy: gRPC's buffers are used again
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	if err := c.CodecV2.Unmarshal(mem.BufferSlice{mem.SliceBuffer(request.StandIn())}, v); err != nil {
		return err
	}
	c.read.Store(v, request)
	return nil
}

// take returns what was read when message was made, if anything.
func (c *wireCodec) take(message any) *storeexporter.Request {
	request, _ := c.read.LoadAndDelete(message)
	r, _ := request.(*storeexporter.Request)
	return r
}

// fromWire says whether an HTTP request may hold traces in protobuf.
func fromWire(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/x-protobuf" && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/v1/traces")
}

// read reads an HTTP request's body, which is not compressed any more, and puts a stand-in in its place, or itself again.
func (e *ingestExtension) read(r *http.Request, req *request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		r.Body = again{bytes.NewReader(body), err, r.Body}
		return
	}
	if wire, ok := e.decoder.Decode(body); ok {
		req.wire, body = wire, wire.StandIn()
	}
	r.Body = again{bytes.NewReader(body), io.EOF, r.Body}
}

// again is a body that was read: its bytes, and the error that ended them.
type again struct {
	from *bytes.Reader
	end  error
	io.Closer
}

func (a again) Read(p []byte) (int, error) {
	n, err := a.from.Read(p)
	if errors.Is(err, io.EOF) {
		err = a.end
	}
	return n, err
}
