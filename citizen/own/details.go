package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Details is what a source holds of the resident themself.
type Details struct {
	Item
	Name        string    `json:"name"`
	OtherNames  []string  `json:"otherNames,omitempty"`
	NHSNumber   string    `json:"nhsNumber,omitempty"` // "999 123 4567"
	BirthDate   Moment    `json:"birthDate,omitzero"`
	Sex         string    `json:"sex,omitempty"`
	Address     []string  `json:"address,omitempty"`
	Others      []Address `json:"otherAddresses,omitempty"`
	Phones      []Phone   `json:"phones,omitempty"`
	Emails      []string  `json:"emails,omitempty"`
	Practice    Place     `json:"practice,omitzero"`
	Doctor      Person    `json:"doctor,omitzero"`
	Pharmacy    Place     `json:"pharmacy,omitzero"`
	Languages   []string  `json:"languages,omitempty"` // the preferred first
	Interpreter string    `json:"interpreter,omitempty"`
	Needs       []string  `json:"needs,omitempty"` // how to communicate with them
	Ethnicity   string    `json:"ethnicity,omitempty"`
	Marital     string    `json:"marital,omitempty"`
	Died        Moment    `json:"died,omitzero"`
	Deceased    bool      `json:"deceased"`
	Contacts    []Contact `json:"contacts,omitempty"` // those that stand in the same entry
}

// Address is another address, and what it is.
type Address struct {
	Use   string   `json:"use"` // "Temporary", "Old"
	Lines []string `json:"lines"`
}

// nhsNumbers is the identifier system of NHS numbers.
const nhsNumbers = "https://fhir.nhs.uk/Id/nhs-number"

// Details makes the resident's own details, one for each source that holds them.
func (r *Reader) Details(entries []Entry) []Details {
	out := []Details{}
	for i := range entries {
		e := fact{&entries[i], "Patient"}
		if e.Resource.Type() == e.typ && e.Section == section.Demographics {
			out = append(out, r.details(e))
		}
	}
	return out
}

func (r *Reader) details(e fact) Details {
	n := fhir.Patient{Node: e.Resource}
	d := Details{Item: r.item(e, fhir.Node{})}
	d.Title = "Your details"
	d.Name = humanName(e.Resource)
	for name := range n.Get("name").Each() {
		if s := nameText(name); s != d.Name {
			d.OtherNames = add(d.OtherNames, s)
		}
	}
	number, _ := n.Identifier(nhsNumbers)
	d.NHSNumber = spaced(number)
	d.BirthDate = r.moment(n.Get("birthDate"))
	d.Sex = capital(n.Gender())
	d.Phones, d.Emails = phoneBook(n.Get("telecom")), emails(n.Get("telecom"))
	d.addresses(n.Node)
	r.registered(&d, n.Node)
	d.needs(n.Node)
	d.Ethnicity = says(extension(n.Node, "EthnicCategory").Get("valueCodeableConcept"))
	d.Marital = says(n.Get("maritalStatus"))
	d.Died = r.moment(n.Get("deceasedDateTime"))
	d.Deceased = !d.Died.IsZero() || flagged(n.Get("deceasedBoolean"))
	d.Contacts = r.patientContacts(e)
	return d
}

// spaced writes an NHS number as on an NHS letter: 999 123 4567.
func spaced(number string) string {
	if len(number) != 10 {
		return number
	}
	return number[:3] + " " + number[3:6] + " " + number[6:]
}

// addresses takes the home address that is in use, else the first, as the address.
func (d *Details) addresses(n fhir.Node) {
	list := n.Get("address")
	main := list.At(0)
	for a := range list.Each() {
		if a.Get("use").Is("home") {
			main = a
			break
		}
	}
	d.Address = addressLines(main)
	for a := range list.Each() {
		if a != main {
			d.Others = append(d.Others, Address{Use: first(uses[a.Get("use").Text()], "Other"), Lines: addressLines(a)})
		}
	}
}

// registered reads the practice and the doctor.
func (r *Reader) registered(d *Details, n fhir.Node) {
	for gp := range n.Get("generalPractitioner").Each() {
		switch r.targetType(n, gp) {
		case "Organization":
			d.Practice = r.place(n, gp)
		default:
			d.Doctor = r.person(n, gp)
		}
	}
	if d.Practice.Name == "" {
		d.Practice.Name = d.Doctor.Organisation
	}
	d.Pharmacy = r.place(n, extension(n, "NominatedPharmacy", "PreferredDispenserOrganization").Get("valueReference"))
}

// needs reads languages, and how the resident wishes to be spoken and written to.
func (d *Details) needs(n fhir.Node) {
	for c := range n.Get("communication").Each() {
		for _, l := range languages(c.Get("language")) {
			if flagged(c.Get("preferred")) {
				d.Languages = add([]string{l}, d.Languages...)
			} else {
				d.Languages = add(d.Languages, l)
			}
		}
		d.nhsCommunication(c)
	}
	if need := extension(n, "InterpreterRequired"); flagged(need.Get("valueBoolean")) {
		d.Interpreter = "Needs an interpreter"
	}
	d.nhsCommunication(extension(n, "NHSCommunication"))
	for e := range extension(n, "ContactPreference").Get("extension").Each() {
		if label := preferences[e.Get("url").Text()]; label != "" {
			if v := first(says(e.Get("valueCodeableConcept")), e.Get("valueString").Text(), timing(e.Get("valueTiming"))); v != "" {
				d.Needs = add(d.Needs, label+": "+v)
			}
		}
	}
	for e := range n.Get("extension").Each() {
		if url := e.Get("url").Text(); strings.Contains(url, "patient-interpreterRequired") && flagged(e.Get("valueBoolean")) {
			d.Interpreter = "Needs an interpreter"
		}
	}
}

// preferences are the parts of UK Core's ContactPreference.
var preferences = map[string]string{
	"PreferredContactMethod": "Preferred way to be contacted", "PreferredContactTimes": "Preferred times",
	"PreferredWrittenCommunicationFormat": "Preferred format of letters",
}

// nhsCommunication reads Care Connect's extension on language and communication.
func (d *Details) nhsCommunication(n fhir.Node) {
	for e := range n.Get("extension").Each() {
		switch e.Get("url").Text() {
		case "language":
			d.Languages = add(d.Languages, says(e.Get("valueCodeableConcept")))
		case "interpreterRequired":
			if flagged(e.Get("valueBoolean")) {
				d.Interpreter = "Needs an interpreter"
			}
		case "modeOfCommunication", "communicationProficiency":
			d.Needs = add(d.Needs, says(e.Get("valueCodeableConcept")))
		}
	}
}

// languages returns what each coding of a language is called: they may be several,
// British Sign Language and Makaton, say.
func languages(n fhir.Node) []string {
	var out []string
	for c := range n.Get("coding").Each() {
		out = add(out, first(c.Get("display").Text(), c.Get("code").Text()))
	}
	if len(out) == 0 {
		out = add(out, n.Get("text").Text())
	}
	return out
}
