package web

import (
	"strings"
	"unicode/utf8"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// Limits of a query or a form.
const (
	MaxPairs = 64   // parameters
	MaxValue = 2048 // bytes of one value
	maxName  = 64   // bytes of one name
)

// Pair is one parameter of a query or a form, in the order in which they came.
type Pair struct{ Name, Value string }

// AppendPairs reads an application/x-www-form-urlencoded text, strictly: every
// escape is two hex digits and what comes out is printable UTF-8. It does not keep
// raw. Errors never quote what was sent.
func AppendPairs(dst []Pair, raw []byte) ([]Pair, error) { return AppendForm(dst, raw, MaxValue) }

// AppendForm is AppendPairs for forms whose values may be longer.
func AppendForm(dst []Pair, raw []byte, maxValue int) ([]Pair, error) {
	if len(raw) == 0 {
		return dst, nil
	}
	text := string(raw)
	for len(text) > 0 {
		part, rest, _ := strings.Cut(text, "&")
		if text = rest; part == "" {
			continue
		}
		if len(dst) == MaxPairs {
			return nil, errs.New(errs.Invalid, "There are more than %d parameters.", MaxPairs)
		}
		name, value, _ := strings.Cut(part, "=")
		var ok1, ok2 bool
		name, ok1 = unescape(name, maxName)
		value, ok2 = unescape(value, maxValue)
		if !ok1 || !ok2 || name == "" {
			return nil, errs.New(errs.Invalid,
				"A parameter cannot be read: it must be a name of at most %d bytes and a value of at most %d, percent-encoded, printable and UTF-8.", maxName, maxValue)
		}
		dst = append(dst, Pair{name, value})
	}
	return dst, nil
}

// unescape decodes percent-encoding and plus signs. It returns s itself when
// there is nothing to decode.
func unescape(s string, limit int) (string, bool) {
	if strings.IndexByte(s, '%') >= 0 || strings.IndexByte(s, '+') >= 0 {
		out := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '+':
				out = append(out, ' ')
			case '%':
				if i+2 >= len(s) {
					return "", false
				}
				hi, lo := unhex(s[i+1]), unhex(s[i+2])
				if hi|lo > 15 {
					return "", false
				}
				out = append(out, hi<<4|lo)
				i += 2
			default:
				out = append(out, s[i])
			}
		}
		s = string(out)
	}
	return s, len(s) <= limit && printable(s)
}

// unhex returns more than 15 for what is no hex digit.
func unhex(b byte) byte {
	switch {
	case b >= '0' && b <= '9':
		return b - '0'
	case b >= 'a' && b <= 'f':
		return b - 'a' + 10
	case b >= 'A' && b <= 'F':
		return b - 'A' + 10
	}
	return 0xff
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

// AppendEscaped appends s as the value of a query parameter.
func AppendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9',
			b == '-', b == '_', b == '.', b == '~', b == ',', b == ':', b == '/', b == '$':
			dst = append(dst, b)
		default:
			dst = append(dst, '%', hex[b>>4], hex[b&15])
		}
	}
	return dst
}
