package fhir

import "strconv"

// where returns the place of the value as a FHIRPath from the document's root:
// Patient.name[0].given[1], Bundle.entry[3].resource.status. A name that no
// FHIR element could have is written as ?.
func (n Node) where() string {
	if n.d == nil {
		return ""
	}
	return string(appendWhere(nil, n.d.b, n.d.tape, n.i))
}

func appendWhere(dst []byte, b []byte, t []entry, target uint32) []byte {
	dst = append(dst, knownType((&Document{b: b, tape: t}).Root().Type())...)
	at := uint32(0)
	for at != target {
		index, child := 0, at+1
		for t[child].next <= target {
			child = t[child].next
			index++
		}
		if t[at].kind == Array {
			dst = append(strconv.AppendInt(append(dst, '['), int64(index), 10), ']')
		} else {
			e := &t[child]
			dst = appendName(append(dst, '.'), b[e.key:e.key+uint32(e.keyLen)])
		}
		at = child
	}
	return dst
}

// appendName writes a member's name if it could be one of FHIR's: a sender may
// have put anything there.
func appendName(dst, name []byte) []byte {
	digits := 0
	for i, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_' && i == 0:
		case c >= '0' && c <= '9' && i > 0:
			digits++
		default:
			return append(dst, '?')
		}
	}
	if len(name) == 0 || len(name) > 40 || digits > 2 {
		return append(dst, '?')
	}
	return append(dst, name...)
}

// knownType returns name if it is a resource type, else "Resource", so that
// what a sender wrote there is not repeated.
func knownType(name string) string {
	if IsType(name) {
		return name
	}
	return "Resource"
}

// where is the place of the container that the scanner stopped in. Containers
// have been closed on the way out; the last value may not have been.
func (s *scanner) where() string {
	if len(s.open) == 0 {
		return ""
	}
	last := len(s.tape) - 1
	if e := &s.tape[last]; e.next == 0 {
		e.next, e.end = uint32(last+1), e.start
	}
	return string(appendWhere(nil, s.b, s.tape, s.open[len(s.open)-1]))
}
