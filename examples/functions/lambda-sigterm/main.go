// Command lambda-sigterm is a Lambda function that cleans up before it ends. SIGTERM is sent to functions with an extension
// only; the SDK registers one inside of the program for that.
package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.StartWithOptions(
		func(context.Context) (string, error) { return "working", nil },
		lambda.WithEnableSIGTERM(func() { fmt.Println("cleaned up") }),
	)
}
