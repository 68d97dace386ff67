// Command fc-trigger is a Function Compute function on the vendor's Go runtime that takes events, and gets the requests of HTTP triggers as
// such. Its manifest says `server: {event: true}`.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/aliyun/fc-runtime-go-sdk/events"
	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

// handle answers with what it got, in the way that the path names.
func handle(_ context.Context, e events.HTTPTriggerEvent) (any, error) {
	if e.RawPath == nil {
		return nil, errors.New("no request of an HTTP trigger")
	}
	switch *e.RawPath {
	case "/plain":
		return map[string]string{"method": *e.TriggerContext.Http.Method}, nil
	case "/bad":
		return events.HTTPTriggerResponse{StatusCode: 99}, nil
	case "/fail":
		return nil, errors.New("no milk")
	case "/binary":
		return events.HTTPTriggerResponse{
			StatusCode: 200, Headers: map[string]string{"Content-Type": "image/gif"},
			IsBase64Encoded: true, Body: base64.StdEncoding.EncodeToString([]byte("GIF89a\xff\x00")),
		}, nil
	}
	body, err := json.Marshal(e)
	return events.HTTPTriggerResponse{
		StatusCode: 201, Headers: map[string]string{"Content-Type": "application/json", "X-Own": "mine"}, Body: string(body),
	}, err
}

func main() { fc.Start(handle) }
