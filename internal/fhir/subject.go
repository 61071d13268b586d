package fhir

import (
	"slices"
	"strings"
)

// InCompartment returns the elements whose references put a resource of the
// type in a patient's compartment; ok is false for types that have none. It is
// what the definition says: also the patient as performer or author. Whose a
// resource is, Subjects tells.
func InCompartment(resourceType string) (paths []string, ok bool) {
	p, ok := definitions().compartments[resourceType]
	return slices.Clone(p), ok
}

// subjectElements say whose a resource is, in this order.
var subjectElements = []string{"subject", "patient", "beneficiary", "for", "individual"}

// Subjects returns the references that may say whose a resource is: the one
// subject of most types; the actors of an Appointment and its answer, the
// targets of a Provenance and the participants of a Schedule, all that are not
// known to be something else than a Patient.
func Subjects(resource Node) []Reference {
	var found []Reference
	add := func(n Node) {
		if r, ok := AsReference(n); ok && (r.Type == "" || r.Type == "Patient") {
			found = append(found, r)
		}
	}
	switch t := resource.Type(); t {
	case "Patient", "Person", "Bundle":
	case "Appointment":
		along(resource, []string{"participant", "actor"}, add)
	case "AppointmentResponse", "Schedule":
		along(resource, []string{"actor"}, add)
	case "Provenance":
		along(resource, []string{"target"}, add)
	default:
		for _, name := range subjectElements {
			if m := resource.Get(name); m.Exists() {
				along(m, nil, add)
				break
			}
		}
	}
	return found
}

// Identified returns the system and value that a reference identifies its
// target by: its identifier, or the query of a conditional literal
// (Patient?identifier=system|value). Empty where it does neither.
func (r Reference) Identified() (system, value string) {
	if r.Value != "" {
		return r.System, r.Value
	}
	_, query, ok := strings.Cut(r.Literal, "?identifier=")
	if !ok || strings.ContainsAny(query, "&,") {
		return "", ""
	}
	system, value, ok = strings.Cut(unpercent(query), "|")
	if !ok {
		return "", system
	}
	return system, value
}

// unpercent undoes the escapes of a query; what is none stays.
func unpercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := strings.IndexByte(hexDigits, s[i+1]|0x20), strings.IndexByte(hexDigits, s[i+2]|0x20)
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
