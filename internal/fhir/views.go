package fhir

import "iter"

// Patient is a view of a Patient resource. Its methods return what the sender
// wrote, unchecked; like every Node it prints nothing.
type Patient struct{ Node }

// NHSNumber returns the text of the NHS number, "" if there is none.
func (p Patient) NHSNumber() string { return p.Identifier(SystemNHSNumber) }

// Identifier returns the value of the first identifier of the system that is in use.
func (p Patient) Identifier(system string) string { return identifier(p.Node, system) }

func identifier(n Node, system string) string {
	for id := range n.Get("identifier").Each() {
		if id.Get("system").Is(system) && !id.Get("use").Is("old") {
			return id.Get("value").Text()
		}
	}
	return ""
}

// Names yields the names, in their order.
func (p Patient) Names() iter.Seq[HumanName] {
	return func(yield func(HumanName) bool) {
		for n := range p.Get("name").Each() {
			if !yield(HumanName{n}) {
				return
			}
		}
	}
}

// Name returns the name to call the person by: usual, else official, else the
// first that is not old.
func (p Patient) Name() HumanName {
	var best HumanName
	rank := 0
	for n := range p.Names() {
		r := 1
		switch n.Use() {
		case "usual":
			r = 4
		case "official":
			r = 3
		case "":
			r = 2
		case "old", "maiden":
			r = 0
		}
		if r > rank {
			best, rank = n, r
		}
	}
	return best
}

// HumanName is a view of a HumanName.
type HumanName struct{ Node }

// Use returns what the name is used for: usual, official, old, ...
func (n HumanName) Use() string { return n.Get("use").Text() }

// Family returns the family name.
func (n HumanName) Family() string { return n.Get("family").Text() }

// Given returns the given names, in order.
func (n HumanName) Given() []string { return texts(n.Get("given")) }

// Prefix returns the titles, in order.
func (n HumanName) Prefix() []string { return texts(n.Get("prefix")) }

// Whole returns the name as its own text, "" if there is none.
func (n HumanName) Whole() string { return n.Get("text").Text() }

func texts(list Node) []string {
	var all []string
	for e := range list.Each() {
		if e.Kind() == String {
			all = append(all, e.Text())
		}
	}
	return all
}

// BirthDate returns the date of birth as written: YYYY, YYYY-MM or YYYY-MM-DD.
func (p Patient) BirthDate() string { return p.Get("birthDate").Text() }

// Gender returns the administrative gender.
func (p Patient) Gender() string { return p.Get("gender").Text() }

// Postcodes returns the postcodes of the addresses that are not old, in order.
func (p Patient) Postcodes() []string {
	var all []string
	for a := range p.Get("address").Each() {
		if code := a.Get("postalCode").Text(); code != "" && !a.Get("use").Is("old") {
			all = append(all, code)
		}
	}
	return all
}

// Practice returns the ODS code of the registered practice, "" if the resource
// does not hold it; GeneralPractitioners has the references to resolve then.
func (p Patient) Practice() string {
	for _, r := range p.GeneralPractitioners() {
		if system, value := r.Identified(); system == SystemODS {
			return value
		}
	}
	return ""
}

// GeneralPractitioners returns the references to the practice and its staff.
func (p Patient) GeneralPractitioners() []Reference {
	var all []Reference
	for g := range p.Get("generalPractitioner").Each() {
		if r, ok := AsReference(g); ok {
			all = append(all, r)
		}
	}
	return all
}

// Deceased reports whether the person is said to have died.
func (p Patient) Deceased() bool {
	return p.Get("deceasedBoolean").True() || p.Get("deceasedDateTime").Exists()
}

// Active reports whether the resource is in use: it is unless it says not.
func (p Patient) Active() bool { return !p.Get("active").Exists() || p.Get("active").True() }

// Links yields the links to other Patients by their type: replaced-by, replaces, refer, seealso.
func (p Patient) Links() iter.Seq2[string, Reference] {
	return func(yield func(string, Reference) bool) {
		for l := range p.Get("link").Each() {
			if r, ok := AsReference(l.Get("other")); ok && !yield(l.Get("type").Text(), r) {
				return
			}
		}
	}
}

// Coding is a code and its system.
type Coding struct{ System, Code string }

// Security returns the security labels of any resource.
func Security(resource Node) []Coding {
	var all []Coding
	for c := range resource.Get("meta").Get("security").Each() {
		all = append(all, Coding{c.Get("system").Text(), c.Get("code").Text()})
	}
	return all
}

// ODS returns the ODS code of an Organization, "" if it has none.
func ODS(organization Node) string { return identifier(organization, SystemODS) }

// MessageHeader is a view of the first resource of a message.
type MessageHeader struct{ Node }

// Event returns the code of the event, or its URI as the code.
func (m MessageHeader) Event() Coding {
	if uri := m.Get("eventUri"); uri.Exists() {
		return Coding{Code: uri.Text()}
	}
	e := m.Get("eventCoding")
	return Coding{e.Get("system").Text(), e.Get("code").Text()}
}

// Endpoint returns the address of the sending system.
func (m MessageHeader) Endpoint() string { return m.Path("source", "endpoint").Text() }

// Focus returns the references to what the message is about.
func (m MessageHeader) Focus() []Reference { return References(m.Get("focus")) }
