// Command lambda is a Lambda function that says how long it took.
package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

type answer struct {
	HandlerNS int64           `json:"handler_ns"`
	Event     json.RawMessage `json:"event"`
}

func main() {
	lambda.Start(func(_ context.Context, event json.RawMessage) (answer, error) {
		began := time.Now()
		return answer{time.Since(began).Nanoseconds(), event}, nil
	})
}
