package own

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

// allergyOf makes an AllergyIntolerance.
func allergyOf(id, code, clinical, verification string) string {
	return `{"resourceType":"AllergyIntolerance","id":"` + id + `","clinicalStatus":{"coding":[{"code":"` + clinical + `"}]},
		"verificationStatus":{"coding":[{"code":"` + verification + `"}]},"code":` + code + `,"recordedDate":"2020-02-01"}`
}

func listOf(code, reason string) string {
	return `{"resourceType":"List","id":"l1","status":"current","mode":"snapshot","date":"2026-01-02","code":` + snomed(code, "List") +
		`,"emptyReason":{"coding":[{"code":"` + reason + `","display":"As sent"}]}}`
}

func TestNoneKnownIsNotNothingRecorded(t *testing.T) {
	allergies, encounters := section.Allergies, section.Encounters
	for _, c := range []struct {
		name       string
		entries    []Entry
		known      Known
		says       string
		statements int
		shown      int
	}{
		{"nobody said anything", nil, Nothing, "Nothing recorded. This does not mean that there is nothing: nobody has sent us any allergies.", 0, 0},
		{"no known allergies", made(t, allergies, allergyOf("1", snomed("716186003", "x"), "active", "confirmed")), NoneKnown, "No known allergies, as recorded by The Cross Surgery", 1, 0},
		{"only of medicines", made(t, allergies, allergyOf("1", snomed("409137002", "x"), "active", "confirmed")), NoneKnown, "No known allergies to medicines, as recorded by The Cross Surgery", 1, 0},
		{"no longer so", made(t, allergies, allergyOf("1", snomed("716186003", "x"), "inactive", "confirmed")), Nothing, "", 1, 0},
		{"no information", made(t, allergies, allergyOf("1", snomed("1287211007", "x"), "active", "confirmed")), Nothing, "", 1, 0},
		{"an empty list", made(t, encounters, listOf("886921000000105", "nilknown")), NoneKnown, "No known allergies, as recorded by The Cross Surgery", 1, 0},
		{"a list that was not asked for", made(t, encounters, listOf("886921000000105", "notasked")), Nothing, "", 1, 0},
		{"a list of something else", made(t, encounters, listOf("933361000000108", "nilknown")), Nothing, "", 0, 0},
		{"sources disagree", made(t, allergies, allergyOf("1", snomed("716186003", "x"), "active", "confirmed"), allergyOf("2", snomed("91936005", "x"), "active", "confirmed")), Recorded, "1 allergy", 1, 1},
		{"found not to be so", made(t, allergies, allergyOf("1", snomed("716186003", "x"), "active", "refuted")), Recorded, "1 allergy", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testReader(t)
			p := r.Allergies(c.entries, Filter{})
			if p.Known != c.known || c.says != "" && p.Says != c.says || len(p.Statements) != c.statements || p.Shown != c.shown {
				t.Errorf("%s, %q, %d statements, %d shown", p.Known, p.Says, len(p.Statements), p.Shown)
			}
			s := r.Summary(c.entries, News{Sections: section.Of(allergies)})
			if s.Sections[0].Known != c.known {
				t.Errorf("the summary says %s: %s", s.Sections[0].Known, s.Sections[0].Says)
			}
		})
	}
}

func TestNoKnownMedicinesAndProblems(t *testing.T) {
	r := testReader(t)
	m := r.Medicines(made(t, section.Medicines, `{"resourceType":"MedicationStatement","id":"1","status":"active","medicationCodeableConcept":`+snomed("787481004", "x")+`}`), Filter{})
	if m.Known != NoneKnown || len(m.Current) != 0 || !strings.HasPrefix(m.Says, "No known medicines") {
		t.Errorf("%s: %s", m.Known, m.Says)
	}
	p := r.Problems(made(t, section.Problems, `{"resourceType":"Condition","id":"1","code":`+snomed("160245001", "x")+`}`), Filter{})
	if p.Known != NoneKnown || len(p.Active) != 0 || !strings.HasPrefix(p.Says, "No current problems or disabilities") {
		t.Errorf("%s: %s", p.Known, p.Says)
	}
}

// Of what was recorded by mistake no page has a word, not even the code.
func TestMistakesAreNeverShownAsFact(t *testing.T) {
	const secret = "Syphilis"
	code := snomed("76272004", secret)
	ver := `"verificationStatus":{"coding":[{"code":"entered-in-error"}]}`
	bodies := map[section.Section][]string{
		section.Allergies: {`{"resourceType":"AllergyIntolerance","id":"1",` + ver + `,"code":` + code + `}`},
		section.Problems: {
			`{"resourceType":"Condition","id":"2",` + ver + `,"code":` + code + `}`,
			`{"resourceType":"Procedure","id":"3","status":"entered-in-error","code":` + code + `}`,
		},
		section.Medicines: {`{"resourceType":"MedicationRequest","id":"4","status":"entered-in-error","intent":"order","medicationCodeableConcept":` + code + `,"note":[{"text":"` + secret + `"}]}`},
		section.Results:   {`{"resourceType":"Observation","id":"5","status":"entered-in-error","code":` + code + `,"valueString":"` + secret + `"}`},
		section.Letters:   {`{"resourceType":"DocumentReference","id":"6","status":"entered-in-error","type":` + code + `,"content":[{"attachment":{"title":"` + secret + `"}}]}`},
		section.CarePlans: {
			`{"resourceType":"Goal","id":"7","lifecycleStatus":"entered-in-error","description":` + code + `}`,
			`{"resourceType":"CarePlan","id":"8","status":"active","intent":"plan","goal":[{"reference":"Goal/7"}]}`,
		},
		section.Appointments: {`{"resourceType":"Appointment","id":"9","status":"entered-in-error","description":"` + secret + `"}`},
		section.Encounters:   {`{"resourceType":"Encounter","id":"10","status":"finished","class":{"code":"AMB"},"reasonReference":[{"reference":"#c","display":"` + secret + `"}],"contained":[{"resourceType":"Condition","id":"c",` + ver + `,"code":` + code + `}]}`},
		section.Alerts:       {`{"resourceType":"Flag","id":"11","status":"entered-in-error","code":` + code + `}`},
	}
	var entries []Entry
	for s, list := range bodies {
		entries = append(entries, made(t, s, list...)...)
	}
	p := allPages(testReader(t), entries, News{Sections: section.All})
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(string(b), secret); i >= 0 {
		t.Errorf("it is told: ...%s", b[max(0, i-200):i+20])
	}
	if strings.Contains(string(b), "76272004") {
		t.Error("its code is told")
	}
	if len(p.Problems.Mistakes) != 2 || !strings.Contains(p.Problems.Mistakes[0].Says, "by mistake by The Cross Surgery") {
		t.Errorf("%+v", p.Problems.Mistakes)
	}
}

func TestSendersOwnWordsOfAnAllergy(t *testing.T) {
	code := `{"coding":[{"system":"http://snomed.info/sct","code":"91936005","display":"Allergy to penicillin"}],"text":"Penicillin: collapsed in 1987"}`
	p := testReader(t).Allergies(made(t, section.Allergies, allergyOf("1", code, "active", "confirmed")), Filter{})
	if a := p.Active[0]; a.Title != "Penicillin: collapsed in 1987" || a.Original != "Allergy to penicillin" {
		t.Errorf("%q, %q", a.Title, a.Original)
	}
}
