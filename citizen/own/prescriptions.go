package own

import "strings"

// prescriptions are the statements and requests of a record, which may tell of
// the same medicine: a practice sends a statement, the plan that it is based on
// and each issue of that plan.
type prescriptions struct {
	list  []*Medicine
	bases [][]string     // of each: what it is based on, as "Type/id"
	by    map[string]int // "Type/id" -> place in list
}

func (p *prescriptions) add(m Medicine, e fact) {
	var bases []string
	for ref := range e.Resource.Get("basedOn").Each() {
		if literal := ref.Get("reference").Text(); strings.HasPrefix(literal, "MedicationRequest/") {
			bases = append(bases, literal)
		}
	}
	p.by[e.typ+"/"+e.ID] = len(p.list)
	p.list = append(p.list, &m)
	p.bases = append(p.bases, bases)
}

// joined returns each medicine once: an issue goes into the plan that it is based
// on, and a plan into the statement that is based on it.
func (p *prescriptions) joined() []*Medicine {
	gone := make([]bool, len(p.list))
	for i, m := range p.list { // issues into their plans
		if m.Type == "MedicationRequest" {
			if j, ok := p.base(i); ok && !gone[j] {
				p.list[j].issue(m)
				gone[i] = true
			}
		}
	}
	for i, m := range p.list { // plans into their statements
		if m.Type == "MedicationStatement" {
			if j, ok := p.base(i); ok && !gone[j] {
				m.plan(p.list[j])
				gone[j] = true
			}
		}
	}
	var out []*Medicine
	for i, m := range p.list {
		if !gone[i] {
			out = append(out, m)
		}
	}
	return out
}

// base returns the place of the first other medicine that the one at i is based on.
func (p *prescriptions) base(i int) (int, bool) {
	for _, ref := range p.bases[i] {
		if j, ok := p.by[ref]; ok && j != i {
			return j, true
		}
	}
	return 0, false
}

// issue takes in an issue of the plan m.
func (m *Medicine) issue(o *Medicine) {
	m.Also = append(append(m.Also, o.ID), o.Also...)
	if m.LastIssued.at.Before(o.LastIssued.at) {
		m.LastIssued = o.LastIssued
	}
	m.Supply = first(m.Supply, o.Supply)
	m.Repeat = first(m.Repeat, o.Repeat)
	if m.Dose == "" {
		m.Dose, m.Explained = o.Dose, o.Explained
	}
}

// plan takes in the plan that the statement m is based on.
func (m *Medicine) plan(o *Medicine) {
	m.issue(o)
	m.Reasons = add(m.Reasons, o.Reasons...)
	m.ForYou = add(m.ForYou, o.ForYou...)
	if o.By.Name != "" {
		m.By = o.By
	}
	m.Why = first(m.Why, o.Why)
}
