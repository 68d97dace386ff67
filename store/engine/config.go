package engine

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"text/template"
)

var (
	//go:embed config.xml.tmpl
	configText string
	//go:embed users.xml.tmpl
	usersText string
)

// layout names what lies in the engine's folder, <data>/clickhouse.
type layout struct {
	root   string // mode 0700
	data   string // the engine's own files
	config string
	users  string
	log    string // rotated by the engine: three files of 10 MB at most
	crash  string // the last words of the last child that died, overwritten each time
}

func newLayout(dataDir string) (layout, error) {
	root, err := filepath.Abs(filepath.Join(dataDir, "clickhouse"))
	if err != nil {
		return layout{}, fmt.Errorf("data folder: %w", err)
	}
	l := layout{
		root:   root,
		data:   filepath.Join(root, "data"),
		config: filepath.Join(root, "config.xml"),
		users:  filepath.Join(root, "users.xml"),
		log:    filepath.Join(root, "engine.log"),
		crash:  filepath.Join(root, "last-crash.txt"),
	}
	if err := os.MkdirAll(l.data, 0o700); err != nil {
		return layout{}, fmt.Errorf("data folder: %w", err)
	}
	return l, nil
}

// writeConfig writes the two files that the engine reads at start. The password itself is on no disk: users.xml has its
// SHA-256, which is enough for 256 random bits.
func (l layout) writeConfig(password string, memoryLimit int64) error {
	hash := sha256.Sum256([]byte(password))
	// Caches count towards the limit, and the engine does not shrink them for a query: all of them together get at most
	// a third of it.
	cache := int64(128 << 20)
	if memoryLimit != 0 {
		cache = min(cache, memoryLimit/12)
	}
	values := map[string]any{
		"Users": l.users, "Log": l.log, "MemoryLimit": memoryLimit, "Cache": cache, "HalfCache": cache / 2,
		"MergeThreads": max(2, min(runtime.NumCPU(), 16)), "PasswordSHA256": hex.EncodeToString(hash[:]),
	}
	for path, text := range map[string]string{l.config: configText, l.users: usersText} {
		t, err := template.New(filepath.Base(path)).Funcs(template.FuncMap{"xml": escapeXML}).Parse(text)
		if err != nil {
			return fmt.Errorf("engine config: %w", err)
		}
		var out bytes.Buffer
		if err := t.Execute(&out, values); err != nil {
			return fmt.Errorf("engine config: %w", err)
		}
		// Removed first: writing over a file keeps the mode that somebody may have loosened.
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("engine config: %w", err)
		}
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			return fmt.Errorf("engine config: %w", err)
		}
	}
	return nil
}

func escapeXML(s string) (string, error) {
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}

// newPassword returns 256 random bits as hex digits, which a DSN carries unescaped.
func newPassword() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}

// Ports are taken from below the ranges that kernels give to outgoing connections (32768 and up on Linux, 49152 on
// macOS): a port must still be free when a child that died comes back to it.
const (
	firstPort = 20000
	lastPort  = 32000
)

// freePorts returns two free loopback ports for TCP and HTTP. Somebody may still take one before the engine does: Start
// then tries others.
func freePorts() (tcp, http int, err error) {
	span := big.NewInt(lastPort - firstPort)
	var found []int
	for range 1000 {
		n, err := rand.Int(rand.Reader, span)
		if err != nil {
			return 0, 0, fmt.Errorf("choose a port: %w", err)
		}
		port := firstPort + int(n.Int64())
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer l.Close() // held until both are known, so that they differ
		if found = append(found, port); len(found) == 2 {
			return found[0], found[1], nil
		}
	}
	return 0, 0, fmt.Errorf("no two free ports between %d and %d on 127.0.0.1", firstPort, lastPort)
}
