package nhs_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"pgregory.net/rapid"
)

func TestParseNumber(t *testing.T) {
	tests := []struct {
		name string
		in   string
		ok   bool
	}{
		{"plain", "9434765919", true},
		{"spaced", "943 476 5919", true},
		{"wrong check digit", "9434765918", false},
		{"short", "943476591", false},
		{"letters", "94347659I9", false},
		{"empty", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := nhs.ParseNumber(tt.in)
			if got := err == nil; got != tt.ok {
				t.Fatalf("ParseNumber(%q) err = %v, want ok %v", tt.in, err, tt.ok)
			}
			if err != nil && errs.KindOf(err) != errs.Invalid {
				t.Errorf("kind = %v, want %v", errs.KindOf(err), errs.Invalid)
			}
			if err == nil && n.Digits() != strings.ReplaceAll(tt.in, " ", "") {
				t.Errorf("Digits() = %q", n.Digits())
			}
		})
	}
}

// A number must not reach a log by any of the ways a programmer could put it
// there.
func TestNumberIsMasked(t *testing.T) {
	n := nhs.MustNumber("9434765919")
	var buf bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&buf, nil), slog.NewTextHandler(&buf, nil)} {
		l := slog.New(h)
		l.Info("direct", "n", n)
		l.Info("nested", "s", struct{ N nhs.Number }{n})
		l.Info("pointer", "p", &struct{ N *nhs.Number }{&n})
		l.Info("map", "m", map[nhs.Number]nhs.Number{n: n})
	}
	type holder struct {
		Exported   nhs.Number
		unexported nhs.Number
	}
	h := holder{n, n}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t"} {
		for _, v := range []any{n, &n, h, &h, []nhs.Number{n}, map[nhs.Number]nhs.Number{n: n}, fmt.Errorf("patient %v: %w", n, io.EOF)} {
			fmt.Fprintf(&buf, verb+"\n", v)
		}
	}
	if s := buf.String(); strings.Contains(s, "9434765919") || strings.Contains(s, "39343334373635393139") {
		t.Errorf("the digits leaked:\n%s", buf.String())
	}
}

// Changing any one digit must break the check.
func TestParseNumberCatchesOneWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := []byte("9434765919")
		i := rapid.IntRange(0, 9).Draw(t, "position")
		d[i] = '0' + (d[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "change")))%10
		if _, err := nhs.ParseNumber(string(d)); err == nil {
			t.Fatalf("ParseNumber(%s) accepted", d)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	f.Add("943 476 5919")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := nhs.ParseNumber(s); err == nil && len(n.Digits()) != 10 {
			t.Fatalf("ParseNumber(%q) = %d digits", s, len(n.Digits()))
		}
	})
}
