package own

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// visited returns the entries as the resident's View visits them: with the record's
// dates, without what was entered in error, section by section, the newest first.
func visited(entries []Entry) []Entry {
	out := make([]Entry, 0, len(entries))
	for _, e := range entries {
		if mistaken(e.Resource) {
			continue
		}
		e.Type = e.Resource.Type()
		if x := fhir.Extract(e.Resource); !x.StandIn {
			e.Date, e.End = x.Date, x.DateEnd
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Section, b.Section), b.Date.Compare(a.Date))
	})
	return out
}

// sameInOutline makes the summary of the entries both ways, at several times, and
// returns how many bodies of how many were read.
func sameInOutline(t *testing.T, reader func(now time.Time) *Reader, entries []Entry, at time.Time) (read, of int) {
	t.Helper()
	turned := slices.Clone(entries)
	slices.Reverse(turned) // any order is right; that of a View is quick
	for _, list := range [][]Entry{entries, turned} {
		for _, now := range []time.Time{at, at.AddDate(-2, 0, 0), at.AddDate(-20, 0, 0)} {
			o := outlineOf(t, reader(now), list)
			if now.Equal(at) && &list[0] == &entries[0] {
				for _, e := range o.gathered.Entries() {
					if e.Resource.Exists() {
						read++
					}
				}
			}
			news := News{Sections: section.All}
			if d := gocmp.Diff(written(t, reader(now).Summary(list, news)), written(t, o.Summary(news))); d != "" {
				t.Errorf("at %s: %s", now.Format(time.DateOnly), d)
			}
		}
	}
	return read, len(entries)
}

