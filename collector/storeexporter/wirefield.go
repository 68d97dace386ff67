package storeexporter

// Wire types of protobuf's encoding, in the lowest three bits of a tag.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// nextField takes the first field off a message: its tag, its number or its bytes, and what is left. It is stricter than pdata, which takes
// groups and numbers of fields that do not fit; whoever gets a false here asks pdata.
func nextField(s string) (tag, number uint64, body, rest string, ok bool) {
	if len(s) >= 2 && s[0] < 0x80 && s[0] >= 1<<3 && s[0]&7 == wireBytes && s[1] < 0x80 && int(s[1]) <= len(s)-2 { // most fields
		end := 2 + int(s[1])
		return uint64(s[0]), 0, s[2:end], s[end:], true
	}
	tag, n := varint(s)
	if n == 0 || tag < 1<<3 || tag >= 1<<32 {
		return 0, 0, "", "", false
	}
	s = s[n:]
	switch tag & 7 {
	case wireVarint:
		number, n = varint(s)
		return tag, number, "", s[n:], n > 0
	case wireBytes:
		size, n := varint(s)
		if n == 0 || size > uint64(len(s)-n) {
			return 0, 0, "", "", false
		}
		s = s[n:]
		return tag, 0, s[:size], s[size:], true
	case wireFixed64:
		if len(s) < 8 {
			return 0, 0, "", "", false
		}
		return tag, uint64(fixed32(s)) | uint64(fixed32(s[4:]))<<32, "", s[8:], true
	case wireFixed32:
		if len(s) < 4 {
			return 0, 0, "", "", false
		}
		return tag, uint64(fixed32(s)), "", s[4:], true
	}
	return 0, 0, "", "", false
}

// varint reads a number and how many bytes it takes; 0 when there is none.
func varint(s string) (v uint64, n int) {
	if len(s) > 0 && s[0] < 0x80 {
		return uint64(s[0]), 1
	}
	for i := 0; i < len(s) && i < 10; i++ {
		v |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

func fixed32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
