package function

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxLink bounds a link's target, in bytes: PATH_MAX of Linux.
const maxLink = 4096

// checkTarget refuses a link whose target is above its tree by its text alone.
func checkTarget(name, target string) error {
	switch {
	case target == "" || len(target) > maxLink || strings.ContainsRune(target, 0):
		return fmt.Errorf("link %q: want a target of 1 to %d bytes without a zero byte, got %.80q", name, maxLink, target)
	case path.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), target)):
		return fmt.Errorf("link %q: want a target inside the package, got %q", name, target)
	}
	return nil
}

// checkLinks refuses links that lead out of root. The text of a target is not enough: with d a link to ".", d/../x is above
// the tree. So the system follows them, inside root. A link to nothing is harmless.
func checkLinks(root *os.Root, names []string) error {
	for _, name := range names {
		info, err := root.Lstat(name)
		if err != nil {
			return err
		}
		if info.Mode().Type() != fs.ModeSymlink {
			continue
		}
		target, err := root.Readlink(name)
		if err != nil {
			return err
		}
		if err := checkTarget(name, filepath.ToSlash(target)); err != nil {
			return err
		}
		if _, err := root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("link %q to %q: want a target inside the package: %w", name, target, err)
		}
	}
	return nil
}
