package enrichprocessor

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// What was enriched on its way here passes as it is; everything else is enriched.
func TestWithEnriched(t *testing.T) {
	r := newRig(t, nil)
	td := benchTraces(3, true)
	before := ptrace.NewTraces()
	td.CopyTo(before)
	passed, err := r.traces(WithEnriched(t.Context()), td)
	if err != nil {
		t.Fatal(err)
	}
	first := func(td ptrace.Traces) pcommon.Map {
		return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
	}
	if !first(passed).Equal(first(before)) {
		t.Error("enriched spans were changed")
	}
	if passed, err = r.traces(t.Context(), td); err != nil || attr(first(passed), semconv.SpanCategory) == "" {
		t.Errorf("spans were not enriched: %v", err)
	}
}

// converts must be true wherever convert gives a value another type: a clean span is one that the processor would not change.
func TestConvertsSeesWhatConvertDoes(t *testing.T) {
	texts := []string{"", "0", "-7", "007", "200", "2e3", "true", "false", "True", "x", "9223372036854775808"}
	for _, want := range []semconv.AttrType{semconv.String, semconv.Int, semconv.Bool} {
		values := []pcommon.Value{pcommon.NewValueEmpty(), pcommon.NewValueInt(3), pcommon.NewValueBool(true), pcommon.NewValueDouble(3), pcommon.NewValueDouble(0.5)}
		for _, text := range texts {
			values = append(values, pcommon.NewValueStr(text))
		}
		for _, v := range values {
			before := v.Type()
			said := converts(valueOf(v), want)
			if convert(v, want); v.Type() != before && !said {
				t.Errorf("%v of type %v for %v is converted", v.AsString(), before, want)
			}
		}
	}
}

// A trusting Clean says yes to what another one has said no to since, and still derives.
func TestTrusting(t *testing.T) {
	for _, c := range []*Clean{NewClean(DefaultConfig()), NewTrusting()} {
		r := c.Reader()
		r.Begin()
		said := r.Name("\xff") || r.Text("\xff") || r.Nested(1<<30) || r.Time(1) || r.Events(1<<30) || r.Links(1<<30) || r.Attributes(1<<30) ||
			r.Attribute("http.method", Value{Type: pcommon.ValueTypeStr, Str: "GET"})
		if said != c.trusting {
			t.Errorf("trusting %v: said %v", c.trusting, said)
		}
		r.Attribute("db.system.name", Value{Type: pcommon.ValueTypeStr, Str: "redis"})
		if d := r.Span(ptrace.SpanKindClient, ptrace.StatusCodeUnset, ""); d.Category != semconv.CategoryDB || d.Peer != "redis" {
			t.Errorf("trusting %v: derived %+v", c.trusting, d)
		}
		c.Give(r)
	}
}
