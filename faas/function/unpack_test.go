package function

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

type entry struct {
	name, content string
	mode          fs.FileMode
	flags         uint16
}

// zipOf makes a zip by any program's rules.
func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if strings.HasSuffix(e.name, "/") {
			h.Method = zip.Store
		}
		h.SetMode(e.mode)
		var out io.Writer
		var err error
		if h.Flags = e.flags; e.flags != 0 {
			h.Method, h.CRC32 = zip.Store, crc32.ChecksumIEEE([]byte(e.content))
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(e.content)), uint64(len(e.content))
			out, err = w.CreateRaw(h)
		} else {
			out, err = w.CreateHeader(h)
		}
		if err == nil && e.content != "" && !strings.HasSuffix(e.name, "/") {
			_, err = io.WriteString(out, e.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// refused checks that nothing is left behind, not beside dir either.
func refused(t *testing.T, zipped []byte, want string) {
	t.Helper()
	refusedWithin(t, zipped, MaxPackage, want)
}

func refusedWithin(t *testing.T, zipped []byte, limit int64, want string) {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "in", "code")
	if err := os.Mkdir(filepath.Join(parent, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := unpackWithin(bytes.NewReader(zipped), int64(len(zipped)), dir, limit)
	if err == nil || !strings.HasPrefix(err.Error(), "unpack: "+want) {
		t.Errorf("got %v, want unpack: %s", err, want)
	}
	if got := listing(t, parent); got != "drwxr-xr-x in\n" {
		t.Errorf("%s: left behind is\n%s", want, got)
	}
}

func TestUnpackRefuses(t *testing.T) {
	link := func(name, target string) entry {
		return entry{name: name, content: target, mode: fs.ModeSymlink | 0o777}
	}
	file := func(name string) entry { return entry{name: name, content: "x", mode: 0o644} }
	for _, name := range []string{"../x", "a/../../x", "a/../b", "/etc/x", "a//b", "./a", "a/.", `..\x`, `C:\x`, "a\x00b", "", "..", ".", "a/..", "/", "\xff"} {
		refused(t, zipOf(t, file("ok"), file(name)), fmt.Sprintf("%q: want a path inside the package", name))
	}
	refused(t, zipOf(t, link("l", "/etc")), `"l": link "l": want a target inside the package, got "/etc"`)
	refused(t, zipOf(t, link("a/l", "../../x")), `"a/l": link "a/l": want a target inside the package, got "../../x"`)
	refused(t, zipOf(t, link("l", "")), `"l": link "l": want a target of 1 to 4096 bytes`)
	refused(t, zipOf(t, link("l", strings.Repeat("a", 5000))), `"l": target of the link: want at most 4KiB`)
	refused(t, zipOf(t, link("d", "."), link("l", "d/../x")), `link "l" to "d/../x": want a target inside the package`)
	refused(t, zipOf(t, link("a", "b"), link("b", "a")), `link "a" to "b": want a target inside the package`)
	// Through a link that comes first: the file takes its place, the link finds it taken.
	refused(t, zipOf(t, entry{name: "out/", mode: fs.ModeDir | 0o755}, link("l", "out"), file("l/x")), `"l": symlinkat out l: file exists`)
	refused(t, zipOf(t, file("a"), file("a")), `"a": openat a`)
	refused(t, zipOf(t, file("a"), file("a/b")), `"a/b": `)
	refused(t, zipOf(t, entry{name: "dev", mode: fs.ModeDevice | 0o644}), `"dev": want a file, a folder or a link, got D`)
	refused(t, zipOf(t, entry{name: "pipe", mode: fs.ModeNamedPipe | 0o644}), `"pipe": want a file, a folder or a link, got p`)
	refused(t, zipOf(t, entry{name: "locked", content: "x", mode: 0o644, flags: 1}), `"locked": want no encryption`)
	refused(t, []byte("not a zip"), "not a zip, or a broken one")
	refused(t, nil, "not a zip, or a broken one")
	whole := zipOf(t, file("a"), file("b"))
	refused(t, whole[:len(whole)-30], "not a zip, or a broken one")
	damaged := bytes.Replace(zipOf(t, entry{name: "a", content: "hello", mode: 0o644, flags: 8}), []byte("hello"), []byte("hullo"), 1)
	refused(t, damaged, `"a": zip: checksum error`)
}

// A bomb's headers claim little; what counts is what comes out.
func TestUnpackRefusesBombs(t *testing.T) {
	var compressed bytes.Buffer
	w := zip.NewWriter(&compressed)
	for i := range 3 {
		out, err := w.Create(strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 1<<20)
		for range 2 {
			if _, err := out.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	refusedWithin(t, compressed.Bytes(), 5<<20, `"2": want at most 5MiB in all, got more`)

	var many bytes.Buffer
	w = zip.NewWriter(&many)
	for i := range MaxPackageFiles + 1 {
		if _, err := w.CreateHeader(&zip.FileHeader{Name: strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, many.Bytes(), "want at most 100000 entries, got 100001")

	// A table of contents that would take gigabytes of memory: entries without content, names of 60 kB.
	var wide bytes.Buffer
	w = zip.NewWriter(&wide)
	for i := range 1200 {
		if _, err := w.CreateHeader(&zip.FileHeader{Name: strings.Repeat("x", 60000) + strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, wide.Bytes(), "not a zip, or a broken one: want a table of contents of at most 64MiB, got a longer one")

	err := Unpack(bytes.NewReader(nil), MaxPackage+1, filepath.Join(t.TempDir(), "code"))
	if err == nil || err.Error() != "unpack: want a package of at most 500MiB, got 524288001 bytes" {
		t.Errorf("a package that is too large: %v", err)
	}
}

func TestUnpackSetsPermissions(t *testing.T) {
	zipped := zipOf(t, entry{name: "setuid", content: "x", mode: fs.ModeSetuid | 0o755}, entry{name: "none", content: "x", mode: 0},
		entry{name: "secret", content: "x", mode: 0o200}, entry{name: "closed/", mode: fs.ModeDir | 0o500}, entry{name: "closed/a", content: "x", mode: 0o444})
	want := "drwx------ closed\n-r--r--r-- closed/a x\n-rwxr-xr-x none x\n-rw------- secret x\n-rwxr-xr-x setuid x\n"
	if got := listing(t, unpack(t, zipped)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A zip from where files have no permissions.
	windows := zipOf(t, entry{name: "bootstrap", content: "x", mode: 0o644})
	i := bytes.Index(windows, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint16(windows[i+4:], 20)
	if got := listing(t, unpack(t, windows)); got != "-rwxr-xr-x bootstrap x\n" {
		t.Errorf("from Windows: got %s", got)
	}
}

func TestUnpackDoesNotOverwrite(t *testing.T) {
	zipped := zipOf(t, entry{name: "a", content: "new", mode: 0o644})
	dir := tree(t, map[string]string{"a": "old"})
	if err := Unpack(bytes.NewReader(zipped), int64(len(zipped)), dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("into a folder that exists: %v", err)
	}
	if got := listing(t, dir); got != "-rw-r--r-- a old\n" {
		t.Errorf("it holds %s", got)
	}
}

// childEnv makes the test binary unpack the zip that it names, and stop half way.
const childEnv = "WEFT_FUNCTION_TEST_UNPACK"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		err := unpackHalf(path, os.Args[1])
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// stopsAt never returns from a read that begins between from and to.
type stopsAt struct {
	io.ReaderAt
	from, to int64
}

func (s stopsAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= s.from && offset < s.to {
		fmt.Println("half")
		_, err := io.Copy(io.Discard, os.Stdin) // until the test is gone
		return 0, err
	}
	return s.ReaderAt.ReadAt(p, offset)
}

func unpackHalf(path, dir string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return Unpack(stopsAt{f, info.Size() / 2, info.Size()/2 + 1<<20}, info.Size(), dir)
}

func TestKilledWhileUnpacking(t *testing.T) {
	noise := make([]byte, 1<<20)
	parent := t.TempDir()
	path, dir := filepath.Join(parent, "package.zip"), filepath.Join(parent, "code")
	// Stored, not compressed, so that the middle of the zip is the middle of the files.
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 16 {
		out, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("file-%02d", i), Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(noise); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err := errors.Join(err, cmd.Process.Kill()); err != nil || line != "half\n" {
		t.Fatalf("it did not come half way: %q, %v", line, err)
	}
	cmd.Wait()
	halves, err := filepath.Glob(dir + ".unpacking-*/*")
	if err != nil || len(halves) == 0 || len(halves) == 16 {
		t.Fatalf("it was not killed half way: %d files, %v", len(halves), err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a package is there: %v", err)
	}
	if err := Unpack(bytes.NewReader(b.Bytes()), int64(b.Len()), dir); err != nil {
		t.Fatal(err)
	}
	if names, err := filepath.Glob(dir + "/*"); err != nil || len(names) != 16 {
		t.Errorf("unpacked again: %d files, %v", len(names), err)
	}
}

func FuzzUnpack(f *testing.F) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"a", "b/", "b/c"} {
		if _, err := w.Create(name); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, zipped []byte) {
		parent := t.TempDir()
		if err := os.Mkdir(filepath.Join(parent, "in"), 0o755); err != nil {
			t.Fatal(err)
		}
		err := Unpack(bytes.NewReader(zipped), int64(len(zipped)), filepath.Join(parent, "in", "code"))
		beside, globErr := filepath.Glob(filepath.Join(parent, "*"))
		inside, _ := filepath.Glob(filepath.Join(parent, "in", "*"))
		if globErr != nil || len(beside) != 1 || (err == nil) != (len(inside) == 1) {
			t.Errorf("error %v; in the folder above: %v; in the folder: %v", err, beside, inside)
		}
	})
}
