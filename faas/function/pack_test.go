package function

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tree writes files into a new folder: name → content, "-> target" for a link, "/" for a folder; *name is a program.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		mode := fs.FileMode(0o644)
		if cut, ok := strings.CutPrefix(name, "*"); ok {
			name, mode = cut, 0o755
		}
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		target, isLink := strings.CutPrefix(content, "-> ")
		switch {
		case err != nil:
		case content == "/":
			err = os.MkdirAll(path, 0o755)
		case isLink:
			err = os.Symlink(target, path)
		default:
			if err = os.WriteFile(path, []byte(content), mode); err == nil {
				err = os.Chmod(path, mode) // whatever the umask is
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// listing describes a tree as sorted lines.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		content := ""
		switch {
		case info.Mode().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = " " + string(text)
		case !d.IsDir():
			content, err = os.Readlink(path)
			content = " -> " + content
		}
		fmt.Fprintf(&b, "%s %s%s\n", info.Mode(), name, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func pack(t *testing.T, path string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Pack(&b, path); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(t *testing.T, zipped []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "code")
	if err := Unpack(bytes.NewReader(zipped), int64(len(zipped)), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

var shop = map[string]string{
	"*bootstrap":                   "#!/bin/sh\n",
	"function.yaml":                "name: shop\n",
	".weftignore":                  "# comment\n*.log\nnode_modules/*/test\nsecret\n!secret/public.txt\n",
	"index.js":                     "exports.handler = 1",
	"lib/a.js":                     "a",
	"lib/function.yaml":            "kept below the root",
	"lib-b.js":                     "sorts between",
	"empty":                        "/",
	"debug.log":                    "ignored",
	"lib/kept.log":                 "kept",
	"node_modules/x/index.js":      "x",
	"node_modules/x/test/big.js":   "ignored",
	"node_modules/.bin/x":          "-> ../x/index.js",
	"secret/key":                   "ignored",
	"secret/public.txt":            "taken back in",
	".git/config":                  "ignored",
	"lib/.git":                     "ignored",
	"lib/__pycache__/a.cpython.so": "ignored",
	"dangling":                     "-> lib/not-there",
}

func TestPackAndUnpack(t *testing.T) {
	dir := tree(t, shop)
	if err := os.Chmod(filepath.Join(dir, "lib"), 0o550); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "lib", "a.js"), 0o640); err != nil {
		t.Fatal(err)
	}
	out := unpack(t, pack(t, dir))
	want := `-rwxr-xr-x bootstrap #!/bin/sh

Lrwxrwxrwx dangling -> lib/not-there
drwxr-xr-x empty
-rw-r--r-- index.js exports.handler = 1
drwxr-x--- lib
-rw-r----- lib/a.js a
-rw-r--r-- lib/function.yaml kept below the root
-rw-r--r-- lib/kept.log kept
-rw-r--r-- lib-b.js sorts between
drwxr-xr-x node_modules
drwxr-xr-x node_modules/.bin
Lrwxrwxrwx node_modules/.bin/x -> ../x/index.js
drwxr-xr-x node_modules/x
-rw-r--r-- node_modules/x/index.js x
drwxr-xr-x secret
-rw-r--r-- secret/public.txt taken back in
`
	if got := listing(t, out); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
}

func TestTheSameFilesMakeTheSamePackage(t *testing.T) {
	one, other := tree(t, shop), tree(t, shop)
	long := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	if err := os.Chtimes(filepath.Join(other, "index.js"), long, long); err != nil {
		t.Fatal(err)
	}
	first := pack(t, one)
	if !bytes.Equal(first, pack(t, other)) {
		t.Error("two folders with the same files make two packages")
	}
	if !bytes.Equal(first, pack(t, unpack(t, append([]byte{}, packAll(t, one)...)))) {
		t.Error("a package that was unpacked makes another package")
	}
	if err := os.Chmod(filepath.Join(other, "index.js"), 0o755); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, pack(t, other)) {
		t.Error("another permission makes the same package")
	}
}

// packAll packs a folder with its .weftignore, so that the unpacked one is packed by the same rules.
func packAll(t *testing.T, dir string) []byte {
	t.Helper()
	path := filepath.Join(dir, ignoreName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, "!.weftignore\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	zipped := pack(t, dir)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	// What comes out says of itself that it is packed; take that back.
	return rewrite(t, zipped, ignoreName, text)
}

// rewrite returns the zip with another content of one file.
func rewrite(t *testing.T, zipped []byte, name string, content []byte) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range archive.File {
		if f.Name != name {
			if err := w.Copy(f); err != nil {
				t.Fatal(err)
			}
			continue
		}
		header := f.FileHeader
		out, err := w.CreateHeader(&header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPackingASingleFile(t *testing.T) {
	dir := tree(t, map[string]string{"*bin/hello": "program", "index.js": "code", "bin/plain": "text"})
	check := func(m Manifest, want string) {
		t.Helper()
		var b bytes.Buffer
		if err := m.Pack(&b, dir); err != nil {
			t.Fatal(err)
		}
		if got := listing(t, unpack(t, b.Bytes())); got != want {
			t.Errorf("code %s: got %q, want %q", m.Code, got, want)
		}
	}
	check(parse(t, "{name: a, code: bin/hello}"), "-rwxr-xr-x bootstrap program\n")
	check(parse(t, "{name: a, code: bin/hello, command: [./hello]}"), "-rwxr-xr-x hello program\n")
	check(parse(t, "{name: a, code: index.js, runtime: nodejs, handler: index.handler}"), "-rw-r--r-- index.js code\n")
	if got := listing(t, unpack(t, pack(t, filepath.Join(dir, "index.js")))); got != "-rw-r--r-- index.js code\n" {
		t.Errorf("a file without a manifest: %q", got)
	}

	bad := func(m Manifest, want string) {
		t.Helper()
		err := m.Pack(&bytes.Buffer{}, dir)
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	bad(parse(t, "{name: a, code: nowhere}"), "pack: code: stat DIR/nowhere: no such file or directory")
	bad(parse(t, "{name: a, code: bin}"), "pack: there is no command, so the code has to hold the program bootstrap: stat DIR/bin/bootstrap: no such file or directory")
	if err := os.Rename(filepath.Join(dir, "bin/plain"), filepath.Join(dir, "bin/bootstrap")); err != nil {
		t.Fatal(err)
	}
	bad(parse(t, "{name: a, code: bin}"), "pack: DIR/bin/bootstrap: want a program, got a file that cannot be executed (mode -rw-r--r--)")
}

func TestPackRefuses(t *testing.T) {
	bad := func(dir, want string) {
		t.Helper()
		err := Pack(&bytes.Buffer{}, dir)
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	bad(tree(t, map[string]string{"a/passwd": "-> /etc/passwd"}), `pack DIR: link "a/passwd": want a target inside the package, got "/etc/passwd"`)
	bad(tree(t, map[string]string{"a/up": "-> ../../x"}), `pack DIR: link "a/up": want a target inside the package, got "../../x"`)
	bad(tree(t, map[string]string{"d": "-> .", "up": "-> d/../.."}), `pack DIR: link "up": want a target inside the package, got "d/../.."`)
	bad(tree(t, map[string]string{"d": "-> .", "up": "-> d/../x"}),
		`pack DIR: link "up" to "d/../x": want a target inside the package: statat up: path escapes from parent`)
	bad(tree(t, map[string]string{`a\b`: "x"}), `pack DIR: "a\\b": want a name without a backslash`)
	bad(tree(t, map[string]string{ignoreName: "[\n"}), `pack DIR: .weftignore: syntax error in pattern`)

	dir := tree(t, nil)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad(dir, "pack DIR: pipe: want a file, a folder or a link, got prw-------; .weftignore can leave it out")

	dir = tree(t, map[string]string{"big": ""})
	if err := os.Truncate(filepath.Join(dir, "big"), 5<<20+1); err != nil {
		t.Fatal(err)
	}
	if err := packWithin(&bytes.Buffer{}, dir, 5<<20+1); err != nil {
		t.Errorf("a package of just the bound: %v", err)
	}
	err := packWithin(&bytes.Buffer{}, dir, 5<<20)
	if want := "pack " + dir + ": big: want at most 5MiB in all, got more"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
