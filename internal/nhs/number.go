// Package nhs holds the national identifiers the record is keyed by. Values
// are parsed once, at the edge; code further in can rely on their check digits.
package nhs

import (
	"fmt"
	"log/slog"
	"strings"
	"unique"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// Number is a checked NHS number. However it is printed, logged or encoded it
// comes out masked, so that a stray %v cannot put one in a file. Use Digits where
// the real value has to leave the process.
//
// The digits are behind a unique.Handle because fmt does not call the methods of
// an unexported field: it would print a string there, but prints a pointer as an
// address.
type Number struct{ h unique.Handle[string] }

// ParseNumber reads an NHS number, ignoring spaces, and verifies the modulus 11
// check digit.
func ParseNumber(s string) (Number, error) {
	d := strings.ReplaceAll(s, " ", "")
	if len(d) != 10 {
		return Number{}, errs.New(errs.Invalid, "an NHS number has 10 digits")
	}
	sum := 0
	for i, r := range d {
		if r < '0' || r > '9' {
			return Number{}, errs.New(errs.Invalid, "an NHS number has digits only")
		}
		if i < 9 {
			sum += int(r-'0') * (10 - i)
		}
	}
	if check := (11 - sum%11) % 11; check == 10 || check != int(d[9]-'0') {
		return Number{}, errs.New(errs.Invalid, "the NHS number's check digit does not match")
	}
	return Number{unique.Make(strings.Clone(d))}, nil
}

// MustNumber is ParseNumber for constants in tests and seeds. It panics on
// error.
func MustNumber(s string) Number {
	n, err := ParseNumber(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Digits returns the ten digits.
func (n Number) Digits() string {
	if n.IsZero() {
		return ""
	}
	return n.h.Value()
}

// IsZero reports whether n is unset.
func (n Number) IsZero() bool { return n == Number{} }

// String masks all but the last three digits.
func (n Number) String() string {
	if n.IsZero() {
		return "none"
	}
	return "*******" + n.Digits()[7:]
}

// Format implements fmt.Formatter: every verb prints the masked form.
func (n Number) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(n.String())) }

// LogValue implements slog.LogValuer.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText masks too: encoding/json uses it for a Number nested in a logged
// struct. Wire types carry strings and call Digits.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }
