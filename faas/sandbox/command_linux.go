package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// lookup finds the program: an absolute path, or a file of dir, or a name in PATH of environment.
func lookup(program, dir string, environment []string) (string, error) {
	if filepath.IsAbs(program) {
		if err := executable(program); err != nil {
			return "", &ExecError{program, err}
		}
		return program, nil
	}
	file := filepath.Join(dir, program)
	inDir := executable(file)
	if inDir == nil {
		return file, nil
	}
	if strings.Contains(program, "/") {
		return "", &ExecError{file, inDir}
	}
	for _, variable := range environment {
		path, ok := strings.CutPrefix(variable, "PATH=")
		if !ok {
			continue
		}
		for _, folder := range filepath.SplitList(path) {
			// A relative folder of PATH would mean the host's working folder.
			if file := filepath.Join(folder, program); filepath.IsAbs(folder) && executable(file) == nil {
				return file, nil
			}
		}
		break
	}
	if !errors.Is(inDir, fs.ErrNotExist) {
		return "", &ExecError{file, inDir}
	}
	return "", &ExecError{program, fmt.Errorf("neither in %s nor in PATH: %w", dir, fs.ErrNotExist)}
}

func executable(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			return path.Err // the caller names the file
		}
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: not a regular file", fs.ErrPermission)
	}
	if unix.Access(file, unix.X_OK) != nil {
		return fmt.Errorf("%w: not executable", fs.ErrPermission)
	}
	return nil
}

// explain says what the kernel's short answer to an execution means.
func explain(program string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		err = fmt.Errorf("%w: neither a program of this machine's kind nor a script whose first line names an interpreter", err)
	case errors.Is(err, syscall.ENOENT):
		err = fmt.Errorf("%w: its interpreter or loader is missing", err) // the file itself was there
	}
	return &ExecError{program, err}
}
