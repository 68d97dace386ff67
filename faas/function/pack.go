package function

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Bounds of a package. 500 MB is what Function Compute takes; Lambda takes half.
const (
	// MaxPackage bounds the zip, and what is in it, in bytes.
	MaxPackage int64 = 500 << 20
	// MaxPackageFiles bounds files, folders and links together.
	MaxPackageFiles = 100000
)

// ignoreName is the file that says what is not packed.
const ignoreName = ".weftignore"

// bootstrapName is the program of a package that names no command.
const bootstrapName = "bootstrap"

// alwaysIgnored is what nobody deploys, unless .weftignore takes it back in. The manifest is left out because its change must not
// make another package; compiled Python because it names the time of its source, and times are not kept.
var alwaysIgnored = []string{ManifestName, ignoreName, "**/.git", "**/.hg", "**/.svn", "**/__pycache__", "**/.DS_Store"}

// packTime is the time of every file in a package, the first that a zip can hold.
var packTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Pack writes the package of the manifest's code as a zip; dir is the manifest's folder.
func (m *Manifest) Pack(w io.Writer, dir string) error {
	path := filepath.Join(dir, m.Code)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("pack: code: %w", err)
	}
	own := m.Language == Provided && len(m.Command) == 0
	switch {
	case info.Mode().IsRegular() && own:
		return packFile(w, path, bootstrapName)
	case info.Mode().IsRegular():
		return packFile(w, path, filepath.Base(path))
	case own:
		file := filepath.Join(path, bootstrapName)
		if info, err := os.Stat(file); err != nil {
			return fmt.Errorf("pack: there is no command, so the code has to hold the program %s: %w", bootstrapName, err)
		} else if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
			return fmt.Errorf("pack: %s: want a program, got a file that cannot be executed (mode %s)", file, info.Mode())
		}
	}
	return Pack(w, path)
}

// Pack writes dir, or the single file at that path, as a zip: sorted, with fixed times, so that the same files make the same
// bytes. Permissions are kept. docs/functions.md says what is left out.
func Pack(w io.Writer, path string) error { return packWithin(w, path, MaxPackage) }

func packWithin(w io.Writer, path string, limit int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	if info.Mode().IsRegular() {
		return packFile(w, path, filepath.Base(path))
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	defer root.Close()
	names, err := packedNames(root)
	if err != nil {
		return fmt.Errorf("pack %s: %w", path, err)
	}
	if err := checkLinks(root, names); err != nil {
		return fmt.Errorf("pack %s: %w", path, err)
	}
	p := packer{zip: zip.NewWriter(w), allowed: allowance{limit, limit}}
	for _, name := range names {
		if err := p.add(root, name, name); err != nil {
			return fmt.Errorf("pack %s: %s: %w", path, name, err)
		}
	}
	return p.close()
}

// packFile packs one file under a name.
func packFile(w io.Writer, path, name string) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	defer root.Close()
	p := packer{zip: zip.NewWriter(w), allowed: allowance{MaxPackage, MaxPackage}}
	if err := p.add(root, filepath.Base(path), name); err != nil {
		return fmt.Errorf("pack %s: %w", path, err)
	}
	return p.close()
}

// packedNames are the paths of all that is packed, sorted, with slashes.
func packedNames(root *os.Root) ([]string, error) {
	ignored, err := ignoredIn(root)
	if err != nil {
		return nil, err
	}
	var names []string
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		skip, err := ignored.MatchesOrParentMatches(name)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", ignoreName, name, err)
		}
		switch {
		case skip && d.IsDir() && !ignored.Exclusions():
			return fs.SkipDir
		case skip:
			return nil
		case strings.ContainsAny(name, "\\\x00"):
			return fmt.Errorf("%q: want a name without a backslash", name) // it is a separator to other unzippers
		}
		if names = append(names, name); len(names) > MaxPackageFiles {
			return fmt.Errorf("want at most %d files, got more; %s can leave some out", MaxPackageFiles, ignoreName)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

func ignoredIn(root *os.Root) (*patternmatcher.PatternMatcher, error) {
	patterns := slices.Clone(alwaysIgnored)
	f, err := root.Open(ignoreName)
	if err == nil {
		defer f.Close()
		more, err := ignorefile.ReadAll(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ignoreName, err)
		}
		patterns = append(patterns, more...)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ignoreName, err)
	}
	return ignored, nil
}

// allowance is how many bytes a package may still have.
type allowance struct{ limit, left int64 }

func (a *allowance) copy(w io.Writer, r io.Reader) error {
	n, err := io.Copy(w, io.LimitReader(r, a.left+1))
	if a.left -= n; a.left < 0 {
		return fmt.Errorf("want at most %s in all, got more", formatSize(a.limit))
	}
	return err
}

type packer struct {
	zip     *zip.Writer
	allowed allowance
}

// add packs one file, folder or link of root under name.
func (p *packer) add(root *os.Root, path, name string) error {
	info, err := root.Lstat(path)
	if err != nil {
		return err
	}
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packTime}
	header.SetMode(info.Mode().Type() | info.Mode().Perm())
	var content io.Reader = strings.NewReader("")
	switch {
	case info.Mode().IsRegular():
		f, err := root.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		content = f
	case info.IsDir():
		header.Name += "/"
		header.Method = zip.Store
	case info.Mode().Type() == fs.ModeSymlink:
		target, err := root.Readlink(path)
		if err != nil {
			return err
		}
		header.SetMode(fs.ModeSymlink | 0o777)
		content = strings.NewReader(filepath.ToSlash(target))
	default:
		return fmt.Errorf("want a file, a folder or a link, got %s; %s can leave it out", info.Mode(), ignoreName)
	}
	w, err := p.zip.CreateHeader(header)
	if err != nil {
		return err
	}
	return p.allowed.copy(w, content)
}

func (p *packer) close() error {
	if err := p.zip.Close(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}
