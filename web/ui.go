package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// embedded is the built user interface. Only the placeholder is in version control, so that the Go code builds without
// Node.
//
//go:embed all:ui/dist
var embedded embed.FS

// uiHost serves the user interface: files of the build where the path names one, else its page, which routes by itself.
type uiHost struct {
	files fs.FS
	page  []byte // index.html, or the placeholder, with what this server adds
}

// uiConfig is the JSON in the page's element #weft-config.
type uiConfig struct {
	Version      string `json:"version"`
	BasePath     string `json:"basePath"`
	AuthRequired bool   `json:"authRequired"`
}

func newUIHost(c Config) (*uiHost, error) {
	files := c.UI
	if files == nil {
		sub, err := fs.Sub(embedded, "ui/dist")
		if err != nil {
			return nil, fmt.Errorf("user interface: %w", err)
		}
		files = sub
	}
	page, err := fs.ReadFile(files, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		page, err = fs.ReadFile(files, "placeholder.html")
	}
	if err != nil {
		return nil, fmt.Errorf("user interface: %w", err)
	}
	if !headTag.Match(page) {
		return nil, errors.New("user interface: its page has no <head>")
	}
	config, err := json.Marshal(uiConfig{Version: c.Version, BasePath: c.BasePath, AuthRequired: c.Tokens != nil})
	if err != nil {
		return nil, fmt.Errorf("user interface: %w", err)
	}
	// Marshal escapes <, > and &, so that no value can end the element. It is data to a browser, not a script, and needs no
	// exception in the policy. A base address in the build is the development server's, and the first one in a page wins.
	inject := fmt.Sprintf(`<base href="%s/"><script type="application/json" id="weft-config">%s</script>`, c.BasePath, config)
	page = baseTag.ReplaceAll(page, nil)
	at := headTag.FindIndex(page)[1]
	return &uiHost{files: files, page: bytes.Join([][]byte{page[:at], []byte(inject), page[at:]}, nil)}, nil
}

var (
	headTag = regexp.MustCompile(`(?i)<head[^>]*>`)
	baseTag = regexp.MustCompile(`(?i)<base[^>]*>`)
)

// serveUI answers every GET that is not an API's. A missing file under assets/ is a 404, because a page in its place would
// show up as a puzzling syntax error in the browser.
func (s *Server) serveUI(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.writeProblem(w, r, s.noSuchMethod(w, r))
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	switch {
	case name != "" && name != "index.html" && s.ui.serveFile(w, r, name):
	case strings.HasPrefix(name, "assets/"):
		s.writeProblem(w, r, noSuchRoute(w, r))
	default:
		s.ui.servePage(w)
	}
}

// pagePolicy allows nothing but the build's own files: no inline script or style, no other origin. blob: and data: images are
// the ones the page draws itself.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

func (u *uiHost) servePage(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", pagePolicy)
	w.Write(u.page)
}

// encodings are the precompressed forms a build may bring, best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// serveFile sends a file of the build, precompressed where the client takes it. It reports false when there is none.
func (u *uiHost) serveFile(w http.ResponseWriter, r *http.Request, name string) bool {
	if strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
		return false // these are forms of another file
	}
	plain, err := fs.ReadFile(u.files, name)
	if err != nil {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable") // the build puts a hash of the content into the name
	}
	body := plain
	for _, e := range encodings {
		if !accepts(r.Header.Get("Accept-Encoding"), e.name) {
			continue
		}
		if packed, err := fs.ReadFile(u.files, name+e.suffix); err == nil {
			body = packed
			h.Set("Content-Encoding", e.name)
			break
		}
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	return true
}

// contentType does not depend on the machine's own table, which may lack or mis-state the few types a build has.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// accepts reads an Accept-Encoding header (RFC 9110 §12.5.3): named, or by *, with a weight above 0.
func accepts(header, encoding string) bool {
	wildcard := false
	for item := range strings.SplitSeq(header, ",") {
		name, rest, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != encoding && name != "*" {
			continue
		}
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(rest), " ", ""), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // unreadable is 0: not accepted
		}
		if name == encoding {
			return weight > 0
		}
		wildcard = weight > 0
	}
	return wildcard
}
