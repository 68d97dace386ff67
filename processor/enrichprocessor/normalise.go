package enrichprocessor

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"google.golang.org/grpc/codes"

	"weft/semconv"
)

// Sides of a call, as indexes of keyInfo.targets.
const (
	callerSide = 0
	calleeSide = 1
)

// work is the scratch space of one batch at a time; a value is used by one goroutine.
type work struct {
	facts
	cfg  *Config
	keys semconv.KeyTable[*keyInfo]
	// present and values hold the current names that the attributes at hand have.
	present [maxSlots / 64]uint64
	values  [maxSlots]pcommon.Value
	renames []rename
	remove  []int // indexes of attributes to take out
	mended  []mendedKey
	// renamed says that a name of the current scope's schema was replaced.
	renamed bool
}

type rename struct {
	index   int
	value   pcommon.Value
	special special
	target  target
}

type mendedKey struct {
	key   string
	value pcommon.Value
}

func (w *work) has(s slot) bool { return w.present[s/64]&(1<<(s%64)) != 0 }

func (w *work) set(s slot, v pcommon.Value) {
	w.present[s/64] |= 1 << (s % 64)
	w.values[s] = v
	if s < firstFreeSlot {
		w.note(s, valueOf(v))
	}
}

// attributes mends and renames attrs in one pass, and leaves in w what they are by their current names. It returns how
// many were dropped. The old entries go when the caller, having read what it wants from w, calls prune.
func (w *work) attributes(attrs pcommon.Map, side int, rs *reasons) (dropped int) {
	dropped = w.limit(attrs, rs)
	w.present, w.given = [maxSlots / 64]uint64{}, 0
	w.renames, w.remove, w.mended = w.renames[:0], w.remove[:0], w.mended[:0]
	i := -1
	for key, value := range attrs.All() {
		i++
		w.value(value, w.cfg.MaxValueBytes, rs)
		info := brokenKey
		if len(key) <= w.cfg.MaxNameBytes {
			info = *w.keys.Find(key, know)
		}
		switch {
		case info.broken:
			w.mended = append(w.mended, mendedKey{w.name(key, rs), value})
			w.remove = append(w.remove, i)
		case info == plainKey:
		case info.derived:
			w.remove = append(w.remove, i)
		case info.old:
			if t := info.targets[side]; t.name != "" {
				w.renames = append(w.renames, rename{i, value, info.special, t})
			}
		default:
			convert(value, info.typ)
			w.set(info.slot, value)
		}
	}
	if len(w.renames)+len(w.mended) > 0 {
		w.apply(attrs)
	}
	return dropped
}

// apply appends the new entries. It leaves the old ones where they are, because w.values points at them.
func (w *work) apply(attrs pcommon.Map) {
	const parts = 2 // at most this many come of one old entry
	attrs.EnsureCapacity(attrs.Len() + parts*len(w.renames) + len(w.mended))
	for _, r := range w.renames {
		if w.rename(attrs, r) {
			w.remove = append(w.remove, r.index)
			w.renamed = true
		}
	}
	for _, m := range w.mended {
		if _, taken := attrs.Get(m.key); !taken {
			m.value.CopyTo(attrs.PutEmpty(m.key))
		}
	}
}

// prune removes the entries that attributes replaced or disbelieved. Values read from w before are not valid any more, facts are.
func (w *work) prune(attrs pcommon.Map) {
	if len(w.remove) == 0 {
		return
	}
	i := -1
	attrs.RemoveIf(func(string, pcommon.Value) bool {
		i++
		return slices.Contains(w.remove, i)
	})
	w.remove = w.remove[:0]
	w.present = [maxSlots / 64]uint64{}
}

// rename puts r's value under its new name and reports whether the old entry may go. A new name that the client sent
// itself, or that a better old name gave, is never overwritten; the old entry then stays unless it says the same.
func (w *work) rename(attrs pcommon.Map, r rename) bool {
	for _, other := range w.renames {
		if other.target.slot == r.target.slot && other.target.order < r.target.order && other.index != r.index {
			return false
		}
	}
	switch r.special {
	case splitTarget:
		return w.splitTarget(attrs, r)
	case splitHost:
		return w.splitHost(attrs, r)
	}
	if w.has(r.target.slot) {
		value := pcommon.NewValueEmpty()
		r.value.CopyTo(value)
		r.convert(value)
		return w.values[r.target.slot].Equal(value)
	}
	put := attrs.PutEmpty(r.target.name)
	r.value.MoveTo(put) // the old entry goes
	r.convert(put)
	w.set(r.target.slot, put)
	return true
}

