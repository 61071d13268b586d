// Package packed writes and reads the compact binary form of documents that are
// decoded in every decision: a version byte, then fields in a fixed order. It is
// for forms of a few hundred bytes that must decode in well under a microsecond.
//
// A form is changed by giving it a new version byte; code that reads it knows the
// old ones.
package packed

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// Errors of a Reader.
var (
	ErrTruncated = errors.New("packed: truncated or malformed")
	ErrTrailing  = errors.New("packed: bytes after the end")
	ErrVersion   = errors.New("packed: written by a later version of this program: use that one")
)

// noTime stands for the zero time.
const noTime = math.MinInt64

// AppendString appends a string with its length.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendBytes appends bytes with their length.
func AppendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// AppendUint appends an unsigned number.
func AppendUint(dst []byte, n uint64) []byte { return binary.AppendUvarint(dst, n) }

// AppendBool appends a byte, 0 or 1.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendTime appends a time to the microsecond; the zero time stays zero.
func AppendTime(dst []byte, t time.Time) []byte {
	n := int64(noTime)
	if !t.IsZero() {
		n = t.UnixMicro()
	}
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}

// Reader takes fields off a packed form. After the first mistake every method
// returns a zero value, and Close the error: nothing read counts before that.
type Reader struct {
	rest []byte
	err  error
}

// NewReader reads b, which must begin with a version byte from 1 to newest.
func NewReader(b []byte, newest byte) (r Reader, version byte) {
	r.rest = b
	version = r.Byte()
	if r.err == nil && (version == 0 || version > newest) {
		r.err, r.rest = ErrVersion, nil
	}
	return r, version
}

// Close returns the first mistake, or that bytes are left.
func (r *Reader) Close() error {
	if r.err == nil && len(r.rest) > 0 {
		return ErrTrailing
	}
	return r.err
}

// take returns the next n bytes.
func (r *Reader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *Reader) fail() {
	if r.err == nil {
		r.err = ErrTruncated
	}
	r.rest = nil
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Bool reads what AppendBool wrote.
func (r *Reader) Bool() bool {
	b := r.Byte()
	if b > 1 {
		r.fail()
	}
	return b == 1
}

// Uint reads what AppendUint wrote.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Len reads the length of a list whose items take at least one byte each, so that
// a malformed one cannot ask for more memory than it has bytes.
func (r *Reader) Len() int {
	n := r.Uint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}

// String reads what AppendString wrote.
func (r *Reader) String() string { return string(r.Raw()) }

// Raw reads what AppendBytes or AppendString wrote, without copying.
func (r *Reader) Raw() []byte { return r.take(r.Uint()) }

// Time reads what AppendTime wrote, in UTC.
func (r *Reader) Time() time.Time {
	b := r.take(8)
	if b == nil {
		return time.Time{}
	}
	n := int64(binary.BigEndian.Uint64(b))
	if n == noTime {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
