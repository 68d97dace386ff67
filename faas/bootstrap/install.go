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
	"slices"
	"syscall"

	"weft/faas/function"
)

//go:embed files/*/*.cjs files/*/*.py
var embedded embed.FS

// Set names the files on disk. All paths are absolute, without symbolic links.
type Set struct {
	// Dir holds all of them; it is named after what is in it.
	Dir string
	// Node and Python are the bootstraps: node Node, python3 Python.
	Node, Python string
	// NodeHook is for NODE_OPTIONS=--require=…, PythonHook the folder for PYTHONPATH.
	NodeHook, PythonHook string
}

// Install writes the files under dir, into a folder named after their digest, unless they are there already. What is there
// but differs is replaced, and what does not belong there removed. Several processes may install at once.
func Install(dir string) (Set, error) {
	files, digest, err := list()
	if err != nil {
		return Set{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Set{}, fmt.Errorf("install bootstraps: %w", err)
	}
	// Interpreters know a file by its real path; the hooks compare theirs with the environment's.
	dir, err = filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return Set{}, fmt.Errorf("install bootstraps: %w", err)
	}
	target := filepath.Join(dir, digest)
	if intact(target, files) {
		return setIn(target), nil
	}
	if err := write(dir, target, files); err != nil {
		return Set{}, fmt.Errorf("install bootstraps in %s: %w", target, err)
	}
	return setIn(target), nil
}

// Command is the program that loads a handler in a language, and its arguments.
func (s Set) Command(lang function.Language) []string {
	if lang == function.Python {
		return []string{"python3", s.Python}
	}
	return []string{"node", s.Node}
}

func setIn(dir string) Set {
	return Set{
		Dir:        dir,
		Node:       filepath.Join(dir, "node", "bootstrap.cjs"),
		Python:     filepath.Join(dir, "python", "bootstrap.py"),
		NodeHook:   filepath.Join(dir, "hook", "hook.cjs"),
		PythonHook: filepath.Join(dir, "hook"),
	}
}

// list returns the embedded files by their path below the target, and the digest of names and contents: the first 16 hex
// digits of a SHA-256.
func list() (map[string][]byte, string, error) {
	files := map[string][]byte{}
	var names []string
	err := fs.WalkDir(embedded, "files", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := embedded.ReadFile(path)
		name := path[len("files/"):]
		files[name] = data
		names = append(names, name)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("read embedded bootstraps: %w", err)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s %d\n", name, len(files[name]))
		h.Write(files[name])
	}
	return files, hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// intact says whether dir holds exactly files. A __pycache__ whose source is intact may stay: Python makes it, and would
// have to compile anew on each start without it.
func intact(dir string, files map[string][]byte) bool {
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "__pycache__" {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		want, ok := files[filepath.ToSlash(rel)]
		if !ok || !d.Type().IsRegular() {
			return errors.New("does not belong here")
		}
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return errors.New("differs")
		}
		seen++
		return nil
	})
	return err == nil && seen == len(files)
}

// write makes a complete folder beside target and moves it there.
func write(dir, target string, files map[string][]byte) error {
	fresh, err := os.MkdirTemp(dir, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh) // nothing is left of it once it was moved
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		path := filepath.Join(fresh, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o444); err != nil {
			return err
		}
	}
	for {
		err := os.Rename(fresh, target)
		if err == nil || intact(target, files) {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		// What is there is damaged. A program that runs from it keeps the files that it has open.
		old, err := os.MkdirTemp(dir, ".old-")
		if err != nil {
			return err
		}
		if err := os.Rename(target, filepath.Join(old, "set")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, os.RemoveAll(old))
		}
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
}
