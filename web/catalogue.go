package web

import (
	"net/http"

	"weft/store"
)

// maxText bounds prefixes, names and other free text in a query.
const maxText = 1024

func (s *Server) listServices(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r).err(); err != nil {
		return err
	}
	names, err := s.store.Services(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"services": notNil(names)})
}

type operation struct {
	Service string `json:"service"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
}

func (s *Server) listOperations(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	service := p.text("service", maxText)
	if err := p.err(); err != nil {
		return err
	}
	ops, err := s.store.Operations(r.Context(), service)
	if err != nil {
		return err
	}
	out := make([]operation, len(ops))
	for i, o := range ops {
		out[i] = operation{Service: o.Service, Name: o.Name, Kind: kindName(o.Kind)}
	}
	return writeJSON(w, map[string]any{"operations": out})
}

type attributeKey struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Scope string `json:"scope"`
}

func (s *Server) listAttributes(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	prefix, limit := p.text("prefix", maxText), p.number("limit", 1, 1000, 100)
	if err := p.err(); err != nil {
		return err
	}
	keys, err := s.store.AttributeKeys(r.Context(), prefix, limit)
	if err != nil {
		return err
	}
	out := make([]attributeKey, len(keys))
	for i, k := range keys {
		out[i] = attributeKey{Key: k.Key, Type: typeName(k.Type), Scope: k.Scope}
	}
	return writeJSON(w, map[string]any{"attributes": out})
}

func (s *Server) listAttributeValues(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	key := p.pathText("key", "not an attribute key")
	prefix, limit := p.text("prefix", maxText), p.number("limit", 1, 1000, 100)
	if err := p.err(); err != nil {
		return err
	}
	values, err := s.store.AttributeValues(r.Context(), key, prefix, limit)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"values": notNil(values)})
}

func typeName(t store.ValueType) string {
	names := [...]string{"empty", "string", "int", "double", "bool", "json"}
	if int(t) < len(names) {
		return names[t]
	}
	return names[0]
}

// notNil makes an empty list [] rather than null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
