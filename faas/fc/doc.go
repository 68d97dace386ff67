// Package fc serves Function Compute's Runtime API 2020-11-11 to one program: the program polls for invocations and posts
// their answers. The API is documented by github.com/aliyun/fc-runtime-go-sdk alone. It differs from Lambda's in that a
// program polls again before it has answered, that the answer, and not the next poll, completes an invocation, and that
// lifecycle hooks come as invocations of a type of their own.
package fc
