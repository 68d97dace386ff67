package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// LibraryEnv names the environment variable with the path of the engine library; it wins over every other place.
const LibraryEnv = "WEFT_ENGINE_LIB"

// Version is the release of the engine that this one was built and tested with: the npm packages' version, which is
// ClickHouse's. Another library may work; the log says so.
const Version = "26.7.3-stable.1"

const libraryName = "libchdb.so" // on every platform: the package for macOS uses this name too

// FindLibrary returns the absolute path of the engine library: $WEFT_ENGINE_LIB, else engine/libchdb.so in dataDir. In
// tests, which have data folders of their own, data/engine of the module's root comes last. The error is one line
// that says how to get the library. The file is not opened: a damaged one fails in Start.
func FindLibrary(dataDir string) (string, error) {
	if path := os.Getenv(LibraryEnv); path != "" {
		if !isFile(path) {
			return "", fmt.Errorf("engine library: %s=%s is not a file", LibraryEnv, path)
		}
		return filepath.Abs(path)
	}
	folder := filepath.Join(dataDir, "engine")
	if path := filepath.Join(folder, libraryName); isFile(path) {
		return filepath.Abs(path)
	}
	// Not outside tests: a library loaded from whatever folder the command happens to stand in would be a gift to
	// whoever can write there.
	if testing.Testing() {
		if root, ok := moduleRoot(); ok {
			if path := filepath.Join(root, "data", "engine", libraryName); isFile(path) {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("engine library: no %s in %s: run 'make engine' in the project's root, or set %s to its path",
		libraryName, folder, LibraryEnv)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// moduleRoot is the nearest folder with a go.mod, from the working folder upwards.
func moduleRoot() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if isFile(filepath.Join(dir, "go.mod")) {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}
