package server_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// letters are documents of each sort, and one whose label is not what it is.
var letters = []struct{ id, media, content, disposition, shown string }{
	{"pdf", "application/pdf", "%PDF-1.4\n%%EOF\n", "inline", "application/pdf"},
	{"png", "image/png", "\x89PNG\r\n\x1a\n0000", "inline", "image/png"},
	{"text", "text/plain", "Dear Pat, <b>thank you</b> for ringing.", "inline", "text/plain; charset=utf-8"},
	{"html", "text/html; charset=utf-8", "<script>alert(1)</script>Dear Pat", "attachment", "text/html"},
	{"svg", "image/svg+xml", "<svg onload=alert(1)>", "attachment", "image/svg+xml"},
	{"rtf", "application/rtf", `{\rtf1 Dear Pat}`, "attachment", "application/rtf"},
	{"liar", "application/pdf", "<script>alert(1)</script>", "attachment", "application/octet-stream"},
	{"odd", "text/html\"; x=\r\nSet-Cookie: a=b", "Dear Pat", "attachment", "application/octet-stream"},
}

// letter is a document of somebody's.
func letter(p testkit.Person, id, media, content string) string {
	return fmt.Sprintf(`{"resourceType":"DocumentReference","id":"%s","status":"current","type":{"coding":[{"system":"http://snomed.info/sct","code":"823701000000103","display":"Discharge letter"}]},"subject":{"reference":"Patient/%s"},"date":"2026-03-01T10:00:00Z","content":[{"attachment":{"contentType":%q,"title":"%s","data":"%s"}}]}`,
		id, strings.ToLower(p.Family), media, "Letter "+id, base64.StdEncoding.EncodeToString([]byte(content)))
}

// A letter comes as it was sent, and runs nothing in our name: its own content type if
// that is what it is, no sniffing, no origin, no cache.
func TestALettersBytes(t *testing.T) {
	w, practice, rita := withResident(t)
	for _, l := range letters {
		a := practice.Sends(testkit.Bundle(testkit.Now, rita.Person.Patient(), letter(rita.Person, l.id, l.media, l.content)))
		if l.id == "odd" && a.Status != http.StatusOK {
			continue // not even taken: there is no such content type
		}
		if a.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", l.id, a.Status, a.Body)
		}
	}
	ted := w.Resident(ted)
	list := reads(t, rita, "/citizen/v1/sections/letters")
	for _, l := range letters {
		if !strings.Contains(list, "Letter "+l.id) {
			if l.id != "odd" {
				t.Errorf("no letter %s", l.id)
			}
			continue
		}
		id := entryOf(t, list, "Letter "+l.id)
		path := "/citizen/v1/entries/" + id + "/documents/0"
		a := rita.Gets(path)
		want := map[string]string{"Content-Type": l.shown, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Etag": "", "Last-Modified": "", "Set-Cookie": "",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
		got := map[string]string{}
		for name := range want {
			got[name] = a.Header.Get(name)
		}
		if d := cmp.Diff(want, got); d != "" || a.Status != http.StatusOK || string(a.Body) != l.content {
			t.Errorf("%s: %d %q %s", l.id, a.Status, a.Body, d)
		}
		if how, name, _ := strings.Cut(a.Header.Get("Content-Disposition"), "; "); how != l.disposition || !strings.HasPrefix(name, `filename="document-1.`) {
			t.Errorf("%s: %s", l.id, a.Header.Get("Content-Disposition"))
		}
		again := rita.Sends(http.MethodGet, path, "", func(q *http.Request) { q.Header.Set("If-None-Match", "*"); q.Header.Set("Range", "bytes=0-1") })
		if again.Status != http.StatusOK || string(again.Body) != l.content {
			t.Errorf("%s with conditions that are not for it: %d %q", l.id, again.Status, again.Body)
		}
		none := rita.Gets("/citizen/v1/entries/" + unlike(id) + "/documents/0")
		for name, other := range map[string]testkit.Answer{"another's": ted.Gets(path), "no such document": rita.Gets(strings.TrimSuffix(path, "0") + "1"),
			"below none": rita.Gets(strings.TrimSuffix(path, "0") + "-1"), "no number": rita.Gets(strings.TrimSuffix(path, "0") + "x")} {
			if other.Status != http.StatusNotFound || said(other) != said(none) {
				t.Errorf("%s, %s: %s", l.id, name, said(other))
			}
		}
		page(t, rita, id, l.content)
	}
}

// unlike is an id like that, of no entry.
func unlike(id string) string {
	if last := len(id) - 1; id[last] == 'a' {
		return id[:last] + "b"
	}
	return id[:len(id)-1] + "a"
}

// page asks for the same document as a page of ours shows it.
func page(t *testing.T, rita *testkit.Resident, id, content string) {
	t.Helper()
	for path, saved := range map[string]bool{"/record/letters/" + id + "/documents/0": false, "/record/letters/" + id + "/documents/0/download": true} {
		a := rita.Gets(path)
		policy := a.Header.Get("Content-Security-Policy")
		if a.Status != http.StatusOK || string(a.Body) != content {
			t.Errorf("%s: %d %q", path, a.Status, a.Body)
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: %v", path, a.Header)
		}
		runs := strings.Contains(content, "<script") || strings.Contains(content, "<svg")
		if isFile := strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment"); saved && !isFile || runs && !isFile && !strings.Contains(policy, "sandbox") {
			t.Errorf("%s: %v", path, a.Header)
		}
		if a.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s may be shown by another site: %v", path, a.Header)
		}
	}
}

// entryOf returns the id of the entry in whose item words stand.
func entryOf(t *testing.T, body, words string) string {
	t.Helper()
	before, _, ok := strings.Cut(body, words)
	i := strings.LastIndex(before, `"id":"`)
	if !ok || i < 0 {
		t.Fatalf("%s is not there: %.500s", words, body)
	}
	id, _, _ := strings.Cut(before[i+len(`"id":"`):], `"`)
	return id
}
