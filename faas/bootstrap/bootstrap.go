// Package bootstrap holds what runs inside a function's process before its code does: small bootstraps that load handlers of
// Node and Python, and the hooks that time what is loaded. They are files in this package, written to a folder once.
package bootstrap

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"weft/faas/function"
)

//go:embed all:files
var files embed.FS

// Set is the folder that they were written to.
type Set struct {
	dir string
}

// Install writes the files below dir, into a folder named by what is in them, unless they are there. A file that was changed since is
// written anew.
func Install(dir string) (Set, error) {
	sum := sha256.New()
	if err := walk(func(name string, content []byte) error {
		fmt.Fprintf(sum, "%s %d\n", name, len(content))
		sum.Write(content)
		return nil
	}); err != nil {
		return Set{}, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Set{}, fmt.Errorf("bootstraps: %w", err)
	}
	s := Set{dir: filepath.Join(abs, hex.EncodeToString(sum.Sum(nil))[:16])}
	if err := walk(func(name string, content []byte) error { return install(filepath.Join(s.dir, name), content) }); err != nil {
		return Set{}, fmt.Errorf("bootstraps: %w", err)
	}
	return s, nil
}

func walk(visit func(name string, content []byte) error) error {
	return fs.WalkDir(files, "files", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		return visit(strings.TrimPrefix(file, "files/"), content)
	})
}

// install puts a file in its place at once: programs may be loading it.
func install(file string, content []byte) error {
	have, err := os.ReadFile(file)
	if err == nil && bytes.Equal(have, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// Command is the program that loads a handler in a language, and its arguments.
func (s Set) Command(lang function.Language) []string {
	if lang == function.Python {
		return []string{"python3", filepath.Join(s.dir, "python", "bootstrap.py")}
	}
	return []string{"node", filepath.Join(s.dir, "node", "bootstrap.cjs")}
}

// Holds reports whether a file is one of these, and not the function's.
func (s Set) Holds(file string) bool {
	return strings.HasPrefix(file, s.dir+string(filepath.Separator))
}

// NodeHook is the file that Node has to load first.
func (s Set) NodeHook() string { return filepath.Join(s.dir, "node", "hook.cjs") }

// PythonHook is the folder that has to stand first in PYTHONPATH.
func (s Set) PythonHook() string { return filepath.Join(s.dir, "python", "site") }
