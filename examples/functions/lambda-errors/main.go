// Command lambda-errors is a Lambda function that fails in the way that its event names.
package main

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct {
	Do string `json:"do"`
}

func main() {
	if os.Getenv("FAIL_INIT") != "" {
		panic("cannot start")
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, e event) (any, error) {
	switch e.Do {
	case "error":
		return nil, errors.New("no stock left")
	case "panic":
		return price(nil), nil
	case "exit":
		os.Exit(3)
	case "hang":
		<-ctx.Done() // its deadline
		select {}
	case "large":
		return string(bytes.Repeat([]byte{'x'}, 7<<20)), nil
	}
	return e.Do, nil
}

// price reads through a nil map of prices.
func price(prices *[1]int) int { return prices[0] }
