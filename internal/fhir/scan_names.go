package fhir

import "unicode/utf16"

// names finds a member that an object has twice. A filter of 64 bits answers
// for nearly every name; an object with very many members gets a map.
type names struct {
	filter uint64
	count  int
	all    map[string]struct{}
}

// manyNames is from where comparing with every earlier member costs too much.
const manyNames = 32

func (n *names) twice(s *scanner, object int, name []byte) bool {
	n.count++
	if n.count > manyNames {
		return n.twiceOfMany(s, object, name)
	}
	h := uint(len(name))
	if len(name) > 0 {
		h += uint(name[0])*7 + uint(name[len(name)-1])*13 + uint(name[len(name)/2])*29
	}
	bit := uint64(1) << (h & 63)
	if n.filter&bit == 0 {
		n.filter |= bit
		return false
	}
	for i := object + 1; i < len(s.tape); i = int(s.tape[i].next) {
		if e := &s.tape[i]; int(e.keyLen) == len(name) && string(s.b[e.key:e.key+uint32(e.keyLen)]) == string(name) {
			return true
		}
	}
	return false
}

func (n *names) twiceOfMany(s *scanner, object int, name []byte) bool {
	if n.all == nil {
		n.all = make(map[string]struct{}, 4*manyNames)
		for i := object + 1; i < len(s.tape); i = int(s.tape[i].next) {
			e := &s.tape[i]
			n.all[string(s.b[e.key:e.key+uint32(e.keyLen)])] = struct{}{}
		}
	}
	before := len(n.all)
	n.all[string(name)] = struct{}{}
	return len(n.all) == before
}

// escape returns the length of the escape that b begins with, or 0 if it is
// none. Half a surrogate pair is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		r, ok := hex4(b)
		if !ok {
			return 0
		}
		if !utf16.IsSurrogate(r) {
			return 6
		}
		r2, ok := hex4(b[6:])
		if !ok || utf16.DecodeRune(r, r2) == '\uFFFD' {
			return 0
		}
		return 12
	}
	return 0
}

// hex4 reads \uXXXX.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
