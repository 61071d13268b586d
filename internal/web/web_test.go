package web_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"pgregory.net/rapid"
)

var now = time.Date(2026, 5, 3, 9, 12, 1, 45_600_000, time.UTC)

// A cursor opens for the caller and the query that it was given to, for a while,
// as it was; and for nothing else.
func TestCursor(t *testing.T) {
	key := make([]byte, 32)
	cursors, err := web.NewCursors(key, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	const place = "section 3, after something"
	c := cursors.Seal(place, []byte("doc\x00code=1"), now)
	if strings.Contains(c, "section") {
		t.Error("the cursor can be read")
	}
	if got, err := cursors.Open(c, []byte("doc\x00code=1"), now.Add(59*time.Minute)); err != nil || got != place {
		t.Fatalf("Open = %q, %v", got, err)
	}
	other, _ := web.NewCursors(nil, time.Hour)
	same, _ := web.NewCursors(key, time.Hour)
	if _, err := same.Open(c, []byte("doc\x00code=1"), now); err != nil {
		t.Errorf("another instance with the same key: %v", err)
	}
	changed := []byte(c)
	changed[len(changed)/2] ^= 1
	for name, try := range map[string]func() (string, error){
		"another caller": func() (string, error) { return cursors.Open(c, []byte("nurse\x00code=1"), now) },
		"another query":  func() (string, error) { return cursors.Open(c, []byte("doc\x00code=2"), now) },
		"another key":    func() (string, error) { return other.Open(c, []byte("doc\x00code=1"), now) },
		"too late":       func() (string, error) { return cursors.Open(c, []byte("doc\x00code=1"), now.Add(time.Hour)) },
		"changed":        func() (string, error) { return cursors.Open(string(changed), []byte("doc\x00code=1"), now) },
		"cut":            func() (string, error) { return cursors.Open(c[:len(c)-4], []byte("doc\x00code=1"), now) },
		"empty":          func() (string, error) { return cursors.Open("", nil, now) },
		"no base64":      func() (string, error) { return cursors.Open("***", nil, now) },
	} {
		if got, err := try(); errs.KindOf(err) != errs.Invalid || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestSafeID(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "3f2b-11_x.Y": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "a\r\nb": false, "é": false, "<a>": false,
		"9990000018": false, "999-000-0018": false, "1234567890-abcdef": true,
	} {
		if got := web.SafeID([]byte(id)); got != want {
			t.Errorf("SafeID(%q) = %v", id, got)
		}
	}
	if id := web.NewRequestID(); !web.SafeID([]byte(id)) || id == web.NewRequestID() {
		t.Errorf("NewRequestID() = %q", id)
	}
}

func TestMatches(t *testing.T) {
	for header, want := range map[string]bool{
		`W/"v1"`: true, `"v1"`: true, `"v0", W/"v1"`: true, `*`: true,
		`W/"v2"`: false, `v1`: false, `"`: false, ``: false, `W/`: false, `"v1`: false,
	} {
		if got := web.Matches([]byte(header), "v1"); got != want {
			t.Errorf("Matches(%q) = %v", header, got)
		}
	}
	if tag := string(web.AppendETag(nil, "v1")); tag != `W/"v1"` {
		t.Errorf("AppendETag = %s", tag)
	}
}

func TestDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
		if got, want := string(web.AppendHTTPDate(nil, at)), at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"); got != want {
			t.Errorf("AppendHTTPDate = %s, want %s", got, want)
		}
		if got, want := string(web.AppendInstant(nil, at)), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("AppendInstant = %s, want %s", got, want)
		}
	})
}

func TestAccepts(t *testing.T) {
	for header, want := range map[string]bool{
		"": true, "*/*": true, "application/*": true, "application/fhir+json": true, "Application/JSON; charset=utf-8": true,
		"text/html, application/json;q=0.1": true, "application/fhir+json; fhirVersion=4.0": true,
		"application/xml": false, "text/*": false, "application/fhir+json;q=0": false, "application/json; q=0.000": false, ";": false,
	} {
		if got := web.Accepts(header, "application/fhir+json", "application/json"); got != want {
			t.Errorf("Accepts(%q) = %v", header, got)
		}
	}
}

func TestMediaType(t *testing.T) {
	tests := []struct {
		in, media string
		utf8      bool
	}{
		{"application/fhir+json", "application/fhir+json", true},
		{"Application/JSON; Charset=\"UTF-8\"", "application/json", true},
		{"application/json; charset=latin1", "", false},
		{"", "", true},
	}
	for _, tt := range tests {
		if media, utf8 := web.MediaType(tt.in); media != tt.media || utf8 != tt.utf8 {
			t.Errorf("MediaType(%q) = %q, %v", tt.in, media, utf8)
		}
	}
}

// Whatever the text, what is written is JSON that says the same.
func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "valid") {
			s = rapid.String().Draw(t, "text")
		}
		var back string
		if err := json.Unmarshal(web.AppendString(nil, s), &back); err != nil {
			t.Fatalf("AppendString(%q): %v", s, err)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); !strings.Contains(s, "\uFFFD") && strings.ReplaceAll(back, "\uFFFD", "") != strings.ReplaceAll(want, "\uFFFD", "") {
			t.Fatalf("AppendString(%q) says %q", s, back)
		}
	})
}

func TestAppendOutcome(t *testing.T) {
	var o struct {
		ResourceType string
		Issue        []struct {
			Severity, Code string
			Details        struct {
				Coding []struct{ System, Code string }
				Text   string
			}
			Expression []string
		}
	}
	b := web.AppendOutcome(nil, web.Issue{Severity: "error", Type: "invalid", Code: "A", Text: `quote " and é`, Path: "Patient.name"})
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	i := o.Issue[0]
	if o.ResourceType != "OperationOutcome" || i.Code != "invalid" || i.Details.Coding[0].Code != "A" || i.Details.Text != `quote " and é` || i.Expression[0] != "Patient.name" {
		t.Errorf("%s", b)
	}
	if b := web.AppendOutcome(nil, web.Issue{Severity: "error", Type: "not-found", Text: "x"}); !json.Valid(b) {
		t.Errorf("%s", b)
	}
}

func BenchmarkCursor(b *testing.B) {
	cursors, _ := web.NewCursors(nil, time.Hour)
	to := make([]byte, 150)
	for i := range to {
		to[i] = byte(rand.IntN(256))
	}
	for b.Loop() {
		if _, err := cursors.Open(cursors.Seal("somewhere in the middle", to, now), to, now); err != nil {
			b.Fatal(err)
		}
	}
}
