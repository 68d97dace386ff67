// Package jaegerudp is the jaeger receiver of this collector: the stock one for gRPC and HTTP, and a server of its own
// for thrift over UDP. The stock UDP server panics on a packet that names the old Zipkin call, drops packets without
// counting them when its queue is full, and does not count what it cannot decode.
package jaegerudp
