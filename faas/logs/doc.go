// Package logs turns what functions print into log records: lines and stack traces, with severity, time, request id and span where the
// text or the invocation under way tells.
//
// Nothing here makes a function wait: what its writer gives is taken at once, and what is more than the function's rate, or than the
// queue to Emit holds, is dropped and counted.
package logs
