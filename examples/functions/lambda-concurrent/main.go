// Command lambda-concurrent is a Lambda function that takes several invocations at once: each waits until as many are under
// way as its event says.
package main

import (
	"context"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Together int `json:"together"`
}

var (
	mu      sync.Mutex
	inside  int
	arrived = make(chan struct{})
)

func main() {
	lambda.Start(func(ctx context.Context, e event) (string, error) {
		mu.Lock()
		inside++
		all := arrived
		if inside == e.Together {
			close(arrived)
			inside, arrived = 0, make(chan struct{})
		}
		mu.Unlock()
		select {
		case <-all:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		lc, _ := lambdacontext.FromContext(ctx)
		return lc.AwsRequestID, nil
	})
}
