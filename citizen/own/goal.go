package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// Goal is what a plan is to reach.
type Goal struct {
	Item
	Progress string   `json:"progress,omitempty"`
	Targets  []string `json:"targets,omitempty"` // "HbA1c below 48 mmol/mol by May 2026"
	Started  Moment   `json:"started,omitzero"`
	By       Person   `json:"by,omitzero"`
}

// Activity is something that a plan says shall be done.
type Activity struct {
	Title    string   `json:"title"`
	Original string   `json:"original,omitempty"`
	Codes    []Code   `json:"codes,omitempty"`
	Status   Status   `json:"status,omitzero"`
	When     string   `json:"when,omitempty"`
	Who      []Person `json:"who,omitempty"`
	Where    string   `json:"where,omitempty"`
	Note     string   `json:"note,omitempty"`
	ID       string   `json:"id,omitempty"` // of the entry that it is about
}

// Team is who cares for the resident.
type Team struct {
	Item
	Members []Person `json:"members,omitempty"`
	Phones  []string `json:"phones,omitempty"`
	Started Moment   `json:"started,omitzero"`
	Ended   Moment   `json:"ended,omitzero"`
	Active  bool     `json:"active"`
}

func (r *Reader) goal(e fact) Goal {
	n := e.Resource
	g := Goal{Item: r.item(e, n.Get("description"))}
	g.Status = statusOf(e.typ, n.Get("lifecycleStatus"))
	g.Progress = says(n.Get("achievementStatus"))
	g.Started = r.choice(n, "start")
	g.By = r.person(n, n.Get("expressedBy"))
	for t := range n.Get("target").Each() {
		_, _, detail := quantityIn(t.Get("detailQuantity"))
		if detail == "" {
			detail = first(limits(t.Path("detailRange", "low"), t.Path("detailRange", "high")),
				says(t.Get("detailCodeableConcept")), t.Get("detailString").Text())
		}
		s := strings.TrimSpace(says(t.Get("measure")) + " " + detail)
		if due := r.moment(t.Get("dueDate")); !due.IsZero() {
			s = strings.TrimSpace(s + " by " + due.Text)
		}
		g.Targets = add(g.Targets, s)
	}
	return g
}

func (r *Reader) team(e fact) Team {
	n := e.Resource
	t := Team{Item: r.item(e, n.Get("category"))}
	t.Title = first(n.Get("name").Text(), t.Title)
	t.Phones = phones(n.Get("telecom"))
	t.Started, t.Ended = r.period(n.Get("period"))
	t.Active = r.open(n.Get("status").Text(), t.Ended)
	for p := range n.Get("participant").Each() {
		if r.targetType(n, p.Get("member")) == "Patient" {
			continue
		}
		who := r.person(n, p.Get("member"))
		who.Role = first(says(p.Get("role")), who.Role)
		who.Organisation = first(who.Organisation, r.nameOf(n, p.Get("onBehalfOf")))
		if who.Name = first(who.Name, who.Role); who.Name != "" {
			t.Members = append(t.Members, who)
		}
	}
	return t
}

// activities reads what a plan says shall be done.
func (r *Reader) activities(n fhir.Node) []Activity {
	var out []Activity
	for x := range n.Get("activity").Each() {
		d := x.Get("detail")
		c := conceptOf(d.Get("code"))
		a := Activity{
			Title: first(c.title, d.Get("description").Text()), Original: c.original, Codes: c.codes,
			Status: statusOf("", d.Get("status")), Who: r.people(n, d.Get("performer")),
			Where: r.nameOf(n, d.Get("location")), Note: strings.Join(notes(x.Get("progress")), " "),
		}
		if ref := x.Get("reference"); ref.Exists() {
			_, a.ID = fhir.SplitReference(ref.Get("reference").Text())
			list := r.target(n, ref)
			a.Title = first(a.Title, says(list.Get(codeElement(list.Type()))), ref.Get("display").Text())
		}
		if desc := d.Get("description").Text(); desc != a.Title {
			a.Note = first(desc, a.Note)
		}
		a.When = first(span(r.period(d.Get("scheduledPeriod"))), timing(d.Get("scheduledTiming")), d.Get("scheduledString").Text())
		a.Title = first(a.Title, says(x.Get("outcomeCodeableConcept")))
		if a.Title != "" {
			out = append(out, a)
		}
	}
	return out
}
