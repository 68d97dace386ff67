package webapp_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"weft/faas/contract/contracttest"
	"weft/faas/fc"
	"weft/faas/function"
	"weft/faas/webapp"
)

// TestMain lets the test's own binary play the programs whose behaviour no ordinary app has.
func TestMain(m *testing.M) {
	if name := os.Getenv("WEBAPP_TEST_PROGRAM"); name != "" {
		programs[name]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func newInstance(t *testing.T, server function.Server) *webapp.Instance {
	t.Helper()
	hook := function.Hook{Enabled: true, Timeout: 10 * time.Second}
	i, err := webapp.New(fc.Identity{Instance: "c-1", Region: "cn-hangzhou", Function: &function.Function{
		Name: "demo", Version: "1", Contract: function.HTTP, Memory: 512 << 20, Timeout: time.Minute, Concurrency: 10,
		Server: server, Initializer: hook, PreFreeze: hook, PreStop: hook,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func start(t *testing.T, name string, server function.Server) (*webapp.Instance, *contracttest.Program) {
	t.Helper()
	i := newInstance(t, server)
	return i, contracttest.Start(t, i, ".", []string{"WEBAPP_TEST_PROGRAM=" + name}, os.Args[0])
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		panic(err)
	}
	return l
}

func serve(handler http.HandlerFunc) { panic(http.Serve(listen(), handler)) }

// raw answers each connection's first request with what answer writes, and closes it.
func raw(answer func(conn net.Conn)) {
	l := listen()
	for {
		conn, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer conn.Close()
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				answer(conn)
			}
		}()
	}
}

var programs = map[string]func(){
	"never-listens": func() { time.Sleep(time.Hour) },
	"exits":         func() { os.Exit(3) },
	"never-answers": func() { raw(func(net.Conn) { time.Sleep(time.Hour) }) },
	"no-http":       func() { raw(func(c net.Conn) { fmt.Fprint(c, "220 mail.example ESMTP\r\n") }) },
	"hangs-up":      func() { raw(func(net.Conn) {}) },
	"closes-mid-stream": func() {
		raw(func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789") })
	},
	"answers-and-exits": func() {
		raw(func(c net.Conn) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast")
			os.Exit(0)
		})
	},
	"exits-inside": func() {
		serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/exit" {
				os.Exit(5)
			}
			time.Sleep(time.Hour)
		})
	},
	// serves one request on each connection and drops the connection when a second comes, after counting it.
	"drops-second": func() {
		var requests atomic.Int64
		l := listen()
		for {
			conn, err := l.Accept()
			if err != nil {
				panic(err)
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for n := range 2 {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					total := strconv.FormatInt(requests.Add(1), 10)
					if n == 0 || r.URL.Path == "/count" {
						fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(total), total)
					}
				}
			}()
		}
	},
	"stops-listening": func() {
		l := listen()
		_ = http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { l.Close() }))
		time.Sleep(time.Hour)
	},
	"slow-to-be-healthy": func() {
		begin := time.Now()
		serve(func(w http.ResponseWriter, r *http.Request) {
			if time.Since(begin) < 300*time.Millisecond {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
	},
	"falls-ill": func() {
		var ill atomic.Bool
		serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ill" {
				ill.Store(r.Method == http.MethodPost)
			} else if ill.Load() {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
	},
	"web":   func() { serve(web) },
	"event": func() { serve(event) },
}

// web shows what a proxy has to leave alone.
func web(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/echo": // answers while it reads
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			panic(err)
		}
		w.WriteHeader(http.StatusOK)
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		buffer := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(buffer)
			if _, werr := w.Write(buffer[:n]); werr != nil || err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
		}
	case "/swallow":
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, n, err)
	case "/pour":
		n, err := strconv.ParseInt(r.URL.Query().Get("bytes"), 10, 64)
		if err != nil {
			panic(err)
		}
		_, _ = io.Copy(w, io.LimitReader(zeros{}, n)) // until the caller has enough
	case "/trailers":
		body, err := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprintf(w, "%s %v %v", body, err, r.Trailer)
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "43")
	case "/hints":
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		fmt.Fprint(w, "page")
	case "/reject": // without reading
		w.WriteHeader(http.StatusExpectationFailed)
	case "/wait":
		fmt.Println("waiting")
		<-r.Context().Done()
		fmt.Println("canceled")
	case "/marked":
		w.Header().Set("x-fc-status", "404")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "sorry")
	default:
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Set("X-End", "1")
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"uri": r.RequestURI, "host": r.Host, "header": r.Header, "method": r.Method,
			"length": r.ContentLength, "encoding": r.TransferEncoding})
	}
}

// event is a custom runtime for events.
func event(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	if path := r.Header.Get("x-fc-control-path"); path != r.URL.Path {
		panic("control path " + path)
	}
	fmt.Println(r.Method, r.URL.Path, r.Header.Get("x-fc-function-type"))
	switch {
	case r.Method+r.URL.Path == "POST/initialize", r.Method+r.URL.Path == "GET/pre-freeze":
	case r.URL.Path != "/invoke":
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errorMessage":"no such hook","errorType":"HookError"}`)
	case string(body) == "fail":
		w.Header().Set("x-fc-status", "404")
		fmt.Fprint(w, `{"errorMessage":"no stock","errorType":"StockError","stackTrace":["at shop.go:7"]}`)
	case string(body) == "large":
		_, _ = io.Copy(w, io.LimitReader(zeros{}, 33<<20))
	default:
		w.Header().Set("Content-Type", "text/x-event")
		fmt.Fprintf(w, "%s %s %s", r.Header.Get("Content-Type"), r.Header.Get("Traceparent"), body)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
