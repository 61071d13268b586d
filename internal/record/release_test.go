package record_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

const day = 24 * time.Hour

// The waits of RULES 3.
func TestRelease(t *testing.T) {
	rules := record.DefaultRelease()
	for name, tt := range map[string]struct {
		f    record.ReleaseFacts
		days int
	}{
		"a number":                             {record.ReleaseFacts{Type: "Observation", Kind: record.Numbers}, 0},
		"a blood pressure":                     {record.ReleaseFacts{Type: "Observation"}, 0},
		"a laboratory's report of numbers":     {record.ReleaseFacts{Type: "DiagnosticReport", Kind: record.Numbers, Results: true}, 0},
		"a laboratory's report in words":       {record.ReleaseFacts{Type: "DiagnosticReport", Kind: record.Numbers}, 7},
		"a report that says nothing of itself": {record.ReleaseFacts{Type: "DiagnosticReport", Results: true}, 7},
		"imaging":                              {record.ReleaseFacts{Type: "DiagnosticReport", Kind: record.Imaging}, 7},
		"histology":                            {record.ReleaseFacts{Type: "DiagnosticReport", Kind: record.Delicate, Results: true}, 21},
		"an HIV test":                          {record.ReleaseFacts{Type: "Observation", Kind: record.Delicate}, 21},
		"a preliminary number":                 {record.ReleaseFacts{Type: "Observation", Kind: record.Numbers, Unfinished: true}, 21},
		"a letter":                             {record.ReleaseFacts{}, 0},
		"a letter about histology":             {record.ReleaseFacts{Kind: record.Delicate}, 21},
	} {
		tt.f.Received = now
		want := now.Add(time.Duration(tt.days) * day)
		if shown, latest := rules.Release(tt.f, now.Add(-1)); shown || !latest.Equal(want) {
			t.Errorf("%s, before it came: %v %v", name, shown, latest)
		}
		if shown, _ := rules.Release(tt.f, want.Add(-1)); shown {
			t.Errorf("%s: shown before its time", name)
		}
		if shown, _ := rules.Release(tt.f, want); !shown {
			t.Errorf("%s: not shown in time", name)
		}
	}
}

// report is a DiagnosticReport of a category of HL7's table 0074, and the results
// that it names.
func report(t testing.TB, id, category, status string, results ...string) record.Object {
	refs := make([]string, len(results))
	for i, r := range results {
		refs[i] = `{"reference":"` + r + `"}`
	}
	list := ""
	if len(refs) > 0 {
		list = `,"result":[` + strings.Join(refs, ",") + `]`
	}
	return object(t, fmt.Sprintf(`{"resourceType":"DiagnosticReport","id":%q,"status":%q,"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":%q}]}],"code":{"text":"r"},"conclusion":"words"%s}`,
		id, status, category, list))
}

// reads is what a resident sees at a time, by the sources' ids, and what they are told has
// arrived: "type until day".
func (w *world) sees(after time.Duration, ids ...string) (shown, arrived []string) {
	w.t.Helper()
	w.later = after
	m := w.r.PersonOf(mary)
	v := w.mustOpen(w.resident(mary), m, "")
	byID := map[string]string{}
	for _, id := range ids {
		typ, source, _ := strings.Cut(id, "/")
		byID[record.EntryID(m, hospital.ID, typ, source)] = id
	}
	found := map[string]bool{}
	if _, err := v.Search(w.t.Context(), record.Search{}, func(e record.Entry) bool { found[byID[e.ID]] = true; return true }); err != nil {
		w.t.Fatal(err)
	}
	for _, id := range ids {
		typ, source, _ := strings.Cut(id, "/")
		read := v.Read(w.t.Context(), typ, record.EntryID(m, hospital.ID, typ, source), func(record.Entry) {}) == nil
		if read != found[id] {
			w.t.Errorf("%s: read %v, searched %v", id, read, found[id])
		}
		if read {
			shown = append(shown, id)
		}
	}
	must(w.t, v.Arrived(w.t.Context(), func(a record.Arrival) bool {
		s := fmt.Sprintf("%s %s until %d", a.Section, a.Type, int(a.Latest.Sub(now)/day))
		if a.Corrected {
			s += " corrected"
		}
		arrived = append(arrived, s)
		return true
	}))
	return shown, arrived
}

