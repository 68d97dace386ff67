package logs

import (
	"strings"

	"go.opentelemetry.io/otel/log"
)

// severityOf knows the names that loggers give to levels, in any case, and slog's between them, such as ERROR+2.
func severityOf(name string) log.Severity {
	if len(name) > 16 {
		return log.SeverityUndefined
	}
	if i := strings.IndexAny(name, "+-"); i > 0 {
		name = name[:i]
	}
	switch strings.ToUpper(name) {
	case "TRACE", "FINEST", "SILLY":
		return log.SeverityTrace
	case "DEBUG", "DBG", "VERBOSE", "FINE", "FINER":
		return log.SeverityDebug
	case "INFO", "INFORMATION", "INF", "LOG":
		return log.SeverityInfo
	case "NOTICE":
		return log.SeverityInfo2
	case "WARN", "WARNING", "WRN":
		return log.SeverityWarn
	case "ERROR", "ERR", "SEVERE":
		return log.SeverityError
	case "ALERT":
		return log.SeverityError3
	case "FATAL", "CRITICAL", "CRIT", "PANIC", "DPANIC", "EMERG", "EMERGENCY", "FTL":
		return log.SeverityFatal
	}
	return log.SeverityUndefined
}

// numberSeverity knows the numbers of pino and bunyan: 10 trace to 60 fatal.
func numberSeverity(n int64) log.Severity {
	if n < 10 || n > 69 {
		return log.SeverityUndefined
	}
	return log.Severity((n/10-1)*4 + 1)
}

// levelWord is the level that a word of a line names: in capitals, with brackets or a colon around it or not. In lower case it is any word.
func levelWord(word string) (log.Severity, string) {
	word = strings.Trim(word, "[]():|<>,")
	if len(word) < 3 || word[0] < 'A' || word[0] > 'Z' || word[1] < 'A' || word[1] > 'Z' || word == "LOG" {
		return log.SeverityUndefined, ""
	}
	if s := severityOf(word); s != log.SeverityUndefined && strings.ToUpper(word) == word {
		return s, word
	}
	return log.SeverityUndefined, ""
}
