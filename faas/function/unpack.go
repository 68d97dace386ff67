package function

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxDirectory bounds what opening a zip may read, and with it the memory that its table of contents takes.
const maxDirectory = 64 << 20

// Unpack unpacks a zip of size bytes into dir, which must not exist (fs.ErrExist if it does); its parent must. Names and links
// that lead out of dir, anything but files, folders and links, and more than MaxPackage bytes or MaxPackageFiles entries
// are refused by name.
//
// It happens in a folder beside dir, named dir.unpacking-*, which is renamed at the end: whatever kills the process, dir is
// whole or absent. Nothing is synced, so after a power cut a package has to be unpacked again.
func Unpack(zipped io.ReaderAt, size int64, dir string) error {
	return unpackWithin(zipped, size, dir, MaxPackage)
}

func unpackWithin(zipped io.ReaderAt, size int64, dir string, limit int64) (err error) {
	if size > limit {
		return fmt.Errorf("unpack: want a package of at most %s, got %d bytes", formatSize(limit), size)
	}
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("unpack into %s: %w", dir, fs.ErrExist)
	}
	source := &limitedReaderAt{source: zipped, limited: true, left: maxDirectory}
	archive, err := zip.NewReader(source, size)
	if err != nil {
		return fmt.Errorf("unpack: not a zip, or a broken one: %w", err)
	}
	source.limited = false
	if len(archive.File) > MaxPackageFiles {
		return fmt.Errorf("unpack: want at most %d entries, got %d", MaxPackageFiles, len(archive.File))
	}
	// All names are looked at before anything is written.
	for _, f := range archive.File {
		if err := checkEntry(f); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".unpacking-")
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("unpack: %w", errors.Join(err, os.RemoveAll(temporary)))
		}
	}()
	if err := unpackInto(archive, temporary, limit); err != nil {
		return err
	}
	return os.Rename(temporary, dir)
}

// checkEntry refuses what has no place in a package.
func checkEntry(f *zip.File) error {
	name := strings.TrimSuffix(f.Name, "/")
	switch {
	case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00"):
		return fmt.Errorf("%q: want a path inside the package, with slashes and without .. and empty parts", f.Name)
	case f.Flags&1 != 0:
		return fmt.Errorf("%q: want no encryption", f.Name)
	}
	switch f.Mode().Type() {
	case 0, fs.ModeDir, fs.ModeSymlink:
		return nil
	}
	return fmt.Errorf("%q: want a file, a folder or a link, got %s", f.Name, f.Mode())
}

func unpackInto(archive *zip.Reader, dir string, limit int64) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Chmod(".", 0o755); err != nil {
		return err
	}
	allowed := allowance{limit, limit}
	// Links come last, so that nothing is written through one.
	var links []*zip.File
	for _, f := range archive.File {
		if f.Mode().Type() == fs.ModeSymlink {
			links = append(links, f)
			continue
		}
		if err := unpackEntry(root, f, &allowed); err != nil {
			return fmt.Errorf("%q: %w", f.Name, err)
		}
	}
	var names []string
	for _, f := range links {
		if err := unpackLink(root, f); err != nil {
			return fmt.Errorf("%q: %w", f.Name, err)
		}
		names = append(names, f.Name)
	}
	if err := checkLinks(root, names); err != nil {
		return err
	}
	// Now that all files are in them, folders may lose the permission to write.
	for _, f := range archive.File {
		if f.Mode().IsDir() {
			if err := root.Chmod(strings.TrimSuffix(f.Name, "/"), permissions(f)|0o700); err != nil {
				return err
			}
		}
	}
	return nil
}

func unpackEntry(root *os.Root, f *zip.File, allowed *allowance) error {
	if f.Mode().IsDir() {
		return root.MkdirAll(strings.TrimSuffix(f.Name, "/"), 0o755)
	}
	if err := root.MkdirAll(path.Dir(f.Name), 0o755); err != nil {
		return err
	}
	// A name that comes twice is an error, not an overwritten file: unzippers differ in which one wins.
	out, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(content(out, f, allowed), out.Chmod(permissions(f)|0o400)); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}

func unpackLink(root *os.Root, f *zip.File) error {
	var target strings.Builder
	if err := content(&target, f, &allowance{maxLink, maxLink}); err != nil {
		return fmt.Errorf("target of the link: %w", err)
	}
	if err := checkTarget(f.Name, target.String()); err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(f.Name), 0o755); err != nil {
		return err
	}
	return root.Symlink(target.String(), f.Name)
}

// content copies what f holds, whatever its header says of the size.
func content(w io.Writer, f *zip.File, allowed *allowance) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return allowed.copy(w, r)
}

// permissions of an entry. A zip that was made where files have none, or by a program that sets none, may hold programs.
func permissions(f *zip.File) fs.FileMode {
	const unix, macOS = 3, 19
	made := f.CreatorVersion >> 8
	if perm := f.Mode().Perm(); perm != 0 && (made == unix || made == macOS) {
		return perm
	}
	return 0o755
}

// limitedReaderAt refuses to read more than left bytes while it is limited.
type limitedReaderAt struct {
	source  io.ReaderAt
	limited bool
	left    int64
}

func (l *limitedReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	if l.limited {
		if l.left -= int64(len(p)); l.left < 0 {
			return 0, fmt.Errorf("want a table of contents of at most %s, got a longer one", formatSize(maxDirectory))
		}
	}
	return l.source.ReadAt(p, offset)
}
