package own

import (
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Alerts is the page of alerts. Those that are for staff only never reach this
// package: the record does not hand them to a resident.
type Alerts struct {
	Page
	Active []Alert `json:"active"`
	Past   []Alert `json:"past"`
}

// Alert is something that whoever treats the resident should know at once.
type Alert struct {
	Item
	Active   bool     `json:"active"`
	Category []string `json:"category,omitempty"`
	Started  Moment   `json:"started,omitzero"`
	Ended    Moment   `json:"ended,omitzero"`
	Severity string   `json:"severity,omitempty"`
	Detail   []string `json:"detail,omitempty"`
	By       Person   `json:"by,omitzero"`
}

// Alerts makes the page of alerts.
func (r *Reader) Alerts(entries []Entry, f Filter) Alerts {
	p := Alerts{Active: []Alert{}, Past: []Alert{}}
	s := newShelf(&p.Page, section.Alerts, f)
	for e := range r.facts(&p.Page, section.Alerts, entries) {
		if !alertTypes[e.typ] {
			s.other(r, e)
			continue
		}
		a := r.alert(e)
		if !s.keep(r.when(e), e.typ, capital(thingOf(e.typ))) {
			continue
		}
		if a.Active {
			p.Active = append(p.Active, a)
		} else {
			p.Past = append(p.Past, a)
		}
	}
	started := func(a *Alert) Moment { return a.Started }
	latest(p.Active, started)
	latest(p.Past, started)
	s.done(section.Alerts)
	return p
}

var alertTypes = map[string]bool{"Flag": true, "DetectedIssue": true, "RiskAssessment": true, "AdverseEvent": true}

func (r *Reader) alert(e fact) Alert {
	n := e.Resource
	code := n.Get("code")
	if e.typ == "AdverseEvent" {
		code = n.Get("event")
	}
	a := Alert{Item: r.item(e, code), Category: sayAll(n.Get("category"))}
	a.Started = r.when(e)
	_, a.Ended = r.period(n.Get("period"))
	a.Severity = severityOf(n.Get("severity"))
	a.Detail = paragraphs(n.Get("detail").Text())
	for p := range n.Get("prediction").Each() {
		a.Detail = add(a.Detail, says(p.Get("outcome")), says(p.Get("qualitativeRisk")))
	}
	a.By = r.person(n, n.Get("author"))
	switch n.Get("status").Text() {
	case "active", "final", "preliminary", "registered", "amended", "corrected", "":
		a.Active = a.Ended.IsZero() || a.Ended.ahead(r.o.Now)
	}
	return a
}
