package own

import (
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// FuzzPages makes every page of whatever may be stored: none may panic, and what is
// marked as a mistake has no row.
func FuzzPages(f *testing.F) {
	for _, s := range []string{
		patient, hba1c("1", "corrected", "2026-03-04", "48"), pressureOf("1", "2025-01-01", 150, 90),
		appointmentOf("1", "booked", "2026-06-20T09:30:00Z", "2026-06-20T10:00:00Z"), prescription("1", "order", "active", "2026-03-01", "1"),
		letterOf("application/pdf", "%PDF-"), listOf("886921000000105", "nilknown"), allergyOf("1", snomed("716186003", "x"), "active", "confirmed"),
		`{"resourceType":"CarePlan","id":"1","goal":[{"reference":"#1"}],"contained":[{"resourceType":"Goal","id":"1"}]}`,
		`{"resourceType":"Encounter","id":"1","class":{"code":"IMP"},"period":{"start":"0001","end":"9999-12-31"}}`,
		`{"resourceType":"PractitionerRole","practitioner":{"reference":"PractitionerRole/1"},"organization":{"reference":"x"},"author":[{"reference":"x"}],"performer":[{"reference":"x"}],"requester":{"reference":"x"}}`,
		`{"resourceType":"ServiceRequest","id":"1","requester":{"reference":"#r"},"contained":[{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"#r"},"contained":[{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"x"}}]}]}`,
		`{"resourceType":"QuestionnaireResponse","item":[{"answer":[{"item":[{"answer":[{"valueTime":"ab:cd"}]}]}]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := fhir.Parse(b)
		if err != nil {
			return
		}
		n := d.Root()
		var entries []Entry
		for s := range section.All.Each() {
			entries = append(entries, Entry{ID: n.ID(), Section: s, Source: "gp", Received: time.Unix(1, 0), Resource: n})
		}
		o := testOptions()
		o.Resolve = func(string) fhir.Node { return n }
		o.Earlier = func(string) []fhir.Node { return []fhir.Node{n} }
		r := readerWith(t, o)
		p := allPages(r, entries, News{Sections: section.All})
		if mistaken(n) && len(p.Timeline.Rows) > 0 {
			t.Error("a mistake is told")
		}
		r.TrendOf(entries, n.ID())
		for i := range 3 {
			_, _ = ContentOf(n, i)
		}
	})
}
