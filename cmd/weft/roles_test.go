package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A collector by itself forwards what is read at the Zipkin port to the web role, where it stands under /zipkin.
func TestZipkinReads(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
	}))
	read := func(target, path string) (int, string) {
		t.Helper()
		h, err := (&config{web: target}).zipkinReads()
		if err != nil {
			t.Fatal(err)
		}
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer x")
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for path, want := range map[string]string{
		"/api/v2/spans?serviceName=a%2Fb": "/weft/zipkin/api/v2/spans?serviceName=a%2Fb Bearer x",
		"/zipkin/api/v2/trace/ab%2Fc":     "/weft/zipkin/api/v2/trace/ab%2Fc Bearer x",
		"/health":                         "/weft/zipkin/health Bearer x",
		"/zipkinesque":                    "/weft/zipkin/zipkinesque Bearer x",
	} {
		if code, got := read(web.URL+"/weft", path); code != http.StatusOK || got != want {
			t.Errorf("%s: got %d %s, want %s", path, code, got, want)
		}
	}
	web.Close()
	if code, got := read(web.URL, "/health"); code != http.StatusBadGateway || !strings.HasPrefix(got, "the web role at "+web.URL+" does not answer: ") {
		t.Errorf("a web role that is away: got %d %s", code, got)
	}
	if h, err := new(config).zipkinReads(); h != nil || err != nil {
		t.Errorf("without --web: got %v, %v", h, err)
	}
	for _, bad := range []string{"localhost:16686", "ftp://a", "http://", "%"} {
		if _, err := (&config{web: bad}).zipkinReads(); err == nil || err.Error() != "--web: want http://host:port or https://host, got \""+bad+"\"" {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}
