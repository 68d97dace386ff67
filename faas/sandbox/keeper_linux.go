package sandbox

import (
	_ "embed"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

//go:embed keeper.sh
var keeperScript string

// keeper is a shell that outlives the host: it waits for the end of its input, which comes when the host has died, and
// kills what the host has left. It reads a pipe until then and takes no time.
type keeper struct {
	logger *slog.Logger
	args   []string
	ended  chan struct{} // closed when none will be started again
	stop   chan struct{} // closed by close

	mu    sync.Mutex // guards what follows
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func newKeeper(marker string, in []*hierarchy, logger *slog.Logger) (*keeper, error) {
	k := &keeper{logger: logger, args: []string{"-c", keeperScript, "weft-keeper", marker}}
	k.ended, k.stop = make(chan struct{}), make(chan struct{})
	for _, h := range in {
		k.args = append(k.args, h.dir)
	}
	if err := k.start(); err != nil {
		return nil, err
	}
	go k.watch()
	return k, nil
}

func (k *keeper) start() error {
	cmd := exec.Command("/bin/sh", k.args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // not killed with the host's process group
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cmd, k.stdin = cmd, stdin
	return nil
}

// watch starts the keeper again when somebody has killed it.
func (k *keeper) watch() {
	defer close(k.ended)
	for {
		k.mu.Lock()
		cmd, stdin := k.cmd, k.stdin
		k.mu.Unlock()
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			k.logger.Warn("the keeper of sandboxes ended, another one is started", "error", err)
		case <-k.stop:
			_, _ = io.WriteString(stdin, "bye\n") // it may just have been killed
			<-ended
			return
		}
		for {
			select {
			case <-time.After(time.Second):
			case <-k.stop:
				return
			}
			err := k.start()
			if err == nil {
				break
			}
			k.logger.Error("start the keeper of sandboxes", "error", err)
		}
	}
}

// close ends the keeper, which then touches nothing.
func (k *keeper) close() {
	close(k.stop)
	<-k.ended
}
