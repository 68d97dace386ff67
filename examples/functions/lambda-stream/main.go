// Command lambda-stream is a Lambda function that streams its answer: status and headers first, then a line for each tick.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(_ context.Context, req events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
		r, w := io.Pipe()
		go func() {
			for n := range 3 {
				fmt.Fprintf(w, "tick %d\n", n)
			}
			if req.QueryStringParameters["fail"] != "" {
				w.CloseWithError(errors.New("the clock stopped"))
				return
			}
			w.Close()
		}()
		return &events.LambdaFunctionURLStreamingResponse{
			StatusCode: 201,
			Headers:    map[string]string{"Content-Type": "text/plain", "X-Path": req.RawPath},
			Cookies:    []string{"a=1", "b=2"},
			Body:       r,
		}, nil
	})
}
