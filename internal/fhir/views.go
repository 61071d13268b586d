package fhir

// Patient is a view of a Patient resource. Its methods return what the sender
// wrote, unchecked; like every Node it prints nothing.
type Patient struct{ Node }

// Identifier returns the value of the first identifier of the system; ok is false
// if there is no such identifier, and "" if it has no value.
func (p Patient) Identifier(system string) (value string, ok bool) {
	for id := range p.Get("identifier").Each() {
		if id.Get("system").Is(system) {
			return id.Get("value").Text(), true
		}
	}
	return "", false
}

// Name returns the name in official use, else the usual one, else the first.
func (p Patient) Name() HumanName {
	for _, use := range []string{"official", "usual"} {
		for n := range p.Get("name").Each() {
			if n.Get("use").Is(use) {
				return HumanName{n}
			}
		}
	}
	return HumanName{p.Get("name").At(0)}
}

// HumanName is a view of a HumanName.
type HumanName struct{ Node }

// Family returns the family name.
func (n HumanName) Family() string { return n.Get("family").Text() }

// Given returns the given names, in order.
func (n HumanName) Given() []string {
	var all []string
	for g := range n.Get("given").Each() {
		all = append(all, g.Text())
	}
	return all
}

// BirthDate returns the date of birth as written: YYYY, YYYY-MM or YYYY-MM-DD.
func (p Patient) BirthDate() string { return p.Get("birthDate").Text() }

// Gender returns the administrative gender.
func (p Patient) Gender() string { return p.Get("gender").Text() }

// Postcode returns the postcode of the first address.
func (p Patient) Postcode() string { return p.Path("address", "postalCode").Text() }

// Labelled reports whether the resource carries a security label of that code.
func (p Patient) Labelled(code string) bool {
	for label := range p.Path("meta").Get("security").Each() {
		if label.Get("code").Is(code) {
			return true
		}
	}
	return false
}
