package lambda

import (
	"bufio"
	"bytes"
	"io"

	"weft/faas/contract"
)

// maxPrelude bounds the JSON in front of a streamed HTTP answer, in bytes.
const maxPrelude = 64 << 10

// readPrelude reads the head of a streamed HTTP answer: JSON, then eight zeros. What follows is the body.
func readPrelude(body io.Reader) (*contract.WebAnswer, io.Reader, error) {
	br := bufio.NewReader(body)
	var head []byte
	for !bytes.HasSuffix(head, make([]byte, 8)) {
		c, err := br.ReadByte()
		if err == io.EOF {
			return nil, nil, contract.BadAnswer("it ends before its prelude does")
		}
		if err != nil {
			return nil, nil, err
		}
		if head = append(head, c); len(head) > maxPrelude {
			return nil, nil, contract.BadAnswer("its prelude is longer than %d bytes", maxPrelude)
		}
	}
	a, failure := contract.ParseWebHead(head[:len(head)-8])
	if failure != nil {
		return nil, nil, failure
	}
	return a, br, nil
}
