package enrichprocessor

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// maxFingerprint bounds a fingerprint, in bytes. Statements that agree up to here count as the same one.
const maxFingerprint = 4096

// dialect is what a statement's quotes and comments mean: a set of flags.
type dialect uint8

const (
	// backslashes escape in every string, not only in E'…'.
	backslashes dialect = 1 << iota
	// stringsInDoubleQuotes: "x" is a string, not a name.
	stringsInDoubleQuotes
	// hashComments: # begins a comment.
	hashComments
)

func dialectOf(system string) dialect {
	switch system {
	case "mysql", "mariadb":
		return backslashes | stringsInDoubleQuotes | hashComments
	case "postgresql", "sqlite", "mssql", "microsoft.sql_server", "oracle", "oracle.db", "cockroachdb", "db2", "ibm.db2":
		return 0
	}
	return backslashes
}

// tokenizer reduces database statements to fingerprints: literals and parameters become ?, lists of them one ?, words
// lower-case, white space and comments go. It is no SQL parser: it must never fail, whatever the language is, and must
// take the same statement with other values to the same result. Its buffer is reused from call to call.
type tokenizer struct {
	dialect dialect
	src     string
	pos     int
	out     []byte
	last    tokenKind
	// word is where in out the last word begins.
	word int
	// signs counts the signs at the end of out that belong to a number, if one follows.
	signs int
}

type tokenKind uint8

const (
	tokenNone tokenKind = iota
	tokenWord           // keyword, name, number of a parameter-free kind
	tokenLiteral
	tokenOpen  // (
	tokenClose // )
	tokenComma
	tokenDot
	tokenOperator
)

// fingerprint returns the fingerprint of statement and its xxhash64.
func (t *tokenizer) fingerprint(statement string, d dialect) (string, uint64) {
	*t = tokenizer{dialect: d, src: statement, out: t.out[:0]}
	for t.pos < len(t.src) && len(t.out) <= maxFingerprint {
		t.next()
	}
	t.src = "" // the statement may be large and must not outlive the call
	text := strings.TrimRight(cut(string(t.out), maxFingerprint), " ;")
	return text, xxhash.Sum64String(text)
}

// next reads one token, comment or run of white space.
func (t *tokenizer) next() {
	c := t.src[t.pos]
	switch {
	case c <= ' ':
		t.pos++
	case c == '-' && t.at("--"), c == '#' && t.dialect&hashComments != 0:
		t.skipLine()
	case c == '/' && t.at("/*"):
		t.skipTo("*/", 2)
	case c == '\'', c == '"' && t.dialect&stringsInDoubleQuotes != 0:
		t.quoted(c, t.dialect&backslashes != 0)
		t.literal()
	case c == '"', c == '`':
		t.name(c)
	case c == '$' && t.dollarQuoted():
		t.literal()
	case c == '?', c == '$' && isDigit(t.peek(1)), c == '@' && isWord(t.peek(1)), c == ':' && isWord(t.peek(1)) && t.last != tokenWord && !t.at("::"):
		t.parameter()
	case c == '%' && t.peek(1) == 's' && t.last != tokenWord && t.last != tokenLiteral:
		t.pos += 2
		t.literal()
	case isDigit(c), c == '.' && isDigit(t.peek(1)) && t.last != tokenWord && t.last != tokenLiteral:
		t.number()
		t.literal()
	case isWord(c) || c >= utf8.RuneSelf:
		t.plainWord()
	default:
		t.operator(c)
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c)
}

func (t *tokenizer) peek(n int) byte {
	if t.pos+n < len(t.src) {
		return t.src[t.pos+n]
	}
	return 0
}

func (t *tokenizer) at(prefix string) bool { return strings.HasPrefix(t.src[t.pos:], prefix) }

func (t *tokenizer) skipLine() {
	if i := strings.IndexByte(t.src[t.pos:], '\n'); i >= 0 {
		t.pos += i + 1
	} else {
		t.pos = len(t.src)
	}
}

// skipTo moves behind end, looked for n bytes on; to the very end of the statement when it is missing.
func (t *tokenizer) skipTo(end string, n int) {
	from := min(t.pos+n, len(t.src))
	if i := strings.Index(t.src[from:], end); i >= 0 {
		t.pos = from + i + len(end)
	} else {
		t.pos = len(t.src)
	}
}

// quoted moves behind a quoted text, in which the quote is escaped by doubling it and perhaps by a backslash.
func (t *tokenizer) quoted(quote byte, backslash bool) {
	for t.pos++; t.pos < len(t.src); t.pos++ {
		switch t.src[t.pos] {
		case '\\':
			if backslash {
				t.pos++
			}
		case quote:
			if t.peek(1) != quote {
				t.pos++
				return
			}
			t.pos++
		}
	}
	t.pos = len(t.src)
}

// dollarQuoted moves behind $tag$…$tag$, if that is what stands here.
func (t *tokenizer) dollarQuoted() bool {
	i := t.pos + 1
	for i < len(t.src) && isWord(t.src[i]) && !isDigit(t.src[t.pos+1]) {
		i++
	}
	if i >= len(t.src) || t.src[i] != '$' {
		return false
	}
	tag := t.src[t.pos : i+1]
	t.skipTo(tag, len(tag))
	return true
}

