// Command lambda-echo is a Lambda function that returns its event, and what it was told besides.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type answer struct {
	Event     json.RawMessage   `json:"event"`
	RequestID string            `json:"request_id"`
	ARN       string            `json:"arn"`
	Trace     string            `json:"trace"`
	Function  string            `json:"function"`
	Client    map[string]string `json:"client,omitempty"`
	Identity  string            `json:"identity,omitempty"`
}

func main() {
	lambda.Start(func(ctx context.Context, event json.RawMessage) (answer, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		trace, _ := ctx.Value("x-amzn-trace-id").(string) // the SDK's key
		return answer{event, lc.AwsRequestID, lc.InvokedFunctionArn, trace, lambdacontext.FunctionName,
			lc.ClientContext.Custom, lc.Identity.CognitoIdentityID}, nil
	})
}
