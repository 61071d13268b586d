package own

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

const patient = `{"resourceType":"Patient","id":"p","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000009"}],
	"name":[{"use":"old","family":"Lane","given":["Ida"]},{"use":"official","prefix":["Mrs"],"family":"Stone","given":["Ida","May"]}],
	"birthDate":"1950-02-01","gender":"female","telecom":[{"system":"phone","value":"01202 000000","use":"home"},{"system":"phone","value":"1","use":"old"},{"system":"email","value":"ida@example.org"}],
	"address":[{"use":"temp","line":["2 Quay"],"postalCode":"BH15 1AA"},{"use":"home","line":["1 High Street"],"city":"Poole","postalCode":"BH15 1AB"}],
	"generalPractitioner":[{"type":"Organization","display":"The Cross Surgery"}],
	"communication":[{"language":{"coding":[{"display":"English"}]}},{"language":{"coding":[{"display":"Polish"}]},"preferred":true}],
	"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired","valueBoolean":true}],
	"contact":[{"relationship":[{"coding":[{"code":"N"}]}],"name":{"text":"Tom Stone"},"telecom":[{"system":"phone","value":"07700 900000","use":"mobile"}]},
		{"relationship":[{"coding":[{"code":"C"}]}],"name":{"given":["Eve"],"family":"Stone"}}]}`

func TestDetails(t *testing.T) {
	list := testReader(t).Details(made(t, section.Demographics, patient))
	d := list[0]
	if d.Name != "Mrs Ida May Stone" || d.NHSNumber != "900 000 0009" || d.BirthDate.Text != "1 February 1950" || d.Sex != "Female" {
		t.Errorf("%+v", d)
	}
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"other names", d.OtherNames, []string{"Ida Lane"}},
		{"address", d.Address, []string{"1 High Street", "Poole", "BH15 1AB"}},
		{"other addresses", d.Others, []Address{{"Temporary", []string{"2 Quay", "BH15 1AA"}}}},
		{"phones", d.Phones, []Phone{{"01202 000000", "Home"}}},
		{"languages", d.Languages, []string{"Polish", "English"}},
		{"interpreter", d.Interpreter, "Needs an interpreter"},
		{"practice", d.Practice.Name, "The Cross Surgery"},
		{"contacts", len(d.Contacts), 2},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestContactsForAnEmergencyComeFirst(t *testing.T) {
	entries := append(made(t, section.Contacts, `{"resourceType":"RelatedPerson","id":"f","name":[{"text":"Kim"}],"relationship":[{"coding":[{"code":"FRND"}]}]}`),
		made(t, section.Demographics, patient)...)
	r := testReader(t)
	p := r.Contacts(entries, Filter{})
	var got []string
	for _, c := range p.Contacts {
		got = append(got, c.Name+": "+c.Relations[0])
	}
	if d := cmp.Diff([]string{"Eve Stone: Emergency contact", "Tom Stone: Next of kin", "Kim: Friend"}, got); d != "" {
		t.Error(d)
	}
	if s := r.Summary(entries, News{Sections: section.Of(section.Contacts)}); s.Name != "Mrs Ida May Stone" || s.Sections[0].Says != "3 contacts" {
		t.Errorf("%q: %q", s.Name, s.Sections[0].Says)
	}
}
