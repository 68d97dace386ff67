package web

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var builtUI = fstest.MapFS{
	"index.html":             {Data: []byte("<!doctype html><HTML><head lang=x><meta charset=utf-8><base href=\"/\"></head><body></body></html>")},
	"assets/app-abc.js":      {Data: []byte("plain")},
	"assets/app-abc.js.br":   {Data: []byte("brotli")},
	"assets/app-abc.js.gz":   {Data: []byte("gzip")},
	"assets/style-abc.css":   {Data: []byte("body{}")},
	"assets/icon-abc.svg":    {Data: []byte("<svg/>")},
	"boot.js":                {Data: []byte("boot")},
	"locales/zh-CN.json":     {Data: []byte("{}")},
	"assets/font-abc.woff2":  {Data: []byte("f")},
	"assets/odd-abc.unknown": {Data: []byte("?")},
}

func TestUIFiles(t *testing.T) {
	srv := testServer(t, &fakeStore{}, func(c *Config) { c.UI = builtUI })
	check := func(path, accept, body, encoding, typ, cache string) {
		t.Helper()
		got := get(t, srv.URL+path, "Accept-Encoding: "+accept)
		h := got.header
		if got.status != 200 || got.body != body || h.Get("Content-Encoding") != encoding || h.Get("Content-Type") != typ || h.Get("Cache-Control") != cache {
			t.Errorf("%s, %s: got %d %q %q %q %q", path, accept, got.status, got.body, h.Get("Content-Encoding"), h.Get("Content-Type"), h.Get("Cache-Control"))
		}
	}
	const forever, js = "public, max-age=31536000, immutable", "text/javascript; charset=utf-8"
	check("/assets/app-abc.js", "gzip, br", "brotli", "br", js, forever)
	check("/assets/app-abc.js", "gzip", "gzip", "gzip", js, forever)
	check("/assets/app-abc.js", "br;q=0, gzip;q=0.5", "gzip", "gzip", js, forever)
	check("/assets/app-abc.js", "identity", "plain", "", js, forever)
	check("/assets/style-abc.css", "br", "body{}", "", "text/css; charset=utf-8", forever)
	check("/assets/icon-abc.svg", "br", "<svg/>", "", "image/svg+xml", forever)
	check("/assets/font-abc.woff2", "br", "f", "", "font/woff2", forever)
	check("/assets/odd-abc.unknown", "br", "?", "", "application/octet-stream", forever)
	check("/boot.js", "br", "boot", "", js, "no-cache")
	check("/locales/zh-CN.json", "br", "{}", "", "application/json", "no-cache")
	if got := get(t, srv.URL+"/assets/app-abc.js.br"); got.status != 404 {
		t.Errorf("a packed form is no file of its own: got %d", got.status)
	}
	if got := get(t, srv.URL+"/assets/../assets/nothing.js"); got.status != 404 {
		t.Errorf("missing asset: got %d", got.status)
	}
}

func TestUIPage(t *testing.T) {
	srv := testServer(t, &fakeStore{}, func(c *Config) {
		c.UI, c.BasePath, c.Version = builtUI, "/obs", "1</script><script>alert(1)</script>"
	})
	for _, path := range []string{"/obs/", "/obs/search?service=a", "/obs/trace/abc", "/obs/index.html", "/obs/locales"} {
		got := get(t, srv.URL+path)
		if got.status != 200 || got.header.Get("Content-Type") != "text/html; charset=utf-8" || got.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: got %d %v", path, got.status, got.header)
		}
		if strings.Count(got.body, "<base") != 1 || !strings.Contains(got.body, `<head lang=x><base href="/obs/">`) {
			t.Errorf("%s: base address: %s", path, got.body)
		}
		if strings.Count(got.body, "<script") != 1 {
			t.Errorf("%s: the configuration broke out of its element: %s", path, got.body)
		}
		m := regexp.MustCompile(`<script type="application/json" id="weft-config">(.*?)</script>`).FindStringSubmatch(got.body)
		var c uiConfig
		if m == nil || json.Unmarshal([]byte(m[1]), &c) != nil || c.BasePath != "/obs" || !strings.HasPrefix(c.Version, "1</script>") {
			t.Fatalf("%s: configuration %v in %s", path, c, got.body)
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %s", path, policy)
		}
	}
}

func TestUIPlaceholder(t *testing.T) {
	srv := testServer(t, &fakeStore{}, func(c *Config) {
		c.UI = fstest.MapFS{"placeholder.html": {Data: []byte("<head></head>make ui")}}
	})
	if got := get(t, srv.URL+"/"); got.status != 200 || !strings.Contains(got.body, "make ui") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if _, err := New(Config{Store: &fakeStore{}, UI: fstest.MapFS{}}); err == nil || !strings.Contains(err.Error(), "placeholder.html") {
		t.Errorf("a build without any page: got %v", err)
	}
	if placeholder, err := embedded.ReadFile("ui/dist/placeholder.html"); err != nil || !headTag.Match(placeholder) {
		t.Errorf("the committed placeholder: %v", err)
	}
}

func TestAccepts(t *testing.T) {
	check := func(header, encoding string, want bool) {
		t.Helper()
		if got := accepts(header, encoding); got != want {
			t.Errorf("accepts(%q, %s): got %v", header, encoding, got)
		}
	}
	check("", "br", false)
	check("gzip, br", "br", true)
	check("GZIP;q=1.0", "gzip", true)
	check("br; q=0", "br", false)
	check("*", "br", true)
	check("*, br;q=0", "br", false)
	check("*;q=0", "br", false)
	check("br;q=x", "br", false)
	check("brotli", "br", false)
}
