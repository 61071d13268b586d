package web

import "unicode/utf8"

// AppendString appends s as a JSON string. What is not UTF-8 becomes the
// replacement character.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			if b >= ' ' && b != '"' && b != '\\' {
				i++
				continue
			}
			dst = append(dst, s[from:i]...)
			switch b {
			case '"', '\\':
				dst = append(dst, '\\', b)
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[from:i]...)
			dst = append(dst, "\uFFFD"...)
			from = i + n
		}
		i += n
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// Issue is one issue of an OperationOutcome, or the whole of a problem document.
type Issue struct {
	Severity string // fatal, error, warning or information
	Type     string // FHIR issue type
	Code     string // as RULES names it; may be empty
	Text     string
	Path     string // FHIRPath or field name; may be empty
}

// CodeSystem is the system of the codes that our answers carry.
const CodeSystem = "urn:dcr:answer"

// AppendOutcome appends an OperationOutcome with one issue.
func AppendOutcome(dst []byte, i Issue) []byte {
	dst = append(dst, `{"resourceType":"OperationOutcome","issue":[{"severity":"`...)
	dst = append(dst, i.Severity...)
	dst = append(dst, `","code":"`...)
	dst = append(dst, i.Type...)
	dst = append(dst, `","details":{`...)
	if i.Code != "" {
		dst = append(dst, `"coding":[{"system":"`+CodeSystem+`","code":`...)
		dst = AppendString(dst, i.Code)
		dst = append(dst, `}],`...)
	}
	dst = append(dst, `"text":`...)
	dst = AppendString(dst, i.Text)
	dst = append(dst, '}')
	if i.Path != "" {
		dst = append(dst, `,"expression":[`...)
		dst = AppendString(dst, i.Path)
		dst = append(dst, ']')
	}
	return append(dst, `}]}`...)
}
