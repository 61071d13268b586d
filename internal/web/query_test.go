package web_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/google/go-cmp/cmp"
)

func TestAppendPairs(t *testing.T) {
	tests := []struct {
		name, in string
		want     []web.Pair
	}{
		{"nothing", "", nil},
		{"plain", "a=1&b=2", []web.Pair{{"a", "1"}, {"b", "2"}}},
		{"escapes", "code=http%3A%2F%2Floinc.org%7C1+2", []web.Pair{{"code", "http://loinc.org|1 2"}}},
		{"empty parts", "&&a=&", []web.Pair{{"a", ""}}},
		{"no value", "a", []web.Pair{{"a", ""}}},
		{"an equals sign in the value", "a=b=c", []web.Pair{{"a", "b=c"}}},
		{"the same name twice", "a=1&a=2", []web.Pair{{"a", "1"}, {"a", "2"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := web.AppendPairs(nil, []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAppendPairsRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"half an escape":      "secret=%4",
		"no hex":              "secret=%zz",
		"a control character": "secret=%00",
		"a line break":        "secret=a%0d%0ab",
		"bad UTF-8":           "secret=%ff",
		"no name":             "=secret",
		"a long name":         strings.Repeat("secret", 20) + "=1",
		"a long value":        "secret=" + strings.Repeat("x", web.MaxValue+1),
		"too many":            strings.Repeat("secret=1&", web.MaxPairs+1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := web.AppendPairs(nil, []byte(in))
			if errs.KindOf(err) != errs.Invalid {
				t.Fatalf("err = %v", err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Error("the error quotes what was sent")
			}
		})
	}
}

// What is read is what net/url reads, or is refused.
func FuzzAppendPairs(f *testing.F) {
	f.Add("a=1&b=%20+&&c")
	f.Add("%zz=1")
	f.Fuzz(func(t *testing.T, in string) {
		pairs, err := web.AppendPairs(nil, []byte(in))
		if err != nil {
			return
		}
		// A semicolon is refused there, and is a character like others to us.
		want, err := url.ParseQuery(strings.ReplaceAll(in, ";", "%3B"))
		if err != nil {
			t.Fatalf("accepted %q, which net/url refuses: %v", in, err)
		}
		n := 0
		for _, v := range want {
			n += len(v)
		}
		if n != len(pairs) {
			t.Fatalf("%q: %d pairs, net/url has %d", in, len(pairs), n)
		}
		var again []byte
		for _, p := range pairs {
			if !utf8.ValidString(p.Value) || !utf8.ValidString(p.Name) {
				t.Fatalf("%q gave bad UTF-8", in)
			}
			if len(want[p.Name]) == 0 {
				t.Fatalf("%q gave a name that net/url does not", in)
			}
			again = append(web.AppendEscaped(append(web.AppendEscaped(append(again, '&'), p.Name), '='), p.Value), '&')
		}
		back, err := web.AppendPairs(nil, again)
		if err != nil || !cmp.Equal(pairs, back) {
			t.Fatalf("%q does not survive being written: %v", in, err)
		}
	})
}
