package store

import (
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// ch-go sends a parameter's value as it is given. The server reads it twice: as a quoted string, then in the text form of the
// parameter's type, in which a String is escaped as in TSV and an Array's elements are quoted.

// fieldQuoter escapes for the quoted form, textEscaper for the TSV form.
var (
	fieldQuoter = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\0`)
	textEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\0`)
)

func nativeParam(name, text string) proto.Parameter {
	return proto.Parameter{Key: name, Value: "'" + fieldQuoter.Replace(text) + "'"}
}

func stringParam(name, value string) proto.Parameter {
	return nativeParam(name, textEscaper.Replace(value))
}

func intParam(name string, value int64) proto.Parameter {
	return nativeParam(name, strconv.FormatInt(value, 10))
}

func stringsParam(name string, values []string) proto.Parameter {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "'" + fieldQuoter.Replace(v) + "'"
	}
	return nativeParam(name, "["+strings.Join(quoted, ",")+"]")
}

func uintsParam(name string, values []uint64) proto.Parameter {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = strconv.FormatUint(v, 10)
	}
	return nativeParam(name, "["+strings.Join(texts, ",")+"]")
}
