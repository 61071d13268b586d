package fhir

import "strconv"

// maxString is FHIR's limit on a string, in bytes.
const maxString = 1 << 20

// primitive checks one value of a primitive type.
func (v *validator) primitive(n Node, row *elementRow) {
	kind := n.Kind()
	switch row.typ {
	case pBoolean:
		if kind != Bool {
			v.structure(n, RuleJSON, "Give true or false, without quotes.")
		}
		return
	case pDecimal, pInteger, pPositiveInt, pUnsignedInt:
		if kind != Number {
			v.structure(n, RuleJSON, "Give a number, without quotes.")
		} else if !number(row.typ, n.Raw()) {
			v.value(n, ruleValue+primitiveNames[row.typ], "%s", hints[row.typ])
		}
		return
	}
	if kind != String {
		v.structure(n, RuleJSON, "Give a text in double quotes, a %s.", primitiveNames[row.typ])
		return
	}
	text := n.Raw()
	text = text[1 : len(text)-1]
	special := n.entry().flags&escaped != 0
	if special {
		v.buf = unescape(v.buf[:0], text)
		text = v.buf
	}
	switch {
	case len(text) == 0:
		v.structure(n, RuleEmpty, "Leave out a text that is empty.")
	case row.typ == pXHTML:
		v.narrative(n, text)
	case len(text) > maxString && row.typ != pBase64Binary:
		v.value(n, ruleValue+primitiveNames[row.typ], "Write at most 1 MB; send more as an attachment.")
	case !lexical(row.typ, text, special):
		v.value(n, ruleValue+primitiveNames[row.typ], "%s", hints[row.typ])
	case row.codes != nil && !row.codes.has(text):
		v.issue(n, SeverityError, "code-invalid", RuleCode, "Give one of these codes: "+list(row.codes.codes)+".")
	}
}

// hints say how a value of each type is written.
var hints = [firstType]string{
	pBase64Binary: "Write the content in base64.",
	pCanonical:    "Write a canonical URL, without spaces.",
	pCode:         "Write a code without spaces before, after or double inside.",
	pDate:         "Write a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD.",
	pDateTime:     "Write a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD, or a time as YYYY-MM-DDThh:mm:ss with a time zone (Z or +01:00).",
	pDecimal:      "Write a decimal number that has at most 18 digits before the point and no huge exponent.",
	pID:           "Write an id of 1 to 64 letters, digits, hyphens and points.",
	pInstant:      "Write a time as YYYY-MM-DDThh:mm:ss with a time zone (Z or +01:00).",
	pInteger:      "Write a whole number of at most 32 bits.",
	pMarkdown:     "Write a text without control characters.",
	pOID:          "Write an OID as urn:oid: and numbers with points between.",
	pPositiveInt:  "Write a whole number from 1 to 2147483647.",
	pString:       "Write a text without control characters.",
	pTime:         "Write a time of day as hh:mm:ss.",
	pUnsignedInt:  "Write a whole number from 0 to 2147483647.",
	pURI:          "Write a URI, without spaces.",
	pURL:          "Write a URL, without spaces.",
	pUUID:         "Write a UUID as urn:uuid: and 32 hexadecimal digits in lower case with hyphens.",
}

// number checks what the JSON grammar leaves open.
func number(typ typeID, raw []byte) bool {
	if typ == pDecimal {
		return decimal(raw)
	}
	v, err := strconv.ParseInt(string(raw), 10, 32)
	switch typ {
	case pPositiveInt:
		return err == nil && v > 0
	case pUnsignedInt:
		return err == nil && v >= 0
	}
	return err == nil
}

// decimal refuses what no reader can take in: FHIR asks for 18 digits at least.
func decimal(raw []byte) bool {
	whole, exponent := 0, 0
	for i, c := range raw {
		if c == '.' || c == 'e' || c == 'E' {
			break
		}
		whole = i + 1
	}
	for i, c := range raw {
		if c == 'e' || c == 'E' {
			exponent = len(raw) - i
		}
	}
	return whole <= 19 && exponent <= 5 && len(raw) <= 64
}

// lexical checks the form of a text. A text in which nothing was escaped has no
// control characters: the scanner refuses them.
func lexical(typ typeID, s []byte, special bool) bool {
	switch typ {
	case pString, pMarkdown:
		return !special || printable(s)
	case pCode:
		return code(s)
	case pURI, pURL, pCanonical:
		return noSpace(s)
	case pDate:
		d, ok := scanDate(s)
		return ok && d.precision <= byDay
	case pDateTime:
		_, ok := scanDate(s)
		return ok
	case pInstant:
		d, ok := scanDate(s)
		return ok && d.precision >= bySecond
	case pTime:
		_, n, ok := scanClock(s)
		return ok && n == len(s)
	case pID:
		return validID(s)
	case pBase64Binary:
		return base64(s)
	case pOID:
		return oid(s)
	case pUUID:
		return uuid(s)
	}
	return true
}

func printable(s []byte) bool {
	for _, c := range s {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

func code(s []byte) bool {
	before := byte(' ')
	for _, c := range s {
		if c < ' ' || c == ' ' && before == ' ' {
			return false
		}
		before = c
	}
	return before != ' '
}

func noSpace(s []byte) bool {
	for _, c := range s {
		if c <= ' ' {
			return false
		}
	}
	return true
}

// base64 allows the white space that FHIR allows.
func base64(s []byte) bool {
	n, pad := 0, 0
	for _, c := range s {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			if pad > 0 {
				return false
			}
		case c == '=':
			pad++
		case c == ' ', c == '\n', c == '\r', c == '\t':
			continue
		default:
			return false
		}
		n++
	}
	return n%4 == 0 && pad <= 2
}

func oid(s []byte) bool {
	const prefix = "urn:oid:"
	if len(s) <= len(prefix) || string(s[:len(prefix)]) != prefix {
		return false
	}
	s = s[len(prefix):]
	if s[0] > '2' {
		return false
	}
	before, points := byte('.'), 0
	for i, c := range s {
		switch {
		case c == '.' && before != '.':
			points++
		case c == '0' && before == '.' && i+1 < len(s) && s[i+1] != '.':
			return false
		case c-'0' > 9:
			return false
		}
		before = c
	}
	return before != '.' && points > 0
}

func uuid(s []byte) bool {
	const prefix = "urn:uuid:"
	if len(s) != len(prefix)+36 || string(s[:len(prefix)]) != prefix {
		return false
	}
	for i, c := range s[len(prefix):] {
		switch hyphen := i == 8 || i == 13 || i == 18 || i == 23; {
		case hyphen && c != '-', !hyphen && (c-'0' > 9) && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}
