package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

// sinkCommand starts this program as the sink.
const sinkCommand = "otlp-sink"

// checkEvery is how many exports the sink reads one of. It does not read all: that would be somebody else's work on these cores.
const checkEvery = 20

// sunk is what a sink took.
type sunk struct {
	Exports int64 `json:"exports"`
	Bytes   int64 `json:"bytes"`
	Checked int64 `json:"exports_read"`
	Items   int64 `json:"items_in_them"`
}

// bytesCodec hands messages over as they came.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// runSink takes OTLP over gRPC until its input ends, and says then what it got.
func runSink(_ context.Context, _ []string) error {
	var exports, bytes, checked, items atomic.Int64
	take := func(_ any, stream grpc.ServerStream) error {
		var msg []byte
		if err := stream.RecvMsg(&msg); err != nil {
			return err
		}
		bytes.Add(int64(len(msg)))
		if exports.Add(1)%checkEvery == 1 {
			method, _ := grpc.MethodFromServerStream(stream)
			n, err := itemsOf(method, msg)
			if err != nil {
				return err
			}
			checked.Add(1)
			items.Add(int64(n))
		}
		return stream.SendMsg(new([]byte)) // an answer without fields
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.ForceServerCodec(bytesCodec{}), grpc.UnknownServiceHandler(take), grpc.MaxRecvMsgSize(64<<20))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.GracefulStop()
	}()
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(sunk{exports.Load(), bytes.Load(), checked.Load(), items.Load()})
}

// itemsOf counts the spans or records of an export.
func itemsOf(method string, msg []byte) (int, error) {
	if strings.Contains(method, "TraceService") {
		req := ptraceotlp.NewExportRequest()
		err := req.UnmarshalProto(msg)
		return req.Traces().SpanCount(), err
	}
	req := plogotlp.NewExportRequest()
	err := req.UnmarshalProto(msg)
	return req.Logs().LogRecordCount(), err
}

// sink is the sink's process.
type sink struct {
	cmd     *exec.Cmd
	address string
	input   io.Closer
	output  *bufio.Reader
}

func startSink(ctx context.Context) (*sink, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, sinkCommand)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is the bench's to handle
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the OTLP sink: %w", err)
	}
	s := &sink{cmd: cmd, input: input, output: bufio.NewReader(output)}
	line, err := s.output.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the OTLP sink: %w", err), input.Close(), cmd.Wait())
	}
	s.address = strings.TrimSpace(line)
	return s, nil
}

// stop ends the sink and returns what it got.
func (s *sink) stop() (got sunk, err error) {
	err = s.input.Close()
	err = errors.Join(err, json.NewDecoder(s.output).Decode(&got))
	return got, errors.Join(err, s.cmd.Wait())
}