// A report and the results that it is made of wait together; what waits is told of
// once, and is nowhere else.
func TestResultsWaitTogether(t *testing.T) {
	hiv := func(t testing.TB, id string) record.Object { return observation(t, id, "7917-8", "2026-03-01", "1") }
	number := func(t testing.TB, id string) record.Object { return observation(t, id, "718-7", "2026-03-01", "1") }
	panel := func(t testing.TB, id, member string) record.Object {
		return object(t, fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","code":{"text":"p"},"hasMember":[{"reference":"Observation/%s"}]}`, id, member))
	}
	document := func(t testing.TB, id, related string) record.Object {
		return object(t, fmt.Sprintf(`{"resourceType":"DocumentReference","id":%q,"status":"current","content":[{"attachment":{"title":"t"}}],"context":{"related":[{"reference":%q}]}}`, id, related))
	}
	for name, tt := range map[string]struct {
		objects []record.Object
		ids     string
		at      map[int]string // by day: what is shown
		arrived []string       // on day 0
	}{
		"numbers":          {[]record.Object{report(t, "r", "LAB", "final", "Observation/o"), number(t, "o")}, "DiagnosticReport/r Observation/o", map[int]string{0: "DiagnosticReport/r Observation/o"}, nil},
		"imaging":          {[]record.Object{report(t, "r", "RAD", "final")}, "DiagnosticReport/r", map[int]string{0: "", 6: "", 7: "DiagnosticReport/r"}, []string{"results DiagnosticReport until 7"}},
		"histology":        {[]record.Object{report(t, "r", "SP", "final", "Observation/o"), number(t, "o")}, "DiagnosticReport/r Observation/o", map[int]string{0: "", 20: "", 21: "DiagnosticReport/r Observation/o"}, []string{"results DiagnosticReport until 21"}},
		"preliminary":      {[]record.Object{report(t, "r", "LAB", "preliminary", "Observation/o"), number(t, "o")}, "DiagnosticReport/r Observation/o", map[int]string{0: "", 21: "DiagnosticReport/r Observation/o"}, []string{"results DiagnosticReport until 21"}},
		"corrected":        {[]record.Object{report(t, "r", "PAT", "corrected")}, "DiagnosticReport/r", map[int]string{0: ""}, []string{"results DiagnosticReport until 21 corrected"}},
		"one of many":      {[]record.Object{report(t, "r", "LAB", "final", "Observation/o", "Observation/h"), number(t, "o"), hiv(t, "h")}, "DiagnosticReport/r Observation/o Observation/h", map[int]string{0: "Observation/o", 21: "DiagnosticReport/r Observation/o Observation/h"}, []string{"results DiagnosticReport until 21"}},
		"a panel's member": {[]record.Object{report(t, "r", "GE", "final", "Observation/p"), panel(t, "p", "o"), number(t, "o")}, "DiagnosticReport/r Observation/p Observation/o", map[int]string{0: "", 21: "DiagnosticReport/r Observation/p Observation/o"}, []string{"results DiagnosticReport until 21"}},
		"in a panel":       {[]record.Object{report(t, "r", "LAB", "final", "Observation/p"), panel(t, "p", "h"), hiv(t, "h")}, "DiagnosticReport/r Observation/p Observation/h", map[int]string{0: ""}, []string{"results DiagnosticReport until 21"}},
		"alone":            {[]record.Object{hiv(t, "h")}, "Observation/h", map[int]string{0: "", 21: "Observation/h"}, []string{"results Observation until 21"}},
		"the letter of it": {[]record.Object{report(t, "r", "SP", "final"), document(t, "d", "DiagnosticReport/r")}, "DiagnosticReport/r DocumentReference/d", map[int]string{0: "", 21: "DiagnosticReport/r DocumentReference/d"}, []string{"results DiagnosticReport until 21"}},
		"another letter":   {[]record.Object{report(t, "r", "SP", "final"), document(t, "d", "DiagnosticReport/x")}, "DiagnosticReport/r DocumentReference/d", map[int]string{0: "DocumentReference/d"}, []string{"results DiagnosticReport until 21"}},
		"labelled HIV":     {[]record.Object{labelled(t, number(t, "o"), "HIV")}, "Observation/o", map[int]string{0: "", 21: "Observation/o"}, []string{"results Observation until 21"}},
		"never for them":   {[]record.Object{labelled(t, report(t, "r", "LAB", "final", "Observation/o"), "third-party"), number(t, "o")}, "DiagnosticReport/r Observation/o", map[int]string{0: "", 300: ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.knows(mary, "Smith")
			w.sends(hospital, mary, 2, tt.objects...)
			for day0, want := range tt.at {
				shown, arrived := w.sees(time.Duration(day0)*day, strings.Fields(tt.ids)...)
				if got := strings.Join(shown, " "); got != want {
					t.Errorf("day %d: %q, want %q", day0, got, want)
				}
				if d := cmp.Diff(tt.arrived, arrived); day0 == 0 && d != "" {
					t.Error(d)
				}
			}
			w.later = 0
			pro := w.mustOpen(w.doctor(hospital.Org), w.r.PersonOf(mary), "")
			if got := w.all(pro, 0); len(got) != 2+len(tt.objects) {
				t.Errorf("a professional sees %d", len(got))
			}
			must(t, pro.Arrived(t.Context(), func(a record.Arrival) bool { t.Errorf("told a professional of %+v", a); return true }))
		})
	}
}

// Bundles as senders send them: their references are among themselves. A late state
// and a repeat release nothing sooner.
func TestReleaseOfBundles(t *testing.T) {
	w := newWorld(t)
	m := w.knows(mary, "Smith")
	bundle := `{"resourceType":"Bundle","type":"transaction","entry":[
	 {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"` + mary.Digits() + `"}],"name":[{"family":"Smith"}],"birthDate":"1950-02-03"},"request":{"method":"POST","url":"Patient"}},
	 {"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"text":"Tumour size"},"subject":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"},"valueQuantity":{"value":12,"unit":"mm"}},"request":{"method":"POST","url":"Observation"}},
	 {"fullUrl":"urn:uuid:33333333-3333-4333-8333-333333333333","resource":{"resourceType":"DiagnosticReport","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"LAB"},{"system":"http://snomed.info/sct","code":"394597005"}]}],"code":{"text":"Histology"},"subject":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"},"result":[{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"}]},"request":{"method":"POST","url":"DiagnosticReport"}}]}`
	from := feeds.Sender{Client: partner.Client{ID: hospital.ID, Org: hospital.Org, Kind: partner.Feed}, Agreement: w.partner[hospital.Org]}
	for range 2 {
		out, err := fhirbundle.NewFormat(w.r).Apply(t.Context(), from, &feeds.Message{Instance: "i", Seq: 9, Format: fhirbundle.Name, Media: "application/fhir+json", Source: hospital.ID,
			Org: hospital.Org, Key: "k", Time: now, Received: now, Body: []byte(bundle)}, nil)
		if err != nil || len(out.Held) > 0 {
			t.Fatalf("%v %+v", err, out.Held)
		}
	}
	count := func(after time.Duration, typ string) (n int) {
		w.later = after
		v := w.mustOpen(w.resident(mary), m, typ)
		_, err := v.Search(t.Context(), record.Search{Type: typ}, func(record.Entry) bool { n++; return true })
		must(t, err)
		return n
	}
	for _, typ := range []string{"Observation", "DiagnosticReport"} {
		if a, b := count(20*day, typ), count(21*day, typ); a != 0 || b != 1 {
			t.Errorf("%s: %d on day 20, %d on day 21", typ, a, b)
		}
	}
}

// A corrected result shows what it replaced: by the history, in which a state that
// waits is not. While the correction of a delicate result waits, nothing of it is
// shown: the state before it is known to be wrong.
func TestCorrectedResults(t *testing.T) {
	w := newWorld(t)
	m := w.knows(mary, "Smith")
	state := func(status, value string) record.Object {
		o := observation(t, "o", "718-7", "2026-03-01", value)
		return object(t, strings.Replace(string(o.Resource.Raw()), "final", status, 1))
	}
	w.sends(hospital, mary, 2, state("preliminary", "1"))
	w.sends(hospital, mary, 3, state("final", "2"))
	w.sends(hospital, mary, 4, state("corrected", "3"))
	history := func(after time.Duration) (out []string) {
		w.later = after
		v := w.mustOpen(w.resident(mary), m, "Observation")
		_, err := v.History(t.Context(), "Observation", record.EntryID(m, hospital.ID, "Observation", "o"), 0, "", func(e record.Entry) bool {
			out = append(out, strings.Fields(strings.ReplaceAll(string(e.Body), `"`, " "))[0]+string(e.Body[strings.Index(string(e.Body), `"value":`)+8]))
			return true
		})
		must(t, err)
		return out
	}
	if d := cmp.Diff([]string{"{3", "{2"}, history(0)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"{3", "{2", "{1"}, history(21*day)); d != "" {
		t.Error(d)
	}
	w.later = 0
	w.sends(hospital, mary, 5, report(t, "r", "SP", "final"))
	c := w.change(hospital, mary, 6, report(t, "r", "SP", "corrected"))
	c.Message.Received = now.Add(30 * day)
	_, err := w.r.Apply(t.Context(), c)
	must(t, err)
	for at, want := range map[int]int{29: 0, 50: 0, 51: 1} {
		if shown, _ := w.sees(time.Duration(at)*day, "DiagnosticReport/r"); len(shown) != want {
			t.Errorf("day %d: %v", at, shown)
		}
	}
}
