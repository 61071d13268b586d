package own

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

func letterOf(contentType, content string) string {
	return `{"resourceType":"DocumentReference","id":"1","status":"current","date":"2026-04-01T09:00:00Z","type":` + snomed("823681000000100", "Outpatient letter") + `,
		"content":[{"attachment":{"contentType":"` + contentType + `","title":"Clinic letter","data":"` + base64.StdEncoding.EncodeToString([]byte(content)) + `"}}]}`
}

func TestHowDocumentsAreShown(t *testing.T) {
	for _, c := range []struct{ name, sent, content, show, contentType string }{
		{"PDF", "application/pdf", "%PDF-1.7 ...", ShowInline, "application/pdf"},
		{"picture", "image/png", "\x89PNG\r\n\x1a\n....", ShowInline, "image/png"},
		{"text", "text/plain; charset=utf-8", "Dear patient", ShowText, "text/plain"},
		{"page", "text/html", "<script>alert(1)</script>", ShowSandbox, "text/html"},
		{"RTF", "text/rtf", `{\rtf1 Dear}`, ShowDownload, "text/rtf"},
		{"drawing", "image/svg+xml", "<svg/>", ShowDownload, "image/svg+xml"},
		{"a page that says it is a PDF", "application/pdf", "<html><script>", ShowDownload, "application/octet-stream"},
		{"a page that says it is a picture", "image/jpeg", "<html>", ShowDownload, "application/octet-stream"},
		{"no type", "", "MZ", ShowDownload, "application/octet-stream"},
		{"nonsense for a type", "text/html\\r\\nX: y", "<html>", ShowDownload, "application/octet-stream"},
	} {
		n := parse(t, letterOf(c.sent, c.content))
		got, err := ContentOf(n, 0)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got.Show != c.show || got.ContentType != c.contentType || string(got.Bytes) != c.content || !strings.HasPrefix(got.Filename, "document-1.") {
			t.Errorf("%s: %s as %s, %s", c.name, got.Show, got.ContentType, got.Filename)
		}
	}
}

func TestLetter(t *testing.T) {
	p := testReader(t).Letters(made(t, section.Letters, letterOf("application/pdf", "%PDF-"+strings.Repeat("x", 120_000))), Filter{})
	l := p.Letters[0]
	if l.Title != "Outpatient letter" || l.From != "The Cross Surgery" || l.When.Text != "1 April 2026 at 10am" || l.About != "Clinic letter" {
		t.Errorf("%+v", l)
	}
	if d := l.Documents[0]; d.Size != 120_005 || d.SizeWords != "121 KB" || d.Kind != "PDF" || d.Show != ShowInline {
		t.Errorf("%+v", d)
	}
}

func TestDocumentsThatAreNotHere(t *testing.T) {
	elsewhere := parse(t, `{"resourceType":"DocumentReference","id":"1","status":"current","content":[{"attachment":{"contentType":"application/pdf","url":"https://elsewhere.example/x.pdf"}}]}`)
	d := testReader(t).documents(elsewhere)[0]
	if d.Show != ShowNone || !strings.Contains(d.Why, "not sent to us") {
		t.Errorf("%+v", d)
	}
	wrong := parse(t, strings.Replace(letterOf("application/pdf", "%PDF-"), `"current"`, `"entered-in-error"`, 1))
	damaged := parse(t, `{"content":[{"attachment":{"contentType":"application/pdf","data":"!!!!"}}]}`)
	for _, c := range []struct {
		entry fhir.Node
		index int
	}{{elsewhere, 0}, {elsewhere, 1}, {elsewhere, -1}, {wrong, 0}, {damaged, 0}} {
		if _, err := ContentOf(c.entry, c.index); errs.KindOf(err) != errs.NotFound {
			t.Errorf("index %d: %v", c.index, err)
		}
	}
}
