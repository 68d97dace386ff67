// Command fc-event is a Function Compute function on the vendor's Go runtime: it takes events, and has every lifecycle hook.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

type request struct {
	Say   string        `json:"say"`
	Fail  string        `json:"fail"`
	Panic string        `json:"panic"`
	Sleep time.Duration `json:"sleep_ns"`
	Bytes int           `json:"bytes"` // size of the answer
}

type response struct {
	Said        string              `json:"said"`
	Initialized int32               `json:"initialized"`
	Frozen      int32               `json:"frozen"`
	Underway    int32               `json:"underway"`
	Context     fccontext.FcContext `json:"context"`
	Deadline    time.Time           `json:"deadline"`
}

var initialized, frozen, underway atomic.Int32

func handle(ctx context.Context, r request) (response, error) {
	defer underway.Add(-1)
	n := underway.Add(1)
	info, _ := fccontext.FromContext(ctx)
	info.GetLogger().Info("said ", r.Say)
	switch {
	case r.Fail != "":
		return response{}, errors.New(r.Fail)
	case r.Panic != "":
		panic(r.Panic)
	}
	time.Sleep(r.Sleep)
	said := r.Say
	if r.Bytes > 0 {
		said = strings.Repeat("x", r.Bytes)
	}
	deadline, _ := ctx.Deadline()
	return response{said, initialized.Load(), frozen.Load(), n, *info, deadline}, nil
}

func main() {
	fc.RegisterInitializerFunction(func(context.Context) { initialized.Add(1) })
	fc.RegisterPreFreezeFunction(func(context.Context) { frozen.Add(1) })
	fc.RegisterPreStopFunction(func(context.Context) { fmt.Println("buffers are flushed") })
	fc.Start(handle)
}
