// Package lambda is the runtime's side of AWS Lambda's contract: Runtime API 2018-06-01, Extensions API 2020-01-01 and
// Telemetry API 2022-07-01, on one loopback listener for each instance, so that a poll says whose it is.
//
// What is answered to a request that comes at the wrong time is what the vendor's runtime interface emulator answers; its
// names of states and errors are used. Requests: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html,
// runtimes-extensions-api.html, telemetry-api-reference.html.
package lambda
