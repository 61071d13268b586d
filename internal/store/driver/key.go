package driver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Strings are written with a zero byte escaped and a terminator that sorts below
// every continuation, so that encoded strings compare as the strings do and none
// is a prefix of another. Descending fields have all bits turned over.
const (
	terminator = "\x00\x01"
	escaped    = "\x00\xff"
)

var errKey = errors.New("store: malformed key")

// AppendString appends s in the order-preserving form.
func AppendString(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			break
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, escaped...)
		s = s[i+1:]
	}
	dst = append(dst, s...)
	return append(dst, terminator...)
}

// AppendInt appends n in the order-preserving form: eight bytes.
func AppendInt(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(n)^1<<63)
}

// AppendKey appends the values of the first fields of ix. Keys of all fields
// compare, as bytes, in the order of the index.
func AppendKey(dst []byte, ix *Index, values []Value) ([]byte, error) {
	if len(values) > len(ix.Fields) {
		return nil, fmt.Errorf("store: %d values for the %d fields of index %s", len(values), len(ix.Fields), ix.Name)
	}
	for i := range values {
		f := ix.Fields[i]
		if values[i].Kind != f.Kind {
			return nil, fmt.Errorf("store: value %d of index %s has another type than its field", i, ix.Name)
		}
		start := len(dst)
		if f.Kind == String {
			dst = AppendString(dst, values[i].S)
		} else {
			dst = AppendInt(dst, values[i].N)
		}
		if f.Desc {
			invert(dst[start:])
		}
	}
	return dst, nil
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// CutString parses a string that AppendString wrote at the start of b.
func CutString(b []byte) (s string, rest []byte, err error) {
	n := stringLen(b, false)
	if n < 0 {
		return "", nil, errKey
	}
	raw := b[:n-len(terminator)]
	if bytes.IndexByte(raw, 0) < 0 {
		return string(raw), b[n:], nil
	}
	return strings.ReplaceAll(string(raw), escaped, "\x00"), b[n:], nil
}

// stringLen returns the length of the encoded string at the start of b,
// terminator included, or -1.
func stringLen(b []byte, desc bool) int {
	var flip byte
	if desc {
		flip = 0xff
	}
	for i := 0; ; {
		j := bytes.IndexByte(b[i:], flip)
		if j < 0 || i+j+1 >= len(b) {
			return -1
		}
		i += j + 2
		switch b[i-1] ^ flip {
		case terminator[1]:
			return i
		case escaped[1]:
		default:
			return -1
		}
	}
}

// SkipKey returns what follows a whole key of ix in b: in an engine's keys and in
// cursors, the id.
func SkipKey(ix *Index, b []byte) (rest []byte, err error) {
	for _, f := range ix.Fields {
		n := 8
		if f.Kind == String {
			n = stringLen(b, f.Desc)
		}
		if n < 0 || n > len(b) {
			return nil, errKey
		}
		b = b[n:]
	}
	return b, nil
}

// CutKey parses a whole key of ix at the start of b.
func CutKey(ix *Index, b []byte) (values []Value, rest []byte, err error) {
	for _, f := range ix.Fields {
		n := 8
		if f.Kind == String {
			n = stringLen(b, f.Desc)
		}
		if n < 0 || n > len(b) {
			return nil, nil, errKey
		}
		part := b[:n]
		if f.Desc {
			part = bytes.Clone(part)
			invert(part)
		}
		if f.Kind == Int {
			values = append(values, Num(int64(binary.BigEndian.Uint64(part)^1<<63)))
		} else {
			s, _, err := CutString(part)
			if err != nil {
				return nil, nil, err
			}
			values = append(values, Str(s))
		}
		b = b[n:]
	}
	return values, b, nil
}

// Cursor returns the place of a document in an order: its encoded key followed
// by its id, or the id alone in the order of ids (ix nil).
func Cursor(ix *Index, key []Value, id string) ([]byte, error) {
	if ix == nil {
		return []byte(id), nil
	}
	b, err := AppendKey(nil, ix, key)
	return append(b, id...), err
}

// Bounds returns the range of q over keys that are prefix, then a key of ix, then
// an id: lo <= key < hi. A nil hi is the end of everything.
func Bounds(prefix []byte, ix *Index, q *Query) (lo, hi []byte, err error) {
	base, err := AppendKey(bytes.Clone(prefix), ix, q.Equal)
	if err != nil {
		return nil, nil, err
	}
	lo, hi = base, Successor(base)
	if q.From == nil && q.To == nil {
		return lo, hi, nil
	}
	if len(q.Equal) >= len(ix.Fields) {
		return nil, nil, fmt.Errorf("store: no field left for a range in index %s", ix.Name)
	}
	f := Index{Name: ix.Name, Fields: ix.Fields[len(q.Equal) : len(q.Equal)+1]}
	edge := func(v *Value) ([]byte, error) { return AppendKey(bytes.Clone(base), &f, []Value{*v}) }
	first, last := q.From, q.To
	if f.Fields[0].Desc {
		first, last = q.To, q.From
	}
	if first != nil {
		if lo, err = edge(first); err != nil {
			return nil, nil, err
		}
	}
	if last != nil {
		if hi, err = edge(last); err != nil {
			return nil, nil, err
		}
	}
	// Turned over, From is the last value that belongs and To the first that does not.
	if f.Fields[0].Desc && first != nil {
		lo = Successor(lo)
	}
	if f.Fields[0].Desc && last != nil {
		hi = Successor(hi)
	}
	return lo, hi, nil
}

// Successor returns the least key above all that begin with b, or nil if there is
// none.
func Successor(b []byte) []byte {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0xff {
			s := bytes.Clone(b[:i+1])
			s[i]++
			return s
		}
	}
	return nil
}
