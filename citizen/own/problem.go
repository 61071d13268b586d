package own

import (
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Problems is the page of conditions, procedures and family history.
type Problems struct {
	Page
	Active     []Problem       `json:"active"`
	Past       []Problem       `json:"past"` // resolved, inactive, in remission
	Procedures []Procedure     `json:"procedures"`
	Family     []FamilyHistory `json:"family"`
}

// Problem is a condition, a symptom or a diagnosis.
type Problem struct {
	Item
	Active   bool     `json:"active"`
	Started  Moment   `json:"started,omitzero"`
	Onset    string   `json:"onset,omitempty"` // "at age 40", "as a child": where it is no date
	Ended    Moment   `json:"ended,omitzero"`
	Severity string   `json:"severity,omitempty"`
	Certain  string   `json:"certain,omitempty"` // "Not yet confirmed", where it is not certain
	Site     []string `json:"site,omitempty"`
	By       Person   `json:"by,omitzero"`
}

// Procedure is something that was done, or was not.
type Procedure struct {
	Item
	When    Moment   `json:"when,omitzero"`
	Until   Moment   `json:"until,omitzero"`
	Done    bool     `json:"done"`
	Why     string   `json:"why,omitempty"` // it was not done
	Reasons []string `json:"reasons,omitempty"`
	Site    []string `json:"site,omitempty"`
	With    []Person `json:"with,omitempty"`
	Where   string   `json:"where,omitempty"`
	Outcome string   `json:"outcome,omitempty"`
}

// FamilyHistory is what a relative had. It names no relative.
type FamilyHistory struct {
	Item
	Relation   string   `json:"relation"`
	Conditions []string `json:"conditions,omitempty"`
}

// Problems makes the page of conditions, procedures and family history.
func (r *Reader) Problems(entries []Entry, f Filter) Problems {
	p := Problems{Active: []Problem{}, Past: []Problem{}, Procedures: []Procedure{}, Family: []FamilyHistory{}}
	s := newShelf(&p.Page, section.Problems, f)
	for e := range r.facts(&p.Page, section.Problems, entries) {
		switch e.typ {
		case "Condition":
			c := r.problem(e)
			if !s.keep(r.when(e), "problem", "Health problems") {
				continue
			}
			if c.Active {
				p.Active = append(p.Active, c)
			} else {
				p.Past = append(p.Past, c)
			}
		case "Procedure":
			if s.keep(r.when(e), "procedure", "Operations and procedures") {
				p.Procedures = append(p.Procedures, r.procedure(e))
			}
		case "FamilyMemberHistory":
			if s.keep(r.when(e), "family", "Family history") {
				p.Family = append(p.Family, r.familyHistory(e))
			}
		default:
			s.other(r, e)
		}
	}
	began := func(c *Problem) Moment { return c.began() }
	latest(p.Active, began)
	latest(p.Past, began)
	latest(p.Procedures, func(c *Procedure) Moment { return c.When })
	s.done(section.Problems)
	return p
}

func (c *Problem) began() Moment {
	if !c.Started.IsZero() {
		return c.Started
	}
	return c.Recorded
}

func (r *Reader) problem(e fact) Problem {
	n := e.Resource
	c := Problem{Item: r.item(e, n.Get("code"))}
	c.Status = statusOf(e.typ, n.Get("clinicalStatus"))
	c.Started, c.Onset = r.onset(n, "onset")
	c.Ended, _ = r.onset(n, "abatement")
	c.Active = activeProblem(n)
	c.Severity = severityOf(n.Get("severity"))
	c.Certain = doubts[codeOf(n.Get("verificationStatus"))]
	c.Site = sayAll(n.Get("bodySite"))
	c.By = r.person(n, n.Get("recorder"))
	if c.By.Name == "" {
		c.By = r.person(n, n.Get("asserter"))
	}
	return c
}

// activeProblem tells a problem of now from one of the past: by its clinical
// status, and where there is none, by whether it has ended.
func activeProblem(n fhir.Node) bool {
	if hasCode(n.Get("verificationStatus"), "refuted") {
		return false
	}
	switch status := n.Get("clinicalStatus"); {
	case hasCode(status, "inactive", "resolved", "remission"):
		return false
	case hasCode(status, "active", "recurrence", "relapse"):
		return true
	}
	return !n.Get("abatementDateTime").Exists() && !n.Get("abatementPeriod").Exists() &&
		!n.Get("abatementString").Exists() && !n.Get("abatementAge").Exists()
}

// onset reads onset[x] or abatement[x]: a date, or words where it is none.
func (r *Reader) onset(n fhir.Node, name string) (Moment, string) {
	if m := r.choice(n, name); !m.IsZero() {
		return m, ""
	}
	if _, _, age := quantityIn(n.Get(name + "Age")); age != "" {
		return Moment{}, "at the age of " + age
	}
	if low := limits(n.Path(name+"Range", "low"), n.Path(name+"Range", "high")); low != "" {
		return Moment{}, "at the age of " + low
	}
	return Moment{}, n.Get(name + "String").Text()
}

func (r *Reader) procedure(e fact) Procedure {
	n := e.Resource
	p := Procedure{Item: r.item(e, n.Get("code")), When: r.choice(n, "performed")}
	p.Until = r.moment(n.Get("performedPeriod").Get("end"))
	if p.Until.Text == p.When.Text {
		p.Until = Moment{}
	}
	if p.When.IsZero() {
		if _, s := r.onset(n, "performed"); s != "" {
			p.When = Moment{Value: s, Text: s}
		}
	}
	p.Done = n.Get("status").Is("completed")
	p.Why = says(n.Get("statusReason"))
	p.Reasons = append(sayAll(n.Get("reasonCode")), r.titles(n, n.Get("reasonReference"))...)
	p.Site = sayAll(n.Get("bodySite"))
	for who := range n.Get("performer").Each() {
		if w := r.person(n, who.Get("actor")); w.Name != "" {
			w.Organisation = first(w.Organisation, r.nameOf(n, who.Get("onBehalfOf")))
			p.With = append(p.With, w)
		}
	}
	p.Where = r.nameOf(n, n.Get("location"))
	p.Outcome = says(n.Get("outcome"))
	return p
}

// titles returns in words what References lead to: their display, else what the
// target is about.
func (r *Reader) titles(resource, list fhir.Node) []string {
	var out []string
	for ref := range list.Each() {
		t := r.target(resource, ref)
		if t.Exists() && mistaken(t) {
			continue
		}
		title := says(t.Get(codeElement(t.Type())))
		out = add(out, first(title, ref.Get("display").Text()))
	}
	return out
}

func (r *Reader) familyHistory(e fact) FamilyHistory {
	n := e.Resource
	h := FamilyHistory{Item: r.item(e, n.Get("relationship"))}
	h.Relation = capital(first(says(n.Get("relationship")), "relative"))
	h.Title = h.Relation
	for c := range n.Get("condition").Each() {
		h.Conditions = add(h.Conditions, says(c.Get("code")))
		h.Codes = append(h.Codes, conceptOf(c.Get("code")).codes...)
	}
	return h
}
