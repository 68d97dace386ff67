// Command lambda calls a function with the stock AWS client, as a program that was written for Lambda does, and prints what it got as
// JSON: LAMBDA_ENDPOINT, then a line of JSON on standard input for each call: {"function", "qualifier", "payload", "type", "log"}.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

type call struct {
	Function, Qualifier, Payload, Type string
	Log, Stream                        bool
}

type answer struct {
	Status  int32  `json:"status,omitempty"`
	Payload string `json:"payload,omitempty"`
	Error   string `json:"error,omitempty"` // X-Amz-Function-Error
	Version string `json:"version,omitempty"`
	Log     string `json:"log,omitempty"`
	// Code and Message are the exception's, when the call was refused.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

func main() {
	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(os.Getenv("LAMBDA_ENDPOINT")), Region: "local",
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", os.Getenv("LAMBDA_TOKEN")),
		Retryer:     aws.NopRetryer{},
	})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 32<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(invoke(client, c)); err != nil {
			os.Exit(1)
		}
	}
}

func invoke(client *lambda.Client, c call) (a answer) {
	if c.Stream {
		return stream(client, c)
	}
	in := &lambda.InvokeInput{FunctionName: aws.String(c.Function), Payload: []byte(c.Payload), InvocationType: types.InvocationType(c.Type)}
	if c.Qualifier != "" {
		in.Qualifier = aws.String(c.Qualifier)
	}
	if c.Log {
		in.LogType = types.LogTypeTail
	}
	res, err := client.Invoke(context.Background(), in)
	if err != nil {
		return refused(err)
	}
	log, err := base64.StdEncoding.DecodeString(aws.ToString(res.LogResult))
	if err != nil {
		return answer{Message: "log: " + err.Error()}
	}
	return answer{Status: res.StatusCode, Payload: string(res.Payload), Error: aws.ToString(res.FunctionError), Version: aws.ToString(res.ExecutedVersion), Log: string(log)}
}

// stream puts the chunks of a streamed answer together, with a bar between them.
func stream(client *lambda.Client, c call) (a answer) {
	res, err := client.InvokeWithResponseStream(context.Background(), &lambda.InvokeWithResponseStreamInput{
		FunctionName: aws.String(c.Function), Payload: []byte(c.Payload)})
	if err != nil {
		return refused(err)
	}
	a.Status, a.Version = res.StatusCode, aws.ToString(res.ExecutedVersion)
	events := res.GetStream()
	defer events.Close()
	for event := range events.Events() {
		switch e := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			if a.Payload != "" {
				a.Payload += "|"
			}
			a.Payload += string(e.Value.Payload)
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			a.Error, a.Message = aws.ToString(e.Value.ErrorCode), aws.ToString(e.Value.ErrorDetails)
		}
	}
	if err := events.Err(); err != nil {
		a.Message = err.Error()
	}
	return a
}

func refused(err error) answer {
	var api smithy.APIError
	if errors.As(err, &api) {
		return answer{Code: api.ErrorCode(), Message: api.ErrorMessage()}
	}
	return answer{Message: err.Error()}
}
