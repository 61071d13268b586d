package own

import (
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Immunisations is the page of vaccinations.
type Immunisations struct {
	Page
	Given    []Immunisation `json:"given"`    // the latest first
	NotGiven []Immunisation `json:"notGiven"` // offered and not given
}

// Immunisation is one vaccination.
type Immunisation struct {
	Item
	Kind     string   `json:"kind"` // the vaccine; Page.Kinds has it as Words
	When     Moment   `json:"when,omitzero"`
	WhenText string   `json:"whenText,omitempty"` // where it is no date
	Done     bool     `json:"done"`
	Why      string   `json:"why,omitempty"` // it was not given
	Against  []string `json:"against,omitempty"`
	Dose     string   `json:"dose,omitempty"` // "Dose 2 of 3"
	Product  string   `json:"product,omitempty"`
	Batch    string   `json:"batch,omitempty"`
	Site     string   `json:"site,omitempty"`
	With     []Person `json:"with,omitempty"`
	Where    string   `json:"where,omitempty"`
}

// Immunisations makes the page of vaccinations.
func (r *Reader) Immunisations(entries []Entry, f Filter) Immunisations {
	p := Immunisations{Given: []Immunisation{}, NotGiven: []Immunisation{}}
	s := newShelf(&p.Page, section.Immunisations, f)
	for e := range r.facts(&p.Page, section.Immunisations, entries) {
		if e.typ != "Immunization" {
			s.other(r, e)
			continue
		}
		v := r.immunisation(e)
		if !s.keep(r.when(e), opaque(v.Kind), v.Kind) {
			continue
		}
		if v.Done {
			p.Given = append(p.Given, v)
		} else {
			p.NotGiven = append(p.NotGiven, v)
		}
	}
	byDate := func(v *Immunisation) Moment { return v.When }
	latest(p.Given, byDate)
	latest(p.NotGiven, byDate)
	s.done(section.Immunisations)
	return p
}

func (r *Reader) immunisation(e fact) Immunisation {
	n := e.Resource
	v := Immunisation{Item: r.item(e, n.Get("vaccineCode"))}
	procedure := extension(n, "VaccinationProcedure").Get("valueCodeableConcept")
	if c := conceptOf(procedure); c.title != "" {
		v.Codes = append(v.Codes, c.codes...)
		v.Notes = add(v.Notes, c.title)
	}
	v.Kind = v.Title
	v.When = r.choice(n, "occurrence")
	v.WhenText = n.Get("occurrenceString").Text()
	v.Done = n.Get("status").Is("completed")
	v.Why = says(n.Get("statusReason"))
	v.Product = n.Path("manufacturer", "display").Text()
	if v.Product == "" {
		v.Product = r.nameOf(n, n.Get("manufacturer"))
	}
	v.Batch = n.Get("lotNumber").Text()
	v.Site = says(n.Get("site"))
	v.Where = r.nameOf(n, n.Get("location"))
	for who := range n.Get("performer").Each() {
		if w := r.person(n, who.Get("actor")); w.Name != "" {
			v.With = append(v.With, w)
		}
	}
	for protocol := range n.Get("protocolApplied").Each() {
		v.Against = add(v.Against, sayAll(protocol.Get("targetDisease"))...)
		if dose := doseNumber(protocol, "doseNumber"); dose != "" {
			v.Dose = "Dose " + dose
			if of := doseNumber(protocol, "seriesDoses"); of != "" {
				v.Dose += " of " + of
			}
		}
	}
	return v
}

func doseNumber(n fhir.Node, name string) string {
	return first(digits(n.Get(name+"PositiveInt")), n.Get(name+"String").Text())
}
