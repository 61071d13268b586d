package own

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

var update = flag.Bool("update", false, "write testdata anew")

// smallRecord is a record of one entry or two in most sections.
func smallRecord(t *testing.T) []Entry {
	t.Helper()
	var all []Entry
	all = append(all, made(t, section.Demographics, patient)...)
	all = append(all, made(t, section.Allergies, allergyOf("a1", snomed("91936005", "Allergy to penicillin"), "active", "confirmed"),
		allergyOf("a2", snomed("1", "Wrong"), "active", "entered-in-error"))...)
	all = append(all, made(t, section.Problems,
		`{"resourceType":"Condition","id":"c1","clinicalStatus":{"coding":[{"code":"active"}]},"code":`+snomed("38341003", "Hypertension")+`,"onsetDateTime":"2019-06"}`,
		`{"resourceType":"Condition","id":"c2","clinicalStatus":{"coding":[{"code":"resolved"}]},"code":`+snomed("10509002", "Acute bronchitis (disorder)")+`,"onsetDateTime":"2025-01-02","abatementDateTime":"2025-01-20"}`)...)
	all = append(all, made(t, section.Medicines, prescription("m1", "order", "active", "2026-04-01", ""), prescription("m2", "order", "completed", "2020-04-01", ""))...)
	all = append(all, made(t, section.Results, hba1c("o1", "final", "2025-03-04", "51"), hba1c("o2", "final", "2026-03-04", "48"))...)
	all = append(all, made(t, section.Appointments, appointmentOf("ap1", "booked", "2026-05-05T08:30:00Z", "2026-05-05T09:00:00Z"), appointmentOf("ap2", "booked", "2026-06-05T08:30:00Z", "2026-06-05T09:00:00Z"))...)
	all = append(all, made(t, section.Letters, letterOf("application/pdf", "%PDF-"))...)
	all = append(all, made(t, section.Encounters, `{"resourceType":"Encounter","id":"e1","status":"in-progress","class":{"code":"IMP"},"period":{"start":"2026-05-01T20:00:00Z"}}`)...)
	return append(all, made(t, section.Immunisations, `{"resourceType":"Immunization","id":"v1","status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"140"}]},"occurrenceDateTime":"2025-10-01","lotNumber":"7","protocolApplied":[{"doseNumberPositiveInt":1}]}`)...)
}

func TestGolden(t *testing.T) {
	news := News{
		Sections: section.All,
		Arrived:  []Arrived{{Section: section.Results, Type: "DiagnosticReport", Source: "gp", Received: now, By: now.AddDate(0, 0, 7)}},
		Heard:    []Heard{{Source: "gp", At: now, Late: true}},
	}
	got, err := json.MarshalIndent(allPages(testReader(t), smallRecord(t), news), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", "small.json")
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Error(d)
	}
}

func TestSummary(t *testing.T) {
	s := testReader(t).Summary(smallRecord(t), News{Sections: section.All, Heard: []Heard{{Source: "gp", At: now, Late: true}}})
	if s.Next == nil || s.Next.ID != "ap1" || s.InNow == nil || s.InNow.ID != "e1" || !s.Partial || len(s.Late) != 1 {
		t.Errorf("next %v, in hospital %v, late %v", s.Next, s.InNow, s.Late)
	}
	says := map[string]string{}
	for _, x := range s.Sections {
		says[x.Section] = x.Says
	}
	for sec, want := range map[string]string{
		"allergies": "1 allergy", "problems": "1 current health problem; 1 past", "medicines": "1 current medicine; 1 past",
		"results": "2 test results or reports", "appointments": "2 appointments or referrals to come", "letters": "1 letter or document",
		"alerts": "Nothing recorded. This does not mean that there is nothing: nobody has sent us any alerts.",
	} {
		if says[sec] != want {
			t.Errorf("%s: %q, want %q", sec, says[sec], want)
		}
	}
	if len(s.Sections) != section.All.Len() {
		t.Errorf("%d sections", len(s.Sections))
	}
	var latest []string
	for _, w := range s.Latest {
		latest = append(latest, w.ID)
	}
	if d := cmp.Diff([]string{"e1", "1", "m1", "o2", "v1"}, latest); d != "" {
		t.Error(d)
	}
}

// The summary counts what the pages show.
func TestSummaryCountsAsThePagesDo(t *testing.T) {
	r := testReader(t)
	entries := smallRecord(t)
	s := r.Summary(entries, News{Sections: section.All})
	p := allPages(r, entries, News{})
	now := map[string]int{
		"problems": len(p.Problems.Active), "medicines": len(p.Medicines.Current), "allergies": len(p.Allergies.Active),
		"appointments": len(p.Appointments.Upcoming), "encounters": len(p.Stays.Now),
	}
	for _, x := range s.Sections {
		for _, w := range x.Top {
			if w.ID == "m2" || w.ID == "c2" {
				t.Errorf("%s is past and stands among what is of now", w.ID)
			}
		}
		if want, ok := now[x.Section]; ok && x.Count != want {
			t.Errorf("%s: %d in the summary, %d on the page", x.Section, x.Count, want)
		}
	}
}

func TestTimeline(t *testing.T) {
	r := testReader(t)
	all := r.Timeline(smallRecord(t), Filter{})
	if all.Total != 12 || all.Rows[0].ID != "ap2" || all.Rows[0].When.Text != "5 June 2026 at 9:30am" {
		t.Errorf("%d rows, first %+v", all.Total, all.Rows[0])
	}
	for i := 1; i < len(all.Rows); i++ {
		if all.Rows[i].When.At().After(all.Rows[i-1].When.At()) {
			t.Errorf("%s is newer than what stands before it", all.Rows[i].ID)
		}
	}
	results := r.Timeline(smallRecord(t), Filter{Kind: "results", Year: 2026})
	if results.Total != 1 || results.Rows[0].Detail != "48 mmol/mol" || results.Rows[0].Flag.Words != "Higher than usual" || len(results.Years) != 4 {
		t.Errorf("%+v", results)
	}
}

func TestNothingAtAll(t *testing.T) {
	p := allPages(testReader(t), nil, News{Sections: section.All})
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("null")) {
		t.Errorf("a list that is empty is null: %s", b)
	}
}