// convert makes of an old attribute's value the new one's.
func (r rename) convert(value pcommon.Value) {
	switch r.special {
	case ipTransport:
		if t := value.Str(); t == "ip_tcp" || t == "ip_udp" {
			value.SetStr(strings.TrimPrefix(t, "ip_"))
		}
	case grpcStatus:
		convert(value, semconv.Int)
		if value.Type() == pcommon.ValueTypeInt && value.Int() >= 0 && value.Int() < int64(len(grpcNames)) {
			value.SetStr(grpcNames[codes.Code(value.Int())])
		}
	}
	convert(value, r.target.typ)
	if r.target.typ == semconv.String && value.Type() == pcommon.ValueTypeInt {
		value.SetStr(strconv.FormatInt(value.Int(), 10))
	}
}

// splitTarget takes "/a?b=c" apart.
func (w *work) splitTarget(attrs pcommon.Map, r rename) bool {
	if r.value.Type() != pcommon.ValueTypeStr {
		return false
	}
	urlPath, query, hasQuery := strings.Cut(r.value.Str(), "?")
	ok := w.putStr(attrs, slotURLPath, urlPath)
	if hasQuery && query != "" {
		ok = w.putStr(attrs, slotURLQuery, query) && ok
	}
	return ok
}

// splitHost takes "shop:8080" apart.
func (w *work) splitHost(attrs pcommon.Map, r rename) bool {
	if r.value.Type() != pcommon.ValueTypeStr {
		return false
	}
	host, portText, err := net.SplitHostPort(r.value.Str())
	if err != nil {
		return w.putStr(attrs, slotServerAddress, strings.Trim(r.value.Str(), "[]"))
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return false
	}
	ok := w.putStr(attrs, slotServerAddress, host)
	if w.has(slotServerPort) {
		have := w.values[slotServerPort]
		return ok && have.Type() == pcommon.ValueTypeInt && have.Int() == int64(port)
	}
	put := attrs.PutEmpty(names[slotServerPort])
	put.SetInt(int64(port))
	w.set(slotServerPort, put)
	return ok
}

// putStr reports whether the attribute now holds s.
func (w *work) putStr(attrs pcommon.Map, s slot, text string) bool {
	if w.has(s) {
		return w.str(s) == text
	}
	put := attrs.PutEmpty(names[s])
	put.SetStr(text)
	w.set(s, put)
	return true
}

// convert gives v the type that the conventions want when that loses nothing: "200" becomes 200, "0200" stays.
func convert(v pcommon.Value, want semconv.AttrType) {
	switch want {
	case semconv.Int:
		switch v.Type() {
		case pcommon.ValueTypeStr:
			if i, err := strconv.ParseInt(v.Str(), 10, 64); err == nil && strconv.FormatInt(i, 10) == v.Str() {
				v.SetInt(i)
			}
		case pcommon.ValueTypeDouble:
			const exact = 1 << 53 // up to here every whole float64 is one integer and no other
			if f := v.Double(); f >= -exact && f <= exact && f == float64(int64(f)) {
				v.SetInt(int64(f))
			}
		}
	case semconv.Bool:
		if v.Type() == pcommon.ValueTypeStr && (v.Str() == "true" || v.Str() == "false") {
			v.SetBool(v.Str() == "true")
		}
	}
}

// grpcNames are the status codes as the conventions spell them, by number.
var grpcNames = [...]string{
	codes.OK: "OK", codes.Canceled: "CANCELLED", codes.Unknown: "UNKNOWN", codes.InvalidArgument: "INVALID_ARGUMENT",
	codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
	codes.PermissionDenied: "PERMISSION_DENIED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED", codes.OutOfRange: "OUT_OF_RANGE",
	codes.Unimplemented: "UNIMPLEMENTED", codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE",
	codes.DataLoss: "DATA_LOSS", codes.Unauthenticated: "UNAUTHENTICATED",
}
