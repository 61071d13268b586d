package own

import (
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Medicines is the page of medicines.
type Medicines struct {
	Page
	Current []Medicine `json:"current"`
	Past    []Medicine `json:"past"`
	Given   []Medicine `json:"given"` // handed out by a pharmacy, or given by staff
}

// Kinds of Medicine, which are the values of the page's filter.
const (
	MedicinePrescribed = "prescribed" // MedicationRequest
	MedicineStated     = "stated"     // MedicationStatement
	MedicineDispensed  = "dispensed"  // MedicationDispense
	MedicineGiven      = "given"      // MedicationAdministration
)

// Medicine is a medicine as prescribed, stated, dispensed or given.
type Medicine struct {
	Item
	Kind       string        `json:"kind"`
	Current    bool          `json:"current"`
	Dose       string        `json:"dose,omitempty"`      // as written; else composed of what is coded
	Explained  []Explanation `json:"explained,omitempty"` // abbreviations in Dose
	ForYou     []string      `json:"forYou,omitempty"`    // instructions for the patient
	AsNeeded   bool          `json:"asNeeded"`
	Form       string        `json:"form,omitempty"`
	Reasons    []string      `json:"reasons,omitempty"`
	By         Person        `json:"by,omitzero"`      // who prescribed
	Repeat     string        `json:"repeat,omitempty"` // "Repeat prescription", "One-off prescription"
	Supply     string        `json:"supply,omitempty"` // "28 tablets"
	Started    Moment        `json:"started,omitzero"`
	Ended      Moment        `json:"ended,omitzero"`
	LastIssued Moment        `json:"lastIssued,omitzero"`
	Also       []string      `json:"also,omitempty"` // ids of entries that are told in this one
	Why        string        `json:"why,omitempty"`  // it was stopped, or is not taken
}

// Medicines makes the page of medicines. A prescription that a statement, or
// another prescription, is based on is told with it and not a second time.
func (r *Reader) Medicines(entries []Entry, f Filter) Medicines {
	p := Medicines{Current: []Medicine{}, Past: []Medicine{}, Given: []Medicine{}}
	s := newShelf(&p.Page, section.Medicines, f)
	all := &prescriptions{by: map[string]int{}}
	for e := range r.facts(&p.Page, section.Medicines, entries) {
		switch e.typ {
		case "MedicationRequest", "MedicationStatement":
			all.add(r.medicine(e), e)
		case "MedicationDispense", "MedicationAdministration":
			m := r.medicine(e)
			if s.keep(r.when(e), m.Kind, medicineKinds[m.Kind]) {
				p.Given = append(p.Given, m)
			}
		default:
			s.other(r, e)
		}
	}
	for _, m := range all.joined() {
		when := m.issued()
		if !s.keep(when, m.Kind, medicineKinds[m.Kind]) {
			continue
		}
		if m.Current {
			p.Current = append(p.Current, *m)
		} else {
			p.Past = append(p.Past, *m)
		}
	}
	slices.SortStableFunc(p.Current, func(a, b Medicine) int {
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	latest(p.Past, (*Medicine).issued)
	latest(p.Given, (*Medicine).issued)
	s.done(section.Medicines)
	return p
}

var medicineKinds = map[string]string{
	MedicinePrescribed: "Prescribed", MedicineStated: "Recorded as taken",
	MedicineDispensed: "Handed out by a pharmacy", MedicineGiven: "Given by staff",
}

// issued is what a medicine is ordered by.
func (m *Medicine) issued() Moment {
	for _, d := range []Moment{m.LastIssued, m.Started, m.Recorded} {
		if !d.IsZero() {
			return d
		}
	}
	return Moment{}
}

func (r *Reader) medicine(e fact) Medicine {
	n := e.Resource
	concept, form := r.medication(n)
	m := Medicine{Item: r.item(e, concept), Form: form}
	if !concept.Exists() {
		m.Title = first(n.Path("medicationReference", "display").Text(), m.Title)
	}
	m.Reasons = append(sayAll(n.Get("reasonCode")), r.titles(n, n.Get("reasonReference"))...)
	m.Why = says(n.Get("statusReason"))
	switch e.typ {
	case "MedicationRequest":
		r.prescribed(&m, n)
	case "MedicationStatement":
		m.Kind = MedicineStated
		m.dose(n.Get("dosage"))
		m.Started, m.Ended = r.extent(n, "effective")
		m.LastIssued = r.moment(extension(n, "MedicationStatementLastIssueDate").Get("valueDateTime"))
		m.By = r.person(n, n.Get("informationSource"))
		m.Current = r.taken(n.Get("status").Text(), m.Ended)
	case "MedicationDispense":
		m.Kind = MedicineDispensed
		m.dose(n.Get("dosageInstruction"))
		_, _, m.Supply = quantityIn(n.Get("quantity"))
		m.LastIssued = r.when(e)
		m.By = r.person(n, n.Get("performer").At(0).Get("actor"))
	case "MedicationAdministration":
		m.Kind = MedicineGiven
		m.dose(n.Get("dosage"))
		m.Started, m.Ended = r.extent(n, "effective")
		m.LastIssued = m.Started
		m.By = r.person(n, n.Get("performer").At(0).Get("actor"))
	}
	return m
}

func (r *Reader) prescribed(m *Medicine, n fhir.Node) {
	m.Kind = MedicinePrescribed
	m.dose(n.Get("dosageInstruction"))
	m.By = r.person(n, n.Get("requester"))
	if m.By.Name == "" {
		m.By = r.person(n, n.Get("recorder"))
	}
	supply := n.Get("dispenseRequest")
	_, _, m.Supply = quantityIn(supply.Get("quantity"))
	m.Started, m.Ended = r.period(supply.Get("validityPeriod"))
	if m.Started.IsZero() {
		m.Started = r.moment(n.Get("authoredOn"))
	}
	if !n.Get("intent").Is("plan") && !n.Get("intent").Is("proposal") {
		m.LastIssued = r.moment(n.Get("authoredOn"))
	}
	m.Repeat = repeatOf(n)
	switch n.Get("status").Text() {
	case "active", "on-hold", "":
		m.Current = !flagged(n.Get("doNotPerform"))
	}
}

// repeatOf says whether a prescription is a repeat.
func repeatOf(n fhir.Node) string {
	code := codeOf(n.Get("courseOfTherapyType"))
	if code == "" {
		code = codeOf(extension(n, "PrescriptionType").Get("valueCodeableConcept"))
	}
	for c := range n.Get("category").Each() {
		if k := codeOf(c); code == "" && (k == "acute" || strings.HasPrefix(k, "continuous")) {
			code = k
		}
	}
	switch code {
	case "acute":
		return "One-off prescription"
	case "continuous", "repeat":
		return "Repeat prescription"
	case "continuous-repeating-dispensing", "repeat-dispensing":
		return "Repeat prescription, sent to the pharmacy ahead"
	case "seasonal":
		return "Seasonal prescription"
	}
	if extension(n, "MedicationRepeatInformation").Exists() {
		return "Repeat prescription"
	}
	return says(n.Get("courseOfTherapyType"))
}

// medication returns the concept and the form of the medicine that an entry is about.
func (r *Reader) medication(n fhir.Node) (concept fhir.Node, form string) {
	if c := n.Get("medicationCodeableConcept"); c.Exists() {
		return c, ""
	}
	t := r.target(n, n.Get("medicationReference"))
	return t.Get("code"), says(t.Get("form"))
}

// extent reads a date or period of a choice element.
func (r *Reader) extent(n fhir.Node, name string) (start, end Moment) {
	if p := n.Get(name + "Period"); p.Exists() {
		return r.period(p)
	}
	return r.choice(n, name), Moment{}
}

// taken reports whether a statement is about a medicine of now: its status counts,
// and an end that has passed counts more.
func (r *Reader) taken(status string, end Moment) bool {
	switch status {
	case "active", "intended", "on-hold", "unknown":
		return end.IsZero() || end.ahead(r.o.Now)
	}
	return false
}
