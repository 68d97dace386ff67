package engine

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// childArg and childEnv together make this process the child. The argument is what a person sees in ps; the variable
// keeps a mistyped command line from becoming an engine.
const (
	childArg = "engine"
	childEnv = "WEFT_ENGINE_CHILD"
)

// lifeline is the read end of a pipe whose other end only the parent holds. Nothing is ever written to it.
const lifeline = 3

// Exit codes of the child. Those of a library that cannot be used are final: another try would end the same way.
const (
	exitUnloadable = 3
	exitEngine     = 4
)

// loaded is what the child prints on standard output once the library is in memory.
const loaded = "loaded"

// bootQuery opens the listeners, then holds the engine open. The length of a sleep bounds how long a clean stop takes,
// because it is cancelled between two of them. HTTP comes last, because the parent asks there whether the engine is ready.
const bootQuery = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; " +
	"SELECT sleepEachRow(0.2) FROM numbers(1000000000000) SETTINGS max_block_size = 1 FORMAT Null"

// RunIfChild turns this process into the engine when it was started for that, and then never returns. Call it first in
// main and in every TestMain that starts an engine, before flags are read.
func RunIfChild() {
	if os.Getenv(childEnv) != "1" || len(os.Args) < 3 || os.Args[1] != childArg {
		return
	}
	// Terminals and service managers signal every process of a group. The engine must outlive the drain of its parent,
	// which ends it with a query, or by dying.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go exitWithParent()
	if err := runLibrary(os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if _, ok := err.(*unloadableError); ok {
			os.Exit(exitUnloadable)
		}
		os.Exit(exitEngine)
	}
	os.Exit(0)
}

// exitWithParent ends the process when the other end of the lifeline closes, however its holder died. Nothing is
// flushed: whatever the engine acknowledged is already safe.
func exitWithParent() {
	pipe := os.NewFile(lifeline, "lifeline")
	_, _ = pipe.Read(make([]byte, 1)) // end of file or an error: both mean that nobody holds the other end
	os.Exit(0)
}

// unloadableError says that the library file is of no use.
type unloadableError struct{ err error }

func (e *unloadableError) Error() string { return e.err.Error() }

// runLibrary loads the library and runs ClickHouse's local server in it with args until it ends.
func runLibrary(path string, args []string) error {
	runtime.LockOSThread() // the engine keeps thread-local state
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return &unloadableError{err} // dlerror names the file
	}
	var (
		version            func() string
		setSignalHandlers  func(enabled bool)
		queryCommandLine   func(argc int32, argv unsafe.Pointer) uintptr
		resultErrorMessage func(result uintptr) string
	)
	for name, f := range map[string]any{
		"chdb_version":                     &version,
		"chdb_set_signal_handlers_enabled": &setSignalHandlers,
		"chdb_query_cmdline":               &queryCommandLine,
		"chdb_result_error":                &resultErrorMessage,
	} {
		symbol, err := purego.Dlsym(lib, name)
		if err != nil {
			return &unloadableError{fmt.Errorf("%w: not the engine library", err)}
		}
		purego.RegisterFunc(f, symbol)
	}
	fmt.Println(loaded, version())
	setSignalHandlers(false) // they are Go's

	var pin runtime.Pinner // C keeps pointers to the arguments for the whole run
	defer pin.Unpin()
	argv := make([]*byte, 0, len(args)+2)
	for _, arg := range append([]string{"clickhouse"}, args...) {
		text := append([]byte(arg), 0)
		pin.Pin(&text[0])
		argv = append(argv, &text[0])
	}
	argv = append(argv, nil)
	pin.Pin(&argv[0])
	result := queryCommandLine(int32(len(argv)-1), unsafe.Pointer(&argv[0]))
	if result == 0 {
		return fmt.Errorf("the engine did not start")
	}
	if text := strings.TrimSpace(resultErrorMessage(result)); text != "" {
		return fmt.Errorf("%s", text)
	}
	return nil
}
