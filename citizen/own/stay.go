package own

import (
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Stays is the page of admissions, discharges and visits.
type Stays struct {
	Page
	Now  []Stay `json:"now"`  // not ended
	Past []Stay `json:"past"` // the latest first
}

// Kinds of stay, which are the values of the page's filter.
const (
	StayAdmission = "admission"
	StayEmergency = "emergency"
	StayVisit     = "visit"
	StayHome      = "home"
	StayRemote    = "remote"
)

// Stay is an admission, or a visit.
type Stay struct {
	Item
	Kind       string   `json:"kind"`
	KindWords  string   `json:"kindWords"`
	When       string   `json:"when"`             // "3 May 2026 to 5 May 2026"
	Start      Moment   `json:"start,omitzero"`   // admitted
	End        Moment   `json:"end,omitzero"`     // discharged
	Length     string   `json:"length,omitempty"` // "2 nights"
	Ongoing    bool     `json:"ongoing"`
	Planned    bool     `json:"planned"` // has not begun
	Reasons    []string `json:"reasons,omitempty"`
	Where      []Place  `json:"where,omitempty"`
	With       []Person `json:"with,omitempty"`
	Service    string   `json:"service,omitempty"`
	Admitted   string   `json:"admitted,omitempty"`   // from where
	Discharged string   `json:"discharged,omitempty"` // to where
}

// Stays makes the page of admissions, discharges and visits.
func (r *Reader) Stays(entries []Entry, f Filter) Stays {
	p := Stays{Now: []Stay{}, Past: []Stay{}}
	s := newShelf(&p.Page, section.Encounters, f)
	for e := range r.facts(&p.Page, section.Encounters, entries) {
		if e.typ != "Encounter" {
			s.other(r, e)
			continue
		}
		y := r.stay(e)
		if !s.keep(y.Start, y.Kind, y.KindWords) {
			continue
		}
		if y.Ongoing || y.Planned {
			p.Now = append(p.Now, y)
		} else {
			p.Past = append(p.Past, y)
		}
	}
	start := func(y *Stay) Moment { return y.Start }
	latest(p.Now, start)
	latest(p.Past, start)
	s.done(section.Encounters)
	return p
}

// stayKinds are the classes of Encounter (HL7 ActCode).
var stayKinds = map[string][2]string{
	"IMP": {StayAdmission, "Stay in hospital"}, "ACUTE": {StayAdmission, "Stay in hospital"}, "NONAC": {StayAdmission, "Stay in hospital"},
	"OBSENC": {StayAdmission, "Stay in hospital for observation"}, "SS": {StayAdmission, "Day case"}, "PRENC": {StayAdmission, "Before a stay in hospital"},
	"EMER": {StayEmergency, "Emergency visit (A&E)"}, "AMB": {StayVisit, "Visit"},
	"HH": {StayHome, "Visit at home"}, "FLD": {StayHome, "Visit outside hospital"}, "VR": {StayRemote, "By phone or video"},
}

func stayKind(n fhir.Node) (kind, words string) {
	class := n.Get("class")
	if k, ok := stayKinds[class.Get("code").Text()]; ok {
		return k[0], k[1]
	}
	return StayVisit, first(class.Get("display").Text(), class.Get("code").Text(), "Visit")
}

func (r *Reader) stay(e fact) Stay {
	n := e.Resource
	y := Stay{Item: r.item(e, n.Get("type"))}
	y.Kind, y.KindWords = stayKind(n)
	if !n.Get("type").Exists() {
		y.Title = y.KindWords
	}
	y.Start, y.End = r.period(n.Get("period"))
	y.When = span(y.Start, y.End)
	if y.Length = nights(y.Start, y.End); y.Length == "" || y.Kind != StayAdmission {
		y.Length = length(y.Start, y.End)
	}
	y.Ongoing, y.Planned = stayNow(n)
	if y.Ongoing && y.Kind == StayAdmission && !y.Start.IsZero() {
		y.When = "since " + y.Start.Text
	}
	y.Reasons = append(sayAll(n.Get("reasonCode")), r.titles(n, n.Get("reasonReference"))...)
	if y.Service = says(n.Get("serviceType")); y.Service != "" && !n.Get("type").Exists() {
		y.Title += ": " + y.Service
	}
	for l := range n.Get("location").Each() {
		if at := r.place(n, l.Get("location")); at.Name != "" {
			y.Where = append(y.Where, at)
		}
	}
	if provider := r.place(n, n.Get("serviceProvider")); provider.Name != "" && len(y.Where) == 0 {
		y.Where = append(y.Where, provider)
	}
	for p := range n.Get("participant").Each() {
		if r.targetType(n, p.Get("individual")) == "Patient" {
			continue
		}
		if who := r.person(n, p.Get("individual")); who.Name != "" {
			y.With = append(y.With, who)
		}
	}
	h := n.Get("hospitalization")
	y.Admitted = first(says(h.Get("admitSource")), r.nameOf(n, h.Get("origin")))
	y.Discharged = first(says(h.Get("dischargeDisposition")), r.nameOf(n, h.Get("destination")))
	return y
}

// stayNow reports whether an encounter goes on, or is planned.
func stayNow(n fhir.Node) (ongoing, planned bool) {
	switch n.Get("status").Text() {
	case "planned":
		return false, true
	case "arrived", "triaged", "in-progress", "onleave":
		return !n.Get("period").Get("end").Exists(), false
	}
	return false, false
}
