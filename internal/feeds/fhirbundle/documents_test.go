package fhirbundle_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
)

const (
	letterURL = "urn:uuid:7a000000-0000-4000-8000-0000000000d1"
	binaryURL = "urn:uuid:7a000000-0000-4000-8000-0000000000b1"
)

var request = regexp.MustCompile(`"request":{[^}]*},`)

// letter is an entry that tells of a document, by the attachments' members.
func letter(attachments ...string) string {
	content := `{"attachment":{` + strings.Join(attachments, `}},{"attachment":{`) + `}}`
	return `{"fullUrl":"` + letterURL + `","request":{"method":"POST","url":"DocumentReference"},"resource":{"resourceType":"DocumentReference","status":"current","date":"2026-04-01T08:00:00Z",
		"subject":{"reference":"Patient/1"},"content":[` + content + `]}}`
}

// binary is an entry that is the document.
func binary(data string) string {
	return `{"fullUrl":"` + binaryURL + `","request":{"method":"POST","url":"Binary"},"resource":{"resourceType":"Binary","id":"b","contentType":"application/pdf","data":"` + data + `"}}`
}

// The document lies in the entry that tells of it, whatever the kind of Bundle and the
// way in which the one leads to the other.
func TestALetterWithItsDocument(t *testing.T) {
	for _, typ := range []string{"transaction", "batch", "collection", "message"} {
		for _, url := range []string{binaryURL, "Binary/b"} {
			w := newWorld(t)
			w.knows("1", mary, maryBorn)
			entries := []string{letter(`"url" : "`+url+`", "title":"Letter"`, `"contentType":"image/png","url":"https://elsewhere.example/x.png"`), binary("JVBERi0=")}
			if typ == "message" {
				entries = append([]string{bare(`{"resourceType":"MessageHeader","id":"h","eventCoding":{"code":"x"},"source":{"endpoint":"urn:x"}}`)}, entries...)
			}
			b := bundle(typ, at2, entries...)
			if typ == "message" || typ == "collection" {
				b = request.ReplaceAllString(b, "")
			}
			a := w.send(practice, b)
			if !strings.HasSuffix(a.statuses(), "201 200") {
				t.Fatalf("%s %s: %d %s", typ, url, a.status, a.body)
			}
			if got := w.types(mary); got != "1 DocumentReference 1 Patient" {
				t.Errorf("%s %s: %s", typ, url, got)
			}
			for _, want := range []string{`{"attachment":{"contentType":"application/pdf","data":"JVBERi0=", "title":"Letter"}}`, `"url":"https://elsewhere.example/x.png"`} {
				if d := w.digest(mary); !strings.Contains(d, want) {
					t.Errorf("%s %s: no %s in %s", typ, url, want, d)
				}
			}
		}
	}
}

// What the entry says of the type and the size of its document stays as it says.
func TestADocumentsOwnWordsStay(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.send(practice, bundle("batch", at2, letter(`"contentType":"text/plain","url":"`+binaryURL+`","size":5`, `"contentType":"text/plain","data":"bmVpbg==","url":"`+binaryURL+`"`), binary("amE=")))
	for _, want := range []string{`{"contentType":"text/plain","data":"amE=","size":5}`, `{"contentType":"text/plain","data":"bmVpbg==","url":"` + binaryURL + `"}`} {
		if d := w.digest(mary); !strings.Contains(d, want) {
			t.Errorf("no %s in %s", want, d)
		}
	}
}

// A letter that had to wait has its document when it is released.
func TestALetterThatWaitsKeepsItsDocument(t *testing.T) {
	w := newWorld(t)
	a := w.send(practice, bundle("batch", at1, letter(`"url":"`+binaryURL+`"`), binary("JVBERi0=")))
	if a.statuses() != "202 200" {
		t.Fatalf("%s", a.body)
	}
	w.knows("1", mary, maryBorn)
	if d := w.digest(mary); !strings.Contains(d, `"data":"JVBERi0="`) {
		t.Errorf("%s", d)
	}
	if got := w.held(practice, feeds.Pending); got != "" {
		t.Errorf("held: %s", got)
	}
}

// A Binary that nothing leads to, and one without data, are not kept; and one document
// that many attachments lead to does not become many times as large as the message.
func TestDocumentsThatAreNotTaken(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	if a := w.send(practice, bundle("batch", at2, binary("JVBERi0="))); a.statuses() != "202" {
		t.Errorf("alone: %s", a.body)
	}
	empty := strings.Replace(binary(""), `,"data":""`, "", 1)
	if a := w.send(practice, bundle("batch", at2, letter(`"url":"`+binaryURL+`"`), empty)); a.statuses() != "201 202" {
		t.Errorf("without data: %s", a.body)
	}
	many := strings.Split(strings.Repeat(`"url":"`+binaryURL+`" `, 100), " ")
	a := w.send(practice, bundle("batch", at3, letter(many[:100]...), binary(strings.Repeat("AAAA", 50_000))))
	if a.statuses() != "422 200" || !strings.Contains(string(a.body), "send it in parts") {
		t.Errorf("a hundred times 200 KB: %d %.600s", a.status, a.body)
	}
	if got := w.held(practice, feeds.Pending); got != "1 TOO_MANY_ENTRIES 2 TYPE_NOT_KEPT" {
		t.Errorf("held: %s", got)
	}
}

// Where two documents have one name, neither is put into a letter: it might be somebody
// else's.
func TestTwoDocumentsOfOneName(t *testing.T) {
	other := "urn:uuid:7a000000-0000-4000-8000-0000000000b2"
	second := strings.Replace(binary("c2Vjb25k"), binaryURL, other, 1)
	for _, c := range []struct{ url, want, statuses string }{
		{"Binary/b", `"url":"Binary/b"`, "201 202 202"},
		{binaryURL, `"data":"Zmlyc3Q="`, "201 200 202"},
		{other, `"data":"c2Vjb25k"`, "201 202 200"},
	} {
		w := newWorld(t)
		w.knows("1", mary, maryBorn)
		a := w.send(practice, bundle("batch", at2, letter(`"contentType":"text/plain","url":"`+c.url+`"`), binary("Zmlyc3Q="), second))
		if a.statuses() != c.statuses || !strings.Contains(w.digest(mary), c.want) {
			t.Errorf("%s: %s, %s", c.url, a.statuses(), w.digest(mary))
		}
	}
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	w.send(practice, bundle("batch", at2, letter(`"contentType":"text/plain","url":"`+binaryURL+`"`), binary("Zmlyc3Q="), binary("c2Vjb25k")))
	if d := w.digest(mary); strings.Contains(d, `"data"`) {
		t.Errorf("two of one address: %s", d)
	}
}
