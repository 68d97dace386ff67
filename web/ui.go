package web

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
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
	page  []byte // index.html, or the placeholder
	// config is what the page learns about the server; the nonce of each answer is added to it.
	config uiConfig
}

// uiConfig is the JSON in the page's element #weft-config.
type uiConfig struct {
	Version      string `json:"version"`
	BasePath     string `json:"basePath"`
	AuthRequired bool   `json:"authRequired"`
	// StyleNonce is what the Content-Security-Policy of this very page lets inserted <style> elements carry.
	StyleNonce string `json:"styleNonce"`
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
	page = baseTag.ReplaceAll(page, nil) // the development server's; the first one in a page wins
	return &uiHost{files: files, page: page,
		config: uiConfig{Version: c.Version, BasePath: c.BasePath, AuthRequired: c.Tokens != nil}}, nil
}

var (
	headTag = regexp.MustCompile(`(?i)<head[^>]*>`)
	baseTag = regexp.MustCompile(`(?i)<base[^>]*>`)
)

// serveUI answers every GET that is not an API's. A missing file under assets/ is a 404, because a page in its place would
// show up as a puzzling syntax error in the browser.
func (s *Server) serveUI(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.writeProblem(w, r, noSuchMethod(w, r))
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

// servePage sends the page with the base address that its relative links need, its configuration, and a policy that allows
// no script but the build's own files. The configuration is data to a browser, not a script, so it needs no exception.
func (u *uiHost) servePage(w http.ResponseWriter) {
	config := u.config
	config.StyleNonce = newNonce()
	data, err := json.Marshal(config) // escapes <, > and &, so that no value can end the element
	if err != nil {
		panic(err) // strings and a bool always encode
	}
	inject := fmt.Sprintf(`<base href="%s/"><script type="application/json" id="weft-config">%s</script>`, config.BasePath, data)
	at := headTag.FindIndex(u.page)[1]
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+config.StyleNonce+"'; "+
		"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "+
		"base-uri 'self'; form-action 'self'; frame-ancestors 'none'")
	w.Write(bytes.Join([][]byte{u.page[:at], []byte(inject), u.page[at:]}, nil))
}

func newNonce() string {
	var raw [16]byte
	rand.Read(raw[:]) // never fails, by its documentation
	return base64.RawStdEncoding.EncodeToString(raw[:])
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
