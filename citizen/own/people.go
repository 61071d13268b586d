package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// target returns what a Reference of a resource leads to: what is contained, else
// what Options.Resolve finds; absent where neither knows.
func (r *Reader) target(resource, ref fhir.Node) fhir.Node {
	literal := ref.Get("reference").Text()
	if literal == "" {
		return fhir.Node{}
	}
	if id, ok := strings.CutPrefix(literal, "#"); ok {
		for c := range resource.Get("contained").Each() {
			if c.Get("id").Is(id) {
				return c
			}
		}
		return fhir.Node{}
	}
	if r.o.Resolve == nil || literal == "" {
		return fhir.Node{}
	}
	return r.o.Resolve(literal)
}

// maxDepth bounds how far references are followed from one to the next: a source may
// send some that lead to themselves.
const maxDepth = 3

// person reads whom a Reference names: a practitioner, a role, an organisation, a
// team. What the target says of itself comes before the reference's display.
func (r *Reader) person(resource, ref fhir.Node) Person {
	p := Person{Name: ref.Get("display").Text()}
	if r.depth >= maxDepth {
		return p
	}
	r.depth++
	defer func() { r.depth-- }()
	t := r.target(resource, ref)
	switch t.Type() {
	case "Practitioner", "RelatedPerson", "Patient":
		p.Name = first(humanName(t), p.Name)
	case "PractitionerRole":
		return r.roleHolder(t, p)
	case "Organization", "CareTeam", "HealthcareService", "Location":
		p.Name = first(t.Get("name").Text(), p.Name)
	case "Device":
		p.Name = first(t.Path("deviceName", "name").Text(), says(t.Get("type")), p.Name)
	}
	p.Phones = phones(t.Get("telecom"))
	if p.Name == "" {
		p.Name = ref.Path("identifier", "assigner", "display").Text()
	}
	return p
}

// roleHolder reads a PractitionerRole.
func (r *Reader) roleHolder(role fhir.Node, p Person) Person {
	if who := r.person(role, role.Get("practitioner")); who.Name != "" {
		p.Name = who.Name
	}
	p.Role = says(role.Get("code"))
	p.Organisation = r.nameOf(role, role.Get("organization"))
	p.Phones = phones(role.Get("telecom"))
	p.Name = first(p.Name, p.Role, p.Organisation)
	return p
}

// people reads a list of References, without those that lead nowhere and name
// nobody.
func (r *Reader) people(resource, list fhir.Node) []Person {
	var out []Person
	for ref := range list.Each() {
		if p := r.person(resource, ref); p.Name != "" {
			out = append(out, p)
		}
	}
	return out
}

// nameOf returns the name of what a Reference leads to.
func (r *Reader) nameOf(resource, ref fhir.Node) string { return r.person(resource, ref).Name }

// place reads a Reference to a Location or an Organization.
func (r *Reader) place(resource, ref fhir.Node) Place {
	t := r.target(resource, ref)
	address := t.Get("address")
	if address.Kind() == fhir.Array {
		address = address.At(0)
	}
	return Place{
		Name:   first(t.Get("name").Text(), ref.Get("display").Text()),
		Lines:  addressLines(address),
		Phones: phones(t.Get("telecom")),
	}
}

// humanName returns the name of a Practitioner, RelatedPerson or Patient.
func humanName(n fhir.Node) string {
	return nameText(fhir.Patient{Node: n}.Name().Node)
}

// nameText writes a HumanName in the order in which it is said.
func nameText(n fhir.Node) string {
	var parts []string
	for _, list := range []string{"prefix", "given"} {
		for t := range n.Get(list).Each() {
			parts = append(parts, t.Text())
		}
	}
	if f := n.Get("family").Text(); f != "" {
		parts = append(parts, f)
	}
	if len(parts) == 0 {
		return n.Get("text").Text()
	}
	return strings.Join(append(parts, texts(n.Get("suffix"))...), " ")
}

// addressLines writes an Address as on an envelope.
func addressLines(a fhir.Node) []string {
	out := texts(a.Get("line"))
	out = add(out, a.Get("city").Text(), a.Get("district").Text(), a.Get("postalCode").Text())
	if len(out) == 0 {
		return paragraphs(a.Get("text").Text())
	}
	return out
}

// uses are what an address or a number is used for.
var uses = map[string]string{"home": "Home", "work": "Work", "temp": "Temporary", "old": "Old", "mobile": "Mobile", "billing": "Billing"}

// phones returns the phone numbers of ContactPoints that are in use.
func phones(telecom fhir.Node) []string {
	var out []string
	for _, p := range phoneBook(telecom) {
		out = add(out, p.Number)
	}
	return out
}

func phoneBook(telecom fhir.Node) []Phone {
	var out []Phone
	for t := range telecom.Each() {
		system := t.Get("system")
		if t.Get("use").Is("old") || !system.Is("phone") && !system.Is("sms") {
			continue
		}
		if v := t.Get("value").Text(); v != "" {
			out = append(out, Phone{Number: v, Use: uses[t.Get("use").Text()]})
		}
	}
	return out
}

func emails(telecom fhir.Node) []string {
	var out []string
	for t := range telecom.Each() {
		if t.Get("system").Is("email") && !t.Get("use").Is("old") {
			out = add(out, t.Get("value").Text())
		}
	}
	return out
}
