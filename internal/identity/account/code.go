package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// alphabet of codes: without vowels, so that no words come about, and without what is
// read as something else (0 and O, 1, I and L).
const alphabet = "23456789BCDFGHJKMNPQRSTVWXYZ"

// A code is a selector, by which it is found and its wrong tries are counted, and a
// secret of 48 bits: 5 tries of 2^48.
const (
	selectorLen = 6
	codeLen     = 16
)

// newCode returns a random code, ungrouped.
func newCode() string {
	const limit = 256 / len(alphabet) * len(alphabet) // beyond it the first letters would come more often
	out := make([]byte, 0, codeLen)
	var b [2 * codeLen]byte
	for len(out) < codeLen {
		_, _ = rand.Read(b[:]) // never fails
		for _, c := range b {
			if int(c) < limit && len(out) < codeLen {
				out = append(out, alphabet[int(c)%len(alphabet)])
			}
		}
	}
	return string(out)
}

// group writes a code as it is printed: BCDF-2345-GHJK-6789.
func group(code string) string {
	return code[:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:]
}

// parseCode reads a code as people type it: in any case, with or without spaces and
// dashes. That it has the right form says nothing about whether there is one.
func parseCode(text string) (selector, secret string, err error) {
	var b []byte
	for _, r := range strings.ToUpper(text) {
		switch {
		case r == ' ' || r == '-' || r == '–' || r == '\u00a0':
		case r < 128 && strings.IndexByte(alphabet, byte(r)) >= 0 && len(b) <= codeLen:
			b = append(b, byte(r))
		default:
			return "", "", malformedCode()
		}
	}
	if len(b) != codeLen {
		return "", "", malformedCode()
	}
	return string(b[:selectorLen]), string(b[selectorLen:]), nil
}

func malformedCode() error {
	return &errs.Error{Kind: errs.Invalid, Path: "code",
		Message: "A code has 16 letters and digits in four groups, such as BCDF-2345-GHJK-6789. It has no vowels, and neither 0, 1 nor L."}
}

// mac is a keyed hash of parts, each with its length.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

func isSelector(s string) bool {
	for i := range len(s) {
		if strings.IndexByte(alphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}
