// Command fc is a Function Compute function on the vendor's Go runtime that says how long it took.
package main

import (
	"context"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

type answer struct {
	HandlerNS int64          `json:"handler_ns"`
	Event     map[string]any `json:"event"`
}

func main() {
	fc.Start(func(_ context.Context, event map[string]any) (answer, error) {
		began := time.Now()
		return answer{time.Since(began).Nanoseconds(), event}, nil
	})
}
