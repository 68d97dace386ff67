package sandbox

import (
	"golang.org/x/sys/unix"
)

// openFiles bounds the file descriptors of a process.
const openFiles = 4096

// limit sets the resource limits of a process that has just been executed, and of what it has started since.
func limit(pid int, spec *Spec, memoryWatched bool) error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: openFiles}
	if spec.Disk > 0 {
		limits[unix.RLIMIT_FSIZE] = uint64(spec.Disk)
	}
	if spec.Memory > 0 && memoryWatched {
		// What a program maps is several times what it uses: stacks of threads, heaps that grow. This only stops one that
		// allocates faster than it can be watched.
		limits[unix.RLIMIT_DATA] = uint64(4*spec.Memory + 1<<30)
	}
	for resource, bound := range limits {
		var now unix.Rlimit
		if err := unix.Prlimit(pid, resource, nil, &now); err != nil {
			return ignoreGone(err)
		}
		bound = min(bound, now.Max)
		if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: bound, Max: bound}, nil); err != nil {
			return ignoreGone(err)
		}
	}
	for _, child := range children(pid, nil) {
		if err := limit(child, spec, memoryWatched); err != nil {
			return err
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if err == unix.ESRCH {
		return nil
	}
	return err
}
