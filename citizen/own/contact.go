package own

import (
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Contacts is the page of the people to turn to.
type Contacts struct {
	Page
	Contacts []Contact `json:"contacts"`
}

// Contact is a relative, friend, carer or other person to turn to.
type Contact struct {
	Item
	Name         string   `json:"name"`
	Relations    []string `json:"relations,omitempty"` // "Emergency contact", "Mother"
	Emergency    bool     `json:"emergency"`
	NextOfKin    bool     `json:"nextOfKin"`
	Phones       []Phone  `json:"phones,omitempty"`
	Emails       []string `json:"emails,omitempty"`
	Address      []string `json:"address,omitempty"`
	Organisation string   `json:"organisation,omitempty"`
	Started      Moment   `json:"started,omitzero"`
	Ended        Moment   `json:"ended,omitzero"`
}

// Phone is a number to call.
type Phone struct {
	Number string `json:"number"`
	Use    string `json:"use,omitempty"` // "Home", "Mobile"
}

// Contacts makes the page of the people to turn to: entries of their own, and those
// that stand in a Patient among the entries.
func (r *Reader) Contacts(entries []Entry, f Filter) Contacts {
	p := Contacts{Contacts: []Contact{}}
	s := newShelf(&p.Page, section.Contacts, f)
	for e := range r.facts(&p.Page, section.Contacts, entries) {
		if e.typ != "RelatedPerson" {
			s.other(r, e)
			continue
		}
		if s.keep(r.when(e), "", "") {
			p.Contacts = append(p.Contacts, r.contact(e, e.Resource))
		}
	}
	for i := range entries {
		if e := (fact{&entries[i], "Patient"}); e.Section == section.Demographics && e.Resource.Type() == e.typ {
			for _, c := range r.patientContacts(e) {
				if s.keep(c.Started, "", "") {
					p.Contacts = append(p.Contacts, c)
				}
			}
		}
	}
	slices.SortStableFunc(p.Contacts, func(a, b Contact) int { return a.rank() - b.rank() })
	s.done(section.Contacts)
	return p
}

// rank orders contacts: in an emergency first, then next of kin, then the others.
func (c *Contact) rank() int {
	switch {
	case c.Emergency:
		return 0
	case c.NextOfKin:
		return 1
	}
	return 2
}

// relations are what somebody is to the resident (HL7 RoleCode, v2-0131, UK Core).
var relations = map[string]string{
	"C": "Emergency contact", "N": "Next of kin", "E": "Employer", "U": "Relationship not known",
	"FTH": "Father", "MTH": "Mother", "WIFE": "Wife", "HUSB": "Husband", "SPS": "Husband, wife or civil partner",
	"SON": "Son", "DAU": "Daughter", "BRO": "Brother", "SIS": "Sister", "FRND": "Friend", "NBOR": "Neighbour",
	"DOMPART": "Partner", "GRMTH": "Grandmother", "GRFTH": "Grandfather", "PRN": "Parent", "CHILD": "Child",
	"GUARD": "Guardian", "DAUC": "Daughter", "SONC": "Son", "SIB": "Brother or sister", "POWATT": "Has power of attorney", "ROOM": "Lives with them",
	"Personal": "Somebody they know", "Professional": "Works with them",
}

// contact reads a RelatedPerson, or an element of Patient.contact.
func (r *Reader) contact(e fact, n fhir.Node) Contact {
	c := Contact{Item: r.item(e, fhir.Node{})}
	name := n.Get("name")
	if name.Kind() == fhir.Array {
		name = name.At(0)
	}
	address := n.Get("address")
	if address.Kind() == fhir.Array {
		address = address.At(0)
	}
	c.Name = nameText(name)
	for rel := range n.Get("relationship").Each() {
		c.Emergency = c.Emergency || hasCode(rel, "C")
		c.NextOfKin = c.NextOfKin || hasCode(rel, "N")
		c.Relations = add(c.Relations, first(relations[codeOf(rel)], says(rel)))
		c.Codes = append(c.Codes, conceptOf(rel).codes...)
	}
	c.Phones, c.Emails = phoneBook(n.Get("telecom")), emails(n.Get("telecom"))
	c.Address = addressLines(address)
	c.Organisation = r.nameOf(e.Resource, n.Get("organization"))
	c.Started, c.Ended = r.period(n.Get("period"))
	c.Name = first(c.Name, c.Organisation)
	c.Title = first(c.Name, c.Title)
	return c
}

func (r *Reader) patientContacts(e fact) []Contact {
	var out []Contact
	for n := range e.Resource.Get("contact").Each() {
		out = append(out, r.contact(e, n))
	}
	return out
}
