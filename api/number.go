package api

import (
	"strings"
	"unicode"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// postOnly refuses, without repeating it, what identifies a person in a URL.
func postOnly() error {
	return errs.Coded(errs.Invalid, codePostOnly, "What identifies a person is never put in a URL: send it in the body of POST Patient/_search.")
}

// numbered reports whether a parameter has what looks like an NHS number where an id
// belongs, or where nothing of ours does. A code or a date may well have ten digits.
func numbered(k *kind, p web.Pair) bool {
	name, _, _ := strings.Cut(p.Name, ":")
	if param, ok := k.params[name]; ok && param.Kind != fhir.ReferenceParam {
		return false
	}
	return name != cursorParam && holdsNumber(p.Value)
}

// holdsNumber reports whether one of the words of the text is ten digits, which may
// be parted by blanks and dashes. That the check digit is right is not asked: a
// number that was typed wrongly is nearly somebody's.
func holdsNumber(text string) bool {
	digits := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			digits++
		}
	}
	if digits < 10 {
		return false
	}
	joined := strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	for word := range strings.FieldsFuncSeq(joined, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(word) == 10 && strings.Trim(word, "0123456789") == "" {
			return true
		}
	}
	return false
}
