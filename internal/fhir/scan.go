package fhir

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// scanner reads a document in one pass. Own code rather than jsontext's
// tokenizer, because the tape needs the offsets of everything, and the tokens
// alone took longer than the whole tape does; a fuzz test holds it against jsontext.
type scanner struct {
	b      []byte
	pos    int
	tape   []entry
	open   []uint32 // entries of the containers that pos lies in
	reason string
}

func (s *scanner) fail(reason string) bool {
	if s.reason == "" {
		s.reason = reason
	}
	return false
}

func (s *scanner) document() bool {
	s.space()
	if s.pos >= len(s.b) || s.b[s.pos] != '{' {
		if len(s.b) >= 3 && string(s.b[:3]) == "\xef\xbb\xbf" {
			return s.fail("it begins with a byte order mark; leave the mark out")
		}
		return s.fail("it must be one JSON object")
	}
	if !s.value(0, 0) {
		return false
	}
	s.space()
	if s.pos != len(s.b) {
		return s.fail("something follows the object")
	}
	return true
}

const (
	lows   = 0x0101010101010101
	highs  = 0x8080808080808080
	blanks = 0x20 * lows
)

// space skips white space; runs of indentation eight bytes at a time.
func (s *scanner) space() {
	b, p := s.b, s.pos
	for p < len(b) && b[p] <= ' ' {
		switch b[p] {
		case ' ':
			for p+8 <= len(b) && binary.LittleEndian.Uint64(b[p:]) == blanks {
				p += 8
			}
			for p < len(b) && b[p] == ' ' {
				p++
			}
		case '\n', '\r', '\t':
			p++
		default:
			s.pos = p
			return
		}
	}
	s.pos = p
}

// value reads one value, whose name (if it is a member) lies at key.
func (s *scanner) value(key uint32, keyLen uint8) bool {
	if s.pos >= len(s.b) {
		return s.fail("it ends too early")
	}
	if len(s.tape) >= MaxNodes {
		return s.fail("it holds too many values")
	}
	i := len(s.tape)
	s.tape = append(s.tape, entry{start: uint32(s.pos), key: key, keyLen: keyLen})
	ok := false
	kind, flags := String, uint8(0)
	switch c := s.b[s.pos]; c {
	case '"':
		flags, ok = s.text()
	case '{':
		kind, ok = Object, s.container(i, '}')
	case '[':
		kind, ok = Array, s.container(i, ']')
	case 't':
		kind, ok = Bool, s.literal("true")
	case 'f':
		kind, ok = Bool, s.literal("false")
	case 'n':
		kind, ok = Null, s.literal("null")
	default:
		if c != '-' && (c < '0' || c > '9') {
			return s.fail("a value is expected here")
		}
		kind, ok = Number, s.number()
	}
	if !ok && kind != Object && kind != Array {
		kind = Null // so that nothing reads a value which is not whole
	}
	e := &s.tape[i]
	e.end, e.next, e.kind, e.flags = uint32(s.pos), uint32(len(s.tape)), kind, flags
	return ok
}

func (s *scanner) literal(word string) bool {
	if len(s.b)-s.pos < len(word) || string(s.b[s.pos:s.pos+len(word)]) != word {
		return s.fail("a value is expected here")
	}
	s.pos += len(word)
	return true
}

// container reads an object or an array, whose entry is i, up to its end.
func (s *scanner) container(i int, end byte) bool {
	if len(s.open) >= MaxDepth {
		return s.fail("objects and arrays lie too deep inside each other")
	}
	s.open = append(s.open, uint32(i))
	s.pos++
	s.space()
	if s.pos < len(s.b) && s.b[s.pos] == end {
		s.pos++
		s.open = s.open[:len(s.open)-1]
		return true
	}
	seen := names{}
	for {
		var key uint32
		var keyLen uint8
		if end == '}' {
			var ok bool
			if key, keyLen, ok = s.name(i, &seen); !ok {
				return false
			}
		}
		if !s.value(key, keyLen) {
			return false
		}
		s.space()
		if s.pos >= len(s.b) {
			return s.fail("it ends too early")
		}
		switch s.b[s.pos] {
		case ',':
			s.pos++
			s.space()
		case end:
			s.pos++
			s.open = s.open[:len(s.open)-1]
			return true
		default:
			return s.fail("a comma or the end of the list is expected here")
		}
	}
}

// name reads a member's name and its colon.
func (s *scanner) name(object int, seen *names) (key uint32, keyLen uint8, ok bool) {
	if s.pos >= len(s.b) || s.b[s.pos] != '"' {
		return 0, 0, s.fail("a member's name in double quotes is expected here")
	}
	start := s.pos + 1
	flags, ok := s.text()
	n := s.pos - 1 - start
	switch {
	case !ok:
		return 0, 0, false
	case flags&escaped != 0:
		return 0, 0, s.fail("a member's name may not be written with escapes")
	case n > maxName:
		return 0, 0, s.fail("a member's name is too long")
	case seen.twice(s, object, s.b[start:start+n]):
		s.pos = start - 1
		return 0, 0, s.fail("a member is there twice")
	}
	s.space()
	if s.pos >= len(s.b) || s.b[s.pos] != ':' {
		return 0, 0, s.fail("a colon is expected after a member's name")
	}
	s.pos++
	s.space()
	return uint32(start), uint8(n), true
}

// text reads a string.
func (s *scanner) text() (flags uint8, ok bool) {
	b, p := s.b, s.pos+1
	start, wide := p, false
	for {
		for p+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[p:])
			q, e := w^('"'*lows), w^('\\'*lows)
			stop := ((w - blanks) | (q - lows) | (e - lows) | w) & highs
			if stop != 0 {
				// Bytes of 0x80 and more may be found by a borrow too: looked at below.
				p += bits.TrailingZeros64(stop) / 8
				break
			}
			p += 8
		}
		if p >= len(b) {
			s.pos = p
			return 0, s.fail("a string has no end")
		}
		switch c := b[p]; {
		case c == '"':
			s.pos = p + 1
			if wide && !utf8.Valid(b[start:p]) {
				s.pos = start
				return 0, s.fail("a string is not valid UTF-8")
			}
			return flags, true
		case c == '\\':
			n := escape(b[p:])
			if n == 0 {
				s.pos = p
				return 0, s.fail("an escape in a string is wrong")
			}
			flags |= escaped
			p += n
		case c < ' ':
			s.pos = p
			return 0, s.fail("a control character in a string must be escaped")
		case c >= utf8.RuneSelf:
			wide = true
			p++
		default:
			p++
		}
	}
}

// number reads a number, keeping to the grammar of RFC 8259.
func (s *scanner) number() bool {
	b, p := s.b, s.pos
	digits := func() bool {
		from := p
		for p < len(b) && b[p]-'0' <= 9 {
			p++
		}
		return p > from
	}
	if b[p] == '-' {
		p++
	}
	ok := true
	if p < len(b) && b[p] == '0' {
		p++
	} else {
		ok = digits()
	}
	if ok && p < len(b) && b[p] == '.' {
		p++
		ok = digits()
	}
	if ok && p < len(b) && (b[p] == 'e' || b[p] == 'E') {
		p++
		if p < len(b) && (b[p] == '+' || b[p] == '-') {
			p++
		}
		ok = digits()
	}
	s.pos = p
	if !ok {
		return s.fail("a number is written wrongly")
	}
	return true
}
