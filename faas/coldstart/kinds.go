package coldstart

import (
	"bufio"
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// kinds says whose code a module is and which version. It reads package files on the platform's side, once each.
type kinds struct {
	own, code string // folders: the bootstraps, the function
	build     *buildinfo.BuildInfo
	packages  map[string]string            // version by the folder of a Node package
	dists     map[string]map[string]string // by a folder of Python packages: version by top-level module
}

func newKinds(c Config) *kinds {
	return &kinds{own: c.Hooks.Dir, code: c.Dir, packages: map[string]string{}, dists: map[string]map[string]string{}}
}

func within(dir, file string) bool { return dir != "" && strings.HasPrefix(file, dir+"/") }

func (k *kinds) goPackage(name string) (Kind, string) {
	if k.build == nil {
		return Dep, ""
	}
	version := ""
	matched := -1
	for _, m := range k.build.Deps {
		if (name == m.Path || strings.HasPrefix(name, m.Path+"/")) && len(m.Path) > matched {
			matched, version = len(m.Path), m.Version
			if m.Replace != nil {
				version = m.Replace.Version
			}
		}
	}
	main := k.build.Main.Path
	switch {
	case matched >= 0 && len(main) <= matched:
		return Dep, version
	case name == "main" || main != "" && (name == main || strings.HasPrefix(name, main+"/")):
		return User, ""
	case matched >= 0:
		return Dep, version
	}
	return Core, k.build.GoVersion
}

const nodeModules = "/node_modules/"

// nodeModule returns kind, package or module, and version.
func (k *kinds) nodeModule(name, file string) (Kind, string, string) {
	if file == "" && name != "" && name[0] != '.' && name[0] != '/' || within(k.own, file) {
		return Core, strings.TrimPrefix(name, "node:"), ""
	}
	i := strings.LastIndex(file, nodeModules)
	if i < 0 {
		if within(k.code, file) {
			return User, file[len(k.code)+1:], ""
		}
		return User, name, ""
	}
	parts := strings.SplitN(file[i+len(nodeModules):], "/", 3)
	pkg := parts[0]
	if strings.HasPrefix(pkg, "@") && len(parts) > 1 {
		pkg += "/" + parts[1]
	}
	dir := file[:i+len(nodeModules)] + pkg
	version, ok := k.packages[dir]
	if !ok {
		var manifest struct{ Version string }
		if data, err := readSmall(filepath.Join(dir, "package.json")); err == nil && json.Unmarshal(data, &manifest) == nil {
			version = manifest.Version
		}
		k.packages[dir] = version
	}
	return Dep, pkg, version
}

var stdlib = regexp.MustCompile(`/lib(64)?/python3(\.[0-9]+)?t?/`)

func (k *kinds) pythonModule(name, file string) (Kind, string) {
	switch {
	case file == "built-in" || file == "frozen" || within(k.own, file):
		return Core, ""
	case strings.Contains(file, "/site-packages/") || strings.Contains(file, "/dist-packages/"):
		return Dep, k.distribution(name, file)
	case within(k.code, file):
		// Dependencies of a function often lie beside its own code.
		if v := k.distribution(name, file); v != "" {
			return Dep, v
		}
		return User, ""
	case stdlib.MatchString(file):
		return Core, ""
	}
	return User, ""
}

// distribution returns the version of the distribution that a module is from: of the folder name-version.dist-info beside it.
func (k *kinds) distribution(name, file string) string {
	dir := filepath.Dir(file)
	if strings.HasPrefix(filepath.Base(file), "__init__.") {
		dir = filepath.Dir(dir)
	}
	for range strings.Count(name, ".") {
		dir = filepath.Dir(dir)
	}
	versions, ok := k.dists[dir]
	if !ok {
		versions = distributions(dir)
		k.dists[dir] = versions
	}
	top, _, _ := strings.Cut(name, ".")
	return versions[top]
}

func distributions(dir string) map[string]string {
	versions := map[string]string{}
	found, err := filepath.Glob(filepath.Join(dir, "*.dist-info"))
	if err != nil {
		return versions // only a folder with a [ in its name
	}
	for _, info := range found {
		name, version, ok := strings.Cut(strings.TrimSuffix(filepath.Base(info), ".dist-info"), "-")
		if !ok {
			continue
		}
		versions[strings.ToLower(strings.ReplaceAll(name, ".", "_"))] = version
		data, err := readSmall(filepath.Join(info, "top_level.txt"))
		if err != nil {
			continue // it is optional
		}
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			versions[strings.TrimSpace(lines.Text())] = version
		}
	}
	return versions
}

// readSmall reads a file of the function's that may be anything.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return nil, os.ErrInvalid
	}
	return os.ReadFile(path)
}