func (t *tokenizer) parameter() {
	t.pos++
	if t.src[t.pos-1] == '@' && t.peek(0) == '@' {
		t.pos++
	}
	for t.pos < len(t.src) && isWord(t.src[t.pos]) {
		t.pos++
	}
	t.literal()
}

func (t *tokenizer) number() {
	for t.pos < len(t.src) {
		c := t.src[t.pos]
		exponent := (c == '+' || c == '-') && (t.src[t.pos-1]|0x20) == 'e'
		if !isWord(c) && c != '.' && !exponent {
			return
		}
		t.pos++
	}
}

// name copies a quoted name as it stands: its case matters.
func (t *tokenizer) name(quote byte) {
	from := t.pos
	t.pos++
	for t.pos < len(t.src) && t.src[t.pos] != quote {
		t.pos++
	}
	t.pos = min(t.pos+1, len(t.src))
	t.emit(tokenWord, t.src[from:t.pos])
}

func (t *tokenizer) plainWord() {
	from := t.pos
	for t.pos < len(t.src) && (isWord(t.src[t.pos]) || t.src[t.pos] >= utf8.RuneSelf || t.src[t.pos] == '$') {
		t.pos++
	}
	w := t.src[from:t.pos]
	// N'…', E'…', X'…', B'…' and U&'…' are strings too.
	if len(w) == 1 && t.peek(0) == '\'' && strings.ContainsAny(w, "nNeExXbB") {
		t.quoted('\'', t.dialect&backslashes != 0 || w[0]|0x20 == 'e')
		t.literal()
		return
	}
	t.emit(tokenWord, w)
}

// operator copies one operator or separator.
func (t *tokenizer) operator(c byte) {
	t.pos++
	switch c {
	case '(':
		t.emit(tokenOpen, "(")
	case ')':
		t.closeGroup()
	case ',':
		t.emit(tokenComma, ",")
	case '.':
		t.emit(tokenDot, ".")
	case '-', '+':
		signs := 0
		if !t.afterOperand() {
			signs = t.signs + 1
		}
		t.emit(tokenOperator, string(rune(c)))
		t.signs = signs
	default:
		from := t.pos - 1
		for t.pos < len(t.src) && strings.IndexByte("=<>!|&:*^~", t.src[t.pos]) >= 0 && strings.IndexByte("=<>!|&:", c) >= 0 {
			t.pos++
		}
		t.emit(tokenOperator, t.src[from:t.pos])
	}
}

// afterOperand says whether a + or - here is an operation on what stands before it, not a sign.
func (t *tokenizer) afterOperand() bool {
	switch t.last {
	case tokenLiteral, tokenClose:
		return true
	case tokenWord:
		switch string(t.out[t.word:]) {
		case "select", "where", "and", "or", "not", "on", "having", "set", "between", "in", "like", "limit", "offset", "when", "then",
			"else", "return", "by", "values", "is", "as":
			return false
		}
		return true
	}
	return false
}

// literal writes a ?, unless it continues a list of them.
func (t *tokenizer) literal() {
	if t.signs > 0 {
		t.takeBackSigns()
	}
	if n := len(t.out); t.last == tokenComma && n >= 2 && t.out[n-2] == '?' {
		t.out = t.out[:n-1]
		t.last = tokenLiteral
		return
	}
	if t.last == tokenLiteral { // 'a' 'b' is one string
		return
	}
	t.emit(tokenLiteral, "?")
}

func (t *tokenizer) takeBackSigns() {
	for ; t.signs > 0; t.signs-- {
		t.out = bytes.TrimRight(t.out[:len(t.out)-1], " ")
	}
	t.last = tokenOperator
	if len(t.out) == 0 {
		t.last = tokenNone
		return
	}
	switch c := t.out[len(t.out)-1]; {
	case c == ',':
		t.last = tokenComma
	case c == '(':
		t.last = tokenOpen
	case c == '.':
		t.last = tokenDot
	case isWord(c):
		t.last = tokenWord
	}
}

var repeatedGroup = []byte("(?), (?)")

// closeGroup writes a ), and makes (?), (?), … one (?).
func (t *tokenizer) closeGroup() {
	t.emit(tokenClose, ")")
	if bytes.HasSuffix(t.out, repeatedGroup) {
		t.out = t.out[:len(t.out)-len(", (?)")]
	}
}

// emit appends a token, with one space before it except where SQL is customarily written without.
func (t *tokenizer) emit(kind tokenKind, token string) {
	t.signs = 0
	tight := t.last == tokenNone || t.last == tokenOpen || t.last == tokenDot ||
		kind == tokenComma || kind == tokenClose || kind == tokenDot || (kind == tokenOpen && t.last == tokenWord)
	if !tight {
		t.out = append(t.out, ' ')
	}
	if kind == tokenWord {
		t.word = len(t.out)
	}
	if kind == tokenWord && token[0] != '"' && token[0] != '`' {
		t.out = appendLower(t.out, token)
	} else {
		t.out = append(t.out, token...)
	}
	t.last = kind
}

// appendLower lower-cases ASCII without looking further, and everything else as Unicode has it.
func appendLower(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			for _, r := range s[i:] {
				dst = utf8.AppendRune(dst, unicode.ToLower(r))
			}
			return dst
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
