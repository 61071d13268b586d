package own

import "github.com/dorsetcarerecord/dcr/internal/fhir"

// Referral is a request that somebody see, test or treat the resident.
type Referral struct {
	Item
	When         Moment   `json:"when,omitzero"` // asked on
	For          Moment   `json:"for,omitzero"`  // asked for
	By           Person   `json:"by,omitzero"`
	To           []Person `json:"to,omitempty"`
	Priority     string   `json:"priority,omitempty"`
	Reasons      []string `json:"reasons,omitempty"`
	Instructions []string `json:"instructions,omitempty"`
	Active       bool     `json:"active"`
}

func (r *Reader) referral(e fact) Referral {
	n := e.Resource
	f := Referral{Item: r.item(e, n.Get("code"))}
	if len(f.Codes) == 0 && !n.Get("code").Exists() {
		f.Title = first(firstOf(n.Get("category")), f.Title)
	}
	f.When = r.moment(n.Get("authoredOn"))
	f.For = r.choice(n, "occurrence")
	f.By = r.person(n, n.Get("requester"))
	f.To = r.people(n, n.Get("performer"))
	if kind := says(n.Get("performerType")); len(f.To) == 0 && kind != "" {
		f.To = []Person{{Name: kind}}
	}
	f.Priority = priorities[n.Get("priority").Text()]
	f.Reasons = append(sayAll(n.Get("reasonCode")), r.titles(n, n.Get("reasonReference"))...)
	f.Instructions = paragraphs(n.Get("patientInstruction").Text())
	f.Active = activeRequest(n)
	return f
}

// priorities of requests.
var priorities = map[string]string{"routine": "Routine", "urgent": "Urgent", "asap": "As soon as possible", "stat": "At once"}

func activeRequest(n fhir.Node) bool {
	switch n.Get("status").Text() {
	case "active", "on-hold", "draft":
		return true
	}
	return false
}
