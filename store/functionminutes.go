package store

import (
	"github.com/ClickHouse/ch-go/proto"

	"weft/semconv"
)

// functionMinutes adds the invocations of a batch up by minute, for function_minutes; see rollup for why the writer does.
type functionMinutes struct {
	sums map[functionKey]*functionSums
	cols *functionMinuteColumns
}

type functionKey struct {
	minute                     int32 // Unix minutes
	function, version, outcome string
}

type functionSums struct {
	calls, cold         uint64
	durationNS, queueNS float64
	latency, coldWait   Histogram
	lastNS              int64
}

func newFunctionMinutes() functionMinutes {
	return functionMinutes{sums: make(map[functionKey]*functionSums), cols: newFunctionMinuteColumns()}
}

// functionMinuteColumns are the columns of function_minutes.
type functionMinuteColumns struct {
	hour                       proto.ColInt32
	minute                     secondColumn
	function, version, outcome *lcColumn
	calls, cold                proto.ColUInt64
	durationNS, queueNS        proto.ColFloat64
	latency, coldWait          countsColumn
	lastNS                     proto.ColInt64
	named                      []namedColumn
}

func newFunctionMinuteColumns() *functionMinuteColumns {
	c := &functionMinuteColumns{function: newLC(), version: newLC(), outcome: newLC()}
	c.named = []namedColumn{
		{"hour", &c.hour}, {"minute", &c.minute}, {"function", c.function}, {"version", c.version}, {"outcome", c.outcome},
		{"calls", summed{&c.calls, "sum"}}, {"cold_starts", summed{&c.cold, "sum"}}, {"duration_ns", summed{&c.durationNS, "sum"}},
		{"queue_ns", summed{&c.queueNS, "sum"}}, {"latency", summed{&c.latency, "sumMap"}}, {"cold_wait", summed{&c.coldWait, "sumMap"}},
		{"last_ns", summed{&c.lastNS, "max"}},
	}
	return c
}

// outcomes are those that are told apart; any other text is a client's own.
var outcomes = map[string]bool{
	semconv.OutcomeSuccess: true, semconv.OutcomeError: true, semconv.OutcomeTimeout: true, semconv.OutcomeCrash: true, semconv.OutcomeMemory: true,
	semconv.OutcomeThrottled: true, semconv.OutcomePlatform: true, semconv.OutcomeCanceled: true,
}

// rows are the sums of the invocations of c.
func (m *functionMinutes) rows(c *invocationColumns, guard *nameGuard) []namedColumn {
	clear(m.sums)
	texts := newTexts(c.function, c.version, c.outcome)
	for i, at := range c.time.ColInt64 {
		key := functionKey{minute: minuteOf(at), function: texts[0].at(i), version: texts[1].at(i), outcome: texts[2].at(i)}
		function, version := guard.admitOperation([]byte(key.function), []byte(key.version))
		if !function {
			key.function = OtherName
		}
		if !function || !version {
			key.version = OtherName
		}
		if !outcomes[key.outcome] {
			key.outcome = OtherName
		}
		s := m.sums[key]
		if s == nil {
			s = &functionSums{latency: Histogram{}, coldWait: Histogram{}}
			m.sums[key] = s
		}
		s.calls++
		s.lastNS = max(s.lastNS, at)
		s.queueNS += float64(c.queueNS[i])
		if d := c.durationNS[i]; d > 0 {
			s.durationNS += float64(d)
			s.latency[semconv.LatencyBucket(d)]++
		}
		if c.cold[i] {
			s.cold++
			s.coldWait[semconv.LatencyBucket(max(c.coldNS[i], 0))]++
		}
	}
	out := m.cols
	resetColumns(out.named)
	for key, s := range m.sums {
		out.hour = append(out.hour, int32(floorDiv(int64(key.minute), 60)))
		out.minute.ColInt64 = append(out.minute.ColInt64, int64(key.minute)*60)
		out.function.Append(key.function)
		out.version.Append(key.version)
		out.outcome.Append(key.outcome)
		out.calls, out.cold = append(out.calls, s.calls), append(out.cold, s.cold)
		out.durationNS, out.queueNS = append(out.durationNS, s.durationNS), append(out.queueNS, s.queueNS)
		out.latency.appendRow(s.latency)
		out.coldWait.appendRow(s.coldWait)
		out.lastNS = append(out.lastNS, s.lastNS)
	}
	return out.named
}

// lcTexts reads a column that was appended to.
type lcTexts struct {
	column *lcColumn
	texts  []string // of the dictionary
}

func newTexts(columns ...*lcColumn) []lcTexts {
	all := make([]lcTexts, len(columns))
	for i, c := range columns {
		all[i] = lcTexts{c, make([]string, c.dict.Rows())}
		for k := range all[i].texts {
			all[i].texts[k] = c.dict.Row(k)
		}
	}
	return all
}

func (t *lcTexts) at(i int) string { return t.texts[t.column.keys.at(i)] }