// outlineOf has the entries visited by a View that tells what package fhir extracts.
func outlineOf(t testing.TB, r *Reader, entries []Entry) *Outline {
	t.Helper()
	var visiting fhir.Node
	o := r.Outline(func(p fhir.Param, codes map[uint64]bool) (has, ok bool) {
		for _, x := range fhir.Extract(visiting).Tokens {
			if x.Param == p && codes[hash(x.Code)] {
				return true, true
			}
		}
		return false, true
	})
	for _, e := range entries {
		visiting, e.Resource = e.Resource, fhir.Node{}
		if err := o.Add(e, visiting.Raw()); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func written(t *testing.T, s Summary) string {
	t.Helper()
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What the whole bodies tell, an outline does.
func TestOutlineOfTheCounty(t *testing.T) {
	today := time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)
	county := seed.New(1, 12, seed.PerPerson(195), seed.Today(today))
	for i := range county.Len() {
		c := &record{others: map[string]fhir.Node{}}
		for b := range county.Bundles(i) {
			for e := range parse(t, string(b.Bytes)).Get("entry").Each() {
				c.add(t, e.Get("resource"), e.Get("fullUrl").Text())
			}
		}
		read, of := sameInOutline(t, func(now time.Time) *Reader { return c.readerAt(t, now) }, visited(c.entries), today)
		if read > of/3 {
			t.Errorf("%d of %d bodies were read", read, of)
		}
	}
}

func TestOutlineOfCorpora(t *testing.T) {
	for _, pattern := range []string{"../../../shared/data/synthea-r4/*.json", "../../../shared/data/ukcore/examples-json/UKCore-*.json", "../../../shared/data/hl7-r4-examples/*.json"} {
		t.Run(filepath.Base(filepath.Dir(pattern)), func(t *testing.T) {
			read, of := 0, 0
			for _, c := range corpus(t, pattern) {
				r, n := sameInOutline(t, func(now time.Time) *Reader { return c.readerAt(t, now) }, visited(c.entries), time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC))
				read, of = read+r, of+n
			}
			t.Logf("%d of %d bodies were read", read, of)
		})
	}
}

// Mistakes, statements that there is nothing, panels, corrected results, and visits and
// appointments whose dates do not tell that they are over.
func TestOutlineOfWhatIsSaidOddly(t *testing.T) {
	entries := smallRecord(t)
	entries = append(entries, made(t, section.Allergies, allergyOf("a9", snomed("716186003", "No known allergy"), "active", "confirmed"), allergyOf("a8", snomed("1", "x"), "active", "entered-in-error"))...)
	entries = append(entries, made(t, section.Immunisations, listOf("1102181000000102", "nilknown"))...)
	for i, status := range []string{"final", "corrected", "amended", "preliminary", "entered-in-error", "cancelled"} {
		entries = append(entries, made(t, section.Results,
			hba1c(fmt.Sprint("r", i), status, fmt.Sprintf("2026-04-%02d", 10+i), "48"),
			fmt.Sprintf(`{"resourceType":"DiagnosticReport","id":"d%d","status":%q,"code":{"text":"Report"},"issued":"2026-04-%02dT09:00:00Z","result":[{"reference":"Observation/r%d"}]}`, i, status, 12+i, i))...)
	}
	entries = append(entries, made(t, section.Results, pressureOf("bp", "2026-04-30", 120, 80),
		`{"resourceType":"Observation","id":"ahead","status":"registered","code":{"text":"Planned"},"effectiveDateTime":"2027-01-01"}`,
		`{"resourceType":"Observation","id":"undated","status":"final","code":{"text":"Undated"}}`,
		`{"resourceType":"Observation","id":"panel","status":"final","code":{"text":"Panel"},"effectivePeriod":{"end":"2026-04-29"},"hasMember":[{"reference":"Observation/r1"}]}`)...)
	for i, period := range []string{`{"start":"2026-05-01"}`, `{"start":"2021-02-03"}`, `{"start":"2021-02-03","end":"2021-03"}`, `{"end":"2026-04-20"}`, `{"start":"2026-04-01","end":"2026-06-01"}`, `{"start":"2026-04-01","end":"2026-04-02"}`, `{}`} {
		for j, status := range []string{"planned", "in-progress", "finished", "entered-in-error"} {
			entries = append(entries, made(t, section.Encounters, fmt.Sprintf(`{"resourceType":"Encounter","id":"e%d%d","status":%q,"class":{"code":"IMP"},"period":%s}`, i, j, status, period))...)
		}
	}
	for i, dates := range []string{`"start":"2026-05-02T23:30:00Z","end":"2026-05-03T09:30:00Z"`, `"start":"2026-05-03T08:00:00Z"`, `"start":"2026-05-01T08:00:00Z"`, `"requestedPeriod":[{"start":"2026-01-01","end":"2026-02-01"}]`, `"start":"2026-04-01T08:00:00Z","end":"2026-04-01"`, `"created":"2026-01-01"`, `"start":"2021-02-03T08:00:00Z","end":"2027-02-03T08:00:00Z"`, `"start":"2021-02-03T08:00:00Z","end":"soon"`} {
		for j, status := range []string{"booked", "fulfilled", "waitlist", "cancelled"} {
			entries = append(entries, made(t, section.Appointments, fmt.Sprintf(`{"resourceType":"Appointment","id":"p%d%d","status":%q,%s}`, i, j, status, dates))...)
		}
	}
	sameInOutline(t, func(at time.Time) *Reader {
		o := testOptions()
		o.Now = at
		return readerWith(t, o)
	}, visited(entries), now)
}

// Medicines, problems, vaccinations and letters of each sort: of now and of the past,
// none known, refuted, marked as mistakes elsewhere than the View looks.
func TestOutlineByCodes(t *testing.T) {
	at := func(i int) string { return now.AddDate(0, 0, -i).Format(time.DateOnly) }
	none := snomed("716186003", "No known allergy")
	var entries []Entry
	for i := range 24 {
		status := []string{"active", "completed", "on-hold", "stopped", "draft"}[i%5]
		clinical := []string{"active", "resolved", "recurrence", "remission", "unheard-of", "inactive"}[i%6]
		code := snomed("1", "x")
		if i%7 == 0 {
			code = none
		}
		entries = append(entries, made(t, section.Medicines, fmt.Sprintf(`{"resourceType":"MedicationRequest","id":"m%d","status":%q,"intent":"order","medicationCodeableConcept":%s,"authoredOn":%q}`, i, status, code, at(2*i)))...)
		entries = append(entries, made(t, section.Problems,
			fmt.Sprintf(`{"resourceType":"Condition","id":"c%d","clinicalStatus":{"coding":[{"code":%q}]},"verificationStatus":{"coding":[{"code":%q}]},"code":%s,"onsetDateTime":%q}`, i, clinical, []string{"confirmed", "refuted"}[i%11/10], code, at(30+i)),
			fmt.Sprintf(`{"resourceType":"Condition","id":"d%d","code":%s,"onsetDateTime":%q,"abatementDateTime":"2020-01-01"}`, i, code, at(40+i)))...)
		entries = append(entries, made(t, section.Immunisations, fmt.Sprintf(`{"resourceType":"Immunization","id":"v%d","status":"completed","vaccineCode":%s,"occurrenceDateTime":%q}`, i, code, at(i)))...)
		docStatus := []string{"final", "entered-in-error", `entered\u002din-error`}[i%3]
		entries = append(entries, made(t, section.Letters, fmt.Sprintf(`{"resourceType":"DocumentReference","id":"l%d","status":"current","docStatus":"%s","date":"%sT09:00:00Z","content":[{"attachment":{"title":"Letter"}}]}`, i, docStatus, at(i)))...)
	}
	reader := func(at time.Time) *Reader {
		o := testOptions()
		o.Now = at
		return readerWith(t, o)
	}
	if read, of := sameInOutline(t, reader, visited(entries), now); read > of*2/3 {
		t.Errorf("%d of %d bodies were read", read, of)
	}
	// The newest prescriptions are told in a statement, and in one that they repeat.
	told := append(slices.Clone(entries), made(t, section.Medicines,
		fmt.Sprintf(`{"resourceType":"MedicationStatement","id":"s","status":"active","basedOn":[{"reference":"MedicationRequest/m2"}],"medicationCodeableConcept":%s,"effectiveDateTime":%q}`, snomed("1", "x"), at(50)),
		fmt.Sprintf(`{"resourceType":"MedicationRequest","id":"n","status":"active","intent":"order","basedOn":[{"reference":"MedicationRequest/m5"}],"medicationCodeableConcept":%s,"authoredOn":%q}`, snomed("1", "x"), at(20)))...)
	sameInOutline(t, reader, visited(told), now)
	// A View that tells nothing of codes.
	list := visited(told)
	o := reader(now).Outline(func(fhir.Param, map[uint64]bool) (has, ok bool) { return false, false })
	for _, e := range list {
		body := e.Resource.Raw()
		e.Resource = fhir.Node{}
		if err := o.Add(e, body); err != nil {
			t.Fatal(err)
		}
	}
	news := News{Sections: section.All}
	if d := gocmp.Diff(written(t, reader(now).Summary(list, news)), written(t, o.Summary(news))); d != "" {
		t.Error(d)
	}
}
