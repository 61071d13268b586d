package own

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// sectionsOf says where the types of the corpora lie; as the record does, which this
// package may not import.
var sectionsOf = map[string]section.Section{
	"Patient": section.Demographics, "RelatedPerson": section.Contacts, "Flag": section.Alerts,
	"AllergyIntolerance": section.Allergies, "Condition": section.Problems, "Procedure": section.Problems,
	"FamilyMemberHistory": section.Problems, "MedicationRequest": section.Medicines, "MedicationStatement": section.Medicines,
	"MedicationDispense": section.Medicines, "MedicationAdministration": section.Medicines,
	"Immunization": section.Immunisations, "Observation": section.Results, "DiagnosticReport": section.Results,
	"Specimen": section.Results, "ImagingStudy": section.Results, "BodyStructure": section.Results,
	"Appointment": section.Appointments, "ServiceRequest": section.Appointments, "RequestGroup": section.Appointments,
	"DocumentReference": section.Letters, "Composition": section.Letters, "Communication": section.Letters,
	"CarePlan": section.CarePlans, "Goal": section.CarePlans, "CareTeam": section.CarePlans, "Consent": section.CarePlans,
}

// directory are the types that belong to nobody's record.
var directory = map[string]bool{
	"Organization": true, "Practitioner": true, "PractitionerRole": true, "Location": true, "Medication": true,
	"HealthcareService": true, "Schedule": true, "Slot": true, "Bundle": true, "MessageHeader": true,
	"OperationOutcome": true, "Questionnaire": true, "AuditEvent": true,
}

// record is a record made of a corpus, with its directory.
type record struct {
	entries []Entry
	others  map[string]fhir.Node // by reference
}

func (c *record) add(t *testing.T, resource fhir.Node, fullURL string) {
	t.Helper()
	typ, id := resource.Type(), resource.ID()
	if directory[typ] {
		c.others[typ+"/"+id] = resource
		c.others[fullURL] = resource
		return
	}
	s, ok := sectionsOf[typ]
	if !ok {
		s = section.Encounters
	}
	c.entries = append(c.entries, Entry{ID: id, Section: s, Source: "gp", Received: time.Date(2026, 5, 3, 8, 12, 0, 0, time.UTC), Resource: resource})
}

func (c *record) reader(t testing.TB) *Reader {
	t.Helper()
	return c.readerAt(t, time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC))
}

func (c *record) readerAt(t testing.TB, now time.Time) *Reader {
	t.Helper()
	r, err := New(Options{
		Now:     now,
		Source:  func(string) Source { return Source{Organisation: "Test Practice", System: "EMIS"} },
		Resolve: func(ref string) fhir.Node { return c.others[ref] },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// corpus reads all files that match; a Bundle's entries are taken out.
func corpus(t *testing.T, pattern string) []*record {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Skip("the test material is not here: " + pattern)
	}
	var out []*record
	loose := &record{others: map[string]fhir.Node{}}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d, err := fhir.Parse(b)
		if err != nil {
			continue // a file of the corpus that is no FHIR
		}
		root := d.Root()
		if root.Type() != "Bundle" || !strings.Contains(f, "synthea") {
			loose.add(t, root, "")
			continue
		}
		c := &record{others: map[string]fhir.Node{}}
		for e := range root.Get("entry").Each() {
			c.add(t, e.Get("resource"), e.Get("fullUrl").Text())
		}
		out = append(out, c)
	}
	if len(loose.entries) > 0 {
		out = append(out, loose)
	}
	return out
}

// pages are the models of a whole record.
type pages struct {
	Appointments  Appointments
	Stays         Stays
	Problems      Problems
	Medicines     Medicines
	Allergies     Allergies
	Immunisations Immunisations
	Results       Results
	Letters       Letters
	CarePlans     CarePlans
	SocialCare    SocialCare
	Alerts        Alerts
	Contacts      Contacts
	Details       []Details
	Timeline      Timeline
	Summary       Summary
}

func allPages(r *Reader, entries []Entry, news News) pages {
	var f Filter
	return pages{
		r.Appointments(entries, f), r.Stays(entries, f), r.Problems(entries, f), r.Medicines(entries, f),
		r.Allergies(entries, f), r.Immunisations(entries, f), r.Results(entries, f), r.Letters(entries, f),
		r.CarePlans(entries, f), r.SocialCare(entries, f), r.Alerts(entries, f), r.Contacts(entries, f),
		r.Details(entries), r.Timeline(entries, f), r.Summary(entries, news),
	}
}

// told counts the entries that the pages show, also as a part of another one.
func (p *pages) told() int {
	n := len(p.Details)
	for _, page := range []*Page{
		&p.Appointments.Page, &p.Stays.Page, &p.Problems.Page, &p.Medicines.Page, &p.Allergies.Page, &p.Immunisations.Page,
		&p.Results.Page, &p.Letters.Page, &p.CarePlans.Page, &p.SocialCare.Page, &p.Alerts.Page,
	} {
		n += page.Total + len(page.Mistakes) + len(page.Statements)
	}
	for i := range p.Details {
		n -= len(p.Details[i].Contacts)
	}
	return n + p.Contacts.Total
}

func TestCorpora(t *testing.T) {
	for _, pattern := range []string{"../../../shared/data/synthea-r4/*.json", "../../../shared/data/ukcore/examples-json/UKCore-*.json", "../../../shared/data/hl7-r4-examples/*.json"} {
		t.Run(filepath.Base(filepath.Dir(pattern)), func(t *testing.T) {
			entries, models, plain, bare := 0, 0, 0, map[string]int{}
			for _, c := range corpus(t, pattern) {
				r := c.reader(t)
				p := allPages(r, c.entries, News{Sections: section.All})
				entries += len(c.entries)
				told := p.told()
				if told != len(c.entries) {
					t.Errorf("of %d entries %d are told", len(c.entries), told)
				}
				models += told
				for _, e := range c.entries {
					code := e.Resource.Get(codeElement(e.Resource.Type()))
					if code.Kind() == fhir.Array {
						code = code.At(0)
					}
					switch k := conceptOf(code); {
					case k.plain:
						plain++
					case len(k.codes) > 0:
						bare[e.Resource.Type()]++
					}
				}
			}
			t.Logf("%d entries, %d told; %d in plain words, with the sender's words only: %v", entries, models, plain, bare)
		})
	}
}
