package front

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/go-chi/chi/v5"

	"weft/faas"
	"weft/faas/function"
)

func (f *front) list(w http.ResponseWriter, _ *http.Request) {
	all := f.rt.Functions()
	for i, d := range all {
		all[i] = redacted(d)
	}
	writeJSON(w, http.StatusOK, map[string]any{"functions": all})
}

// redacted is d without values of variables that look like secrets.
func redacted(d faas.Deployed) faas.Deployed {
	if d.Latest != nil {
		d.Latest = d.Latest.Redact()
	}
	for i, fn := range d.Versions {
		d.Versions[i] = fn.Redact()
	}
	return d
}

func (f *front) get(w http.ResponseWriter, r *http.Request) {
	d, err := f.rt.Function(nameOf(r))
	if err != nil {
		problem(w, status(err), err)
		return
	}
	writeJSON(w, http.StatusOK, redacted(d))
}

// deploy takes a multipart form of two parts in this order: manifest (YAML) and code (a zip, as function.Pack writes it).
func (f *front) deploy(w http.ResponseWriter, r *http.Request) {
	form, err := r.MultipartReader()
	if err != nil {
		problem(w, http.StatusUnsupportedMediaType, fmt.Errorf("want multipart/form-data with the parts manifest and code: %w", err))
		return
	}
	manifest, err := part(form, "manifest")
	if err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	text, err := io.ReadAll(io.LimitReader(manifest, function.MaxManifest+1))
	if err != nil || len(text) > function.MaxManifest {
		problem(w, http.StatusBadRequest, fmt.Errorf("part manifest: want at most %d bytes: %w", function.MaxManifest, err))
		return
	}
	m, err := function.Parse(function.ManifestName, text)
	if err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	if name := nameOf(r); m.Function.Name != name {
		problem(w, http.StatusBadRequest, fmt.Errorf("name: the manifest says %q, the path %q", m.Function.Name, name))
		return
	}
	code, err := part(form, "code")
	if err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	fn, err := f.rt.Deploy(r.Context(), m.Function, http.MaxBytesReader(w, code, function.MaxPackage))
	if err != nil {
		problem(w, deployStatus(err), err)
		return
	}
	writeJSON(w, http.StatusOK, fn.Redact())
}

func deployStatus(err error) int {
	var large *http.MaxBytesError
	var invalid *function.InvalidError
	var code *faas.CodeError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &invalid), errors.As(err, &code):
		return http.StatusBadRequest
	}
	return status(err)
}

func part(form *multipart.Reader, name string) (*multipart.Part, error) {
	p, err := form.NextPart()
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", name, err)
	}
	if p.FormName() != name {
		return nil, fmt.Errorf("want the parts manifest and code in this order, got %q for %s", p.FormName(), name)
	}
	return p, nil
}

func (f *front) remove(w http.ResponseWriter, r *http.Request) {
	if err := f.rt.Remove(r.Context(), nameOf(r)); err != nil {
		problem(w, status(err), err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *front) publish(w http.ResponseWriter, r *http.Request) {
	fn, err := f.rt.Publish(r.Context(), nameOf(r))
	if err != nil {
		problem(w, status(err), err)
		return
	}
	writeJSON(w, http.StatusOK, fn.Redact())
}

// alias takes the version in the parameter version.
func (f *front) alias(w http.ResponseWriter, r *http.Request) {
	version := r.URL.Query().Get("version")
	if version == "" {
		problem(w, http.StatusBadRequest, errors.New("version: want a version's number, got nothing"))
		return
	}
	if err := f.rt.Alias(r.Context(), nameOf(r), chi.URLParam(r, "alias"), version); err != nil {
		problem(w, status(err), err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// problem writes an RFC 9457 document.
func problem(w http.ResponseWriter, code int, err error) {
	writeAs(w, "application/problem+json", code, map[string]any{"type": "about:blank", "title": http.StatusText(code), "status": code, "detail": err.Error()})
}
