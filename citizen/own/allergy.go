package own

import (
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Allergies is the page of allergies and intolerances. Statements tells "none known"
// from "nothing recorded".
type Allergies struct {
	Page
	Active []Allergy `json:"active"` // those of high risk first
	Past   []Allergy `json:"past"`   // resolved, inactive, refuted
}

// Allergy is an allergy or intolerance.
type Allergy struct {
	Item
	Active    bool       `json:"active"`
	Kind      string     `json:"kind"`           // "Allergy", "Intolerance", "Allergy or intolerance"
	To        string     `json:"to,omitempty"`   // "Medicine", "Food"
	Risk      string     `json:"risk,omitempty"` // "High risk"
	HighRisk  bool       `json:"highRisk"`
	Certain   string     `json:"certain,omitempty"` // "Not yet confirmed", where it is not certain
	Reactions []Reaction `json:"reactions,omitempty"`
	Started   Moment     `json:"started,omitzero"`
	Last      Moment     `json:"last,omitzero"` // last happened
	By        Person     `json:"by,omitzero"`
}

// Reaction is what happened.
type Reaction struct {
	What     []string `json:"what"`
	To       string   `json:"to,omitempty"` // substance, where it is more exact
	Severity string   `json:"severity,omitempty"`
	When     Moment   `json:"when,omitzero"`
	Note     string   `json:"note,omitempty"`
}

// Allergies makes the page of allergies and intolerances.
func (r *Reader) Allergies(entries []Entry, f Filter) Allergies {
	p := Allergies{Active: []Allergy{}, Past: []Allergy{}}
	s := newShelf(&p.Page, section.Allergies, f)
	for e := range r.facts(&p.Page, section.Allergies, entries) {
		if e.typ != "AllergyIntolerance" {
			s.other(r, e)
			continue
		}
		a := r.allergy(e)
		if !s.keep(r.when(e), first(e.Resource.Get("category").At(0).Text(), "other"), first(a.To, "Other")) {
			continue
		}
		if a.Active {
			p.Active = append(p.Active, a)
		} else {
			p.Past = append(p.Past, a)
		}
	}
	byDate := func(a *Allergy) Moment {
		if !a.Started.IsZero() {
			return a.Started
		}
		return a.Recorded
	}
	latest(p.Active, byDate)
	latest(p.Past, byDate)
	slices.SortStableFunc(p.Active, func(a, b Allergy) int {
		switch {
		case a.HighRisk == b.HighRisk:
			return 0
		case a.HighRisk:
			return -1
		}
		return 1
	})
	s.done(section.Allergies)
	return p
}

// allergens are the categories of AllergyIntolerance.
var allergens = map[string]string{"food": "Food", "medication": "Medicine", "environment": "Environment", "biologic": "Biological product"}

func (r *Reader) allergy(e fact) Allergy {
	n := e.Resource
	a := Allergy{Item: r.item(e, n.Get("code"))}
	a.Status = statusOf(e.typ, n.Get("clinicalStatus"))
	a.Active = !hasCode(n.Get("clinicalStatus"), "inactive", "resolved") && !hasCode(n.Get("verificationStatus"), "refuted")
	switch n.Get("type").Text() {
	case "allergy":
		a.Kind = "Allergy"
	case "intolerance":
		a.Kind = "Intolerance"
	default:
		a.Kind = "Allergy or intolerance"
	}
	a.To = allergens[n.Get("category").At(0).Text()]
	switch n.Get("criticality").Text() {
	case "high":
		a.Risk, a.HighRisk = "High risk: could be life threatening", true
	case "low":
		a.Risk = "Low risk"
	case "unable-to-assess":
		a.Risk = "Risk not known"
	}
	a.Certain = doubts[codeOf(n.Get("verificationStatus"))]
	a.Started, _ = r.onset(n, "onset")
	a.Last = r.moment(n.Get("lastOccurrence"))
	a.By = r.person(n, n.Get("recorder"))
	for x := range n.Get("reaction").Each() {
		a.Reactions = append(a.Reactions, Reaction{
			What:     sayAll(x.Get("manifestation")),
			To:       says(x.Get("substance")),
			Severity: severityOf(x.Get("severity")),
			When:     r.moment(x.Get("onset")),
			Note:     x.Get("description").Text(),
		})
	}
	return a
}
