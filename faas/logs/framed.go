package logs

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"weft/semconv"
)

// Frames of _LAMBDA_TELEMETRY_LOG_FD, big-endian: type, length of the message, time in microseconds since 1970, message. The type
// is frameMark, a level in the bits of frameLevel, and the format in the lowest two. Sources: LogPatch.js of Lambda's Node runtime,
// lambda_runtime_log_utils.py of the Python one.
const (
	frameMark   = 0xa55a0000
	frameLevel  = 0x1c
	frameJSON   = 2
	frameText   = 3
	frameOld    = 1       // text without a time: Ruby, older Node
	maxFrame    = 8 << 20 // what claims to be longer is no frame
	frameHeader = 8
)

// ReadFrames makes records of the frames of r until it ends, which is when the program has closed its descriptor. What is no frame is taken
// for plain lines. It returns what r failed with, nil at the end.
func (in *Instance) ReadFrames(r io.Reader) error {
	stray := in.Stream(Telemetry)
	br := bufio.NewReaderSize(r, 32<<10)
	for {
		header, err := br.Peek(frameHeader)
		if len(header) == 0 {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read log frames: %w", err)
		}
		typ, length, ok := frameType(header)
		if !ok {
			if err := strayBytes(br, stray); err != nil {
				return fmt.Errorf("read log frames: %w", err)
			}
			continue
		}
		if err := in.frame(br, typ, length); err != nil {
			return fmt.Errorf("read log frames: %w", err)
		}
	}
}

func frameType(header []byte) (typ, length uint32, ok bool) {
	if len(header) < frameHeader {
		return 0, 0, false
	}
	typ, length = binary.BigEndian.Uint32(header), binary.BigEndian.Uint32(header[4:])
	format := typ &^ (frameMark | frameLevel)
	return typ, length, typ&0xffff0000 == frameMark && format >= frameOld && format <= frameText && typ&frameLevel <= 0x18 && length <= maxFrame
}

// strayBytes hands the buffered bytes before the next mark, at least one, to the stream.
func strayBytes(br *bufio.Reader, to *Stream) error {
	buffered, _ := br.Peek(br.Buffered())
	n := len(buffered)
	if next := bytes.Index(buffered[1:], []byte{0xa5, 0x5a, 0x00}); next >= 0 {
		n = 1 + next
	}
	_, _ = to.Write(buffered[:n]) // never fails
	_, err := br.Discard(n)
	return err
}

// frame reads one. Of one that is cut short, as when the program is killed, what is there is kept.
func (in *Instance) frame(br *bufio.Reader, typ, length uint32) error {
	_, _ = br.Discard(frameHeader) // peeked
	var at time.Time
	if typ&3 != frameOld {
		var micros [8]byte
		if _, err := io.ReadFull(br, micros[:]); err != nil {
			return endOK(err)
		}
		at = time.UnixMicro(int64(binary.BigEndian.Uint64(micros[:])))
	}
	message := make([]byte, min(length, MaxRecord))
	n, err := io.ReadFull(br, message)
	in.framed(message[:n], typ, at, length > MaxRecord)
	if err != nil {
		return endOK(err)
	}
	_, err = br.Discard(int(length) - n)
	return endOK(err)
}

func endOK(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // the next read finds the end too
	}
	return err
}

// framed makes one record of a message.
func (in *Instance) framed(message []byte, typ uint32, at time.Time, cut bool) {
	message = bytes.TrimRight(message, "\r\n")
	if len(bytes.TrimSpace(message)) == 0 {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	now := time.Now()
	in.end.line(message)
	owner := in.owner()
	text := strings.TrimLeft(valid(string(message)), "\n")
	first, more := text, ""
	if end := strings.IndexByte(text, '\n'); end >= 0 && (text[0] != '{' || typ&3 != frameJSON) {
		first, more = text[:end], text[end:]
	}
	if !in.f.take(1+len(more)/1024, now) {
		if owner != nil {
			owner.tail.line(message)
		}
		return
	}
	head := parse(first)
	if head.whole && more != "" {
		head = parsed{size: len(first), body: attribute.StringValue(first)} // text of several lines that begins like JSON
	}
	if inv := in.find(head.id); inv != nil {
		owner = inv
	}
	if owner != nil {
		owner.tail.line(message)
	}
	if head.time.IsZero() {
		head.time = at
	}
	if level := typ & frameLevel >> 2; head.severity == log.SeverityUndefined && level > 0 {
		head.severity = log.Severity((level-1)*4 + 1)
		head.severityText = head.severity.String()
	}
	g := group{kind: kindOf(first), head: head}
	for line := range strings.Lines(strings.TrimPrefix(more, "\n")) {
		line = strings.TrimRight(line, "\n")
		if g.kind == plain && strings.HasPrefix(line, tracebackLine) {
			g.kind = python
		}
		if line != "" {
			g.noted([]byte(line))
		}
	}
	r := in.newRecord(&g.head, owner, now, more)
	r.Stream = Telemetry
	g.describe(&r, more)
	if cut {
		r.Attributes = append(r.Attributes, attribute.Bool(semconv.LogTruncated, true))
	}
	in.push(r, reportOf(first, more), owner, len(text), 1+strings.Count(more, "\n"))
}
