package own

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

func appointmentOf(id, status, start, end string) string {
	return `{"resourceType":"Appointment","id":"` + id + `","status":"` + status + `","start":"` + start + `","end":"` + end + `",
		"serviceType":[{"text":"Physiotherapy"}],"patientInstruction":"Bring your scan.\nWear loose clothes.",
		"participant":[{"actor":{"reference":"Patient/p"},"status":"accepted"},
		{"actor":{"reference":"Practitioner/d"},"status":"accepted"},{"actor":{"reference":"Location/l"},"status":"accepted"}]}`
}

func TestAppointments(t *testing.T) {
	o := testOptions()
	o.Resolve = func(ref string) fhir.Node {
		switch ref {
		case "Practitioner/d":
			return parse(t, `{"resourceType":"Practitioner","name":[{"prefix":["Ms"],"given":["Ada"],"family":"Hill"}]}`)
		case "Location/l":
			return parse(t, `{"resourceType":"Location","name":"Blandford Hospital","address":{"line":["Milldown Road"],"postalCode":"DT11 7DD"},"telecom":[{"system":"phone","value":"01258 000000"}]}`)
		}
		return fhir.Node{}
	}
	entries := made(t, section.Appointments,
		appointmentOf("late", "booked", "2026-06-20T09:30:00Z", "2026-06-20T10:00:00Z"),
		appointmentOf("soon", "booked", "2026-05-05T08:30:00Z", "2026-05-05T09:00:00Z"),
		appointmentOf("now", "arrived", "2026-05-03T08:45:00Z", "2026-05-03T09:15:00Z"),
		appointmentOf("off", "cancelled", "2026-05-06T08:30:00Z", "2026-05-06T09:00:00Z"),
		appointmentOf("was", "fulfilled", "2026-01-06T08:30:00Z", "2026-01-06T09:00:00Z"),
		appointmentOf("missed", "noshow", "2026-02-06T08:30:00Z", "2026-02-06T09:00:00Z"),
		`{"resourceType":"Appointment","id":"undated","status":"waitlist","requestedPeriod":[{"start":"2026-07-01","end":"2026-07-31"}]}`)
	p := readerWith(t, o).Appointments(entries, Filter{})
	if d := cmp.Diff([]string{"now", "soon", "late", "undated"}, idsOf(p.Upcoming)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"off", "missed", "was"}, idsOf(p.Past)); d != "" {
		t.Error(d)
	}
	soon := p.Upcoming[1]
	if soon.When != "Tuesday 5 May 2026 at 9:30am to 10am" || soon.Length != "30 minutes" || soon.Service != "Physiotherapy" || soon.Status.Words != "Booked" {
		t.Errorf("%+v", soon)
	}
	if d := cmp.Diff([]Person{{Name: "Ms Ada Hill"}}, soon.With); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Place{{Name: "Blandford Hospital", Lines: []string{"Milldown Road", "DT11 7DD"}, Phones: []string{"01258 000000"}}}, soon.Where); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Bring your scan.", "Wear loose clothes."}, soon.Instructions); d != "" {
		t.Error(d)
	}
	if u := p.Upcoming[3]; u.When != "No date yet" || u.Requested[0] != "1 July 2026 to 31 July 2026" {
		t.Errorf("%+v", u)
	}
	if d := cmp.Diff([]Choice{{"cancelled", "Cancelled", 1}, {"past", "Past", 2}, {"upcoming", "To come", 4}}, p.Kinds); d != "" {
		t.Error(d)
	}
}

func idsOf(list []Appointment) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.ID)
	}
	return out
}

func TestStays(t *testing.T) {
	p := testReader(t).Stays(made(t, section.Encounters,
		`{"resourceType":"Encounter","id":"in","status":"in-progress","class":{"code":"IMP"},"period":{"start":"2026-05-01T20:00:00Z"}}`,
		`{"resourceType":"Encounter","id":"was","status":"finished","class":{"code":"IMP"},"period":{"start":"2026-01-01T20:00:00Z","end":"2026-01-04T09:00:00Z"},
			"hospitalization":{"dischargeDisposition":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland","code":"19","display":"Usual place of residence unless listed below"}]}}}`,
		`{"resourceType":"Encounter","id":"ed","status":"finished","class":{"code":"EMER"},"period":{"start":"2026-02-01T20:00:00Z","end":"2026-02-01T23:10:00Z"}}`,
		`{"resourceType":"Encounter","id":"odd","status":"finished","class":{"code":"ZZ","display":"Odd class"}}`), Filter{})
	if len(p.Now) != 1 || p.Now[0].When != "since 1 May 2026 at 9pm" || !p.Now[0].Ongoing || p.Now[0].Title != "Stay in hospital" {
		t.Errorf("%+v", p.Now)
	}
	if ed := p.Past[0]; ed.KindWords != "Emergency visit (A&E)" || ed.Length != "3 hours 10 minutes" {
		t.Errorf("%+v", ed)
	}
	if was := p.Past[1]; was.Length != "3 nights" || was.Discharged != "Home, or where you usually live" {
		t.Errorf("%+v", was)
	}
	if odd := p.Past[2]; odd.KindWords != "Odd class" {
		t.Errorf("%+v", odd)
	}
}
