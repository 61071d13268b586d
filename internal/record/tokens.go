package record

import (
	"encoding/binary"
	"math"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// Tokens are stored as hashes: a filter compares two numbers, and the envelope
// says no clinical code in clear. FNV-1a is stable; a collision (one in 2^64) would
// show one entry too many of the same person.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// appendToken appends a code as its hashes, and a date as its bounds.
func appendToken(dst []byte, t fhir.Token) []byte {
	dst = append(dst, byte(t.Param))
	if t.Dated() {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t.Low.UnixMicro()))
		return binary.BigEndian.AppendUint64(dst, uint64(t.High.UnixMicro()))
	}
	dst = binary.BigEndian.AppendUint64(dst, hash(t.System))
	return binary.BigEndian.AppendUint64(dst, hash(t.Code))
}

// tokenTest is a TokenFilter made ready to compare.
type tokenTest struct {
	param byte
	not   bool
	anyOf []tokenHash
}

type tokenHash struct {
	system, code       uint64
	anySystem, anyCode bool
}

// tester is a Search made ready to compare with envelopes.
type tester struct {
	typ    string
	ids    map[string]bool // nil: any
	tokens []tokenTest
	dates  []DateFilter
}

func newTester(s Search) tester {
	t := tester{typ: s.Type, dates: s.Dates}
	if s.IDs != nil {
		t.ids = make(map[string]bool, len(s.IDs))
		for _, id := range s.IDs {
			t.ids[id] = true
		}
	}
	for _, f := range s.Tokens {
		tt := tokenTest{param: byte(f.Param), not: f.Not}
		for _, v := range f.AnyOf {
			tt.anyOf = append(tt.anyOf, tokenHash{hash(v.System), hash(v.Code), v.AnySystem, v.AnyCode})
		}
		t.tokens = append(t.tokens, tt)
	}
	return t
}

// matches reports whether the entry is one that the search asks for.
func (t *tester) matches(e envelope, id string) bool {
	if e.has(flagDeleted|flagMoved) || t.typ != "" && string(e.str(strType)) != t.typ {
		return false
	}
	if t.ids != nil && !t.ids[id] {
		return false
	}
	for i := range t.tokens {
		if t.tokens[i].among(e.tokens()) == t.tokens[i].not {
			return false
		}
	}
	for i := range t.dates {
		if !t.dates[i].holds(e) {
			return false
		}
	}
	return true
}

// holds compares the clinical date, or any of the dates of the filter's parameter.
func (f *DateFilter) holds(e envelope) bool {
	if f.Param == 0 {
		return !e.has(flagUndated) && f.matches(e.int(atLow), e.int(atHigh))
	}
	for tokens := e.tokens(); len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
		if tokens[0] != byte(f.Param) {
			continue
		}
		low, high := binary.BigEndian.Uint64(tokens[1:]), binary.BigEndian.Uint64(tokens[9:])
		if f.matches(int64(low), int64(high)) {
			return true
		}
	}
	return false
}

func (t *tokenTest) among(tokens []byte) bool {
	for ; len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
		if tokens[0] != t.param {
			continue
		}
		system, code := binary.BigEndian.Uint64(tokens[1:]), binary.BigEndian.Uint64(tokens[9:])
		for _, w := range t.anyOf {
			if (w.anySystem || w.system == system) && (w.anyCode || w.code == code) {
				return true
			}
		}
	}
	return false
}

// matches compares as FHIR R4 section 3.1.1.4.7 says: low and high are the
// entry's range, in Unix microseconds, high exclusive like f.High. An entry
// without a date has low == high and matches nothing; a range without an end is
// stored with one before its beginning.
func (f *DateFilter) matches(low, high int64) bool {
	if low == high {
		return false
	}
	if high < low {
		high = math.MaxInt64
	}
	from, to := f.Low.UnixMicro(), f.High.UnixMicro()
	switch f.Prefix {
	case "", "eq":
		return from <= low && high <= to
	case "ne":
		return low < from || to < high
	case "gt":
		return high > to
	case "lt":
		return low < from
	case "ge":
		return high > to || from <= low && high <= to
	case "le":
		return low < from || from <= low && high <= to
	case "sa":
		return low >= to
	case "eb":
		return high <= from
	}
	return false
}
