// Package front serves a runtime over HTTP, on one port: AWS Lambda's and Alibaba Function Compute's invoke APIs as their clients
// speak them, HTTP triggers, and the API that functions are deployed with.
package front
