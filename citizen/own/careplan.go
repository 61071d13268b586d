package own

import (
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// CarePlans is the page of care plans, goals and teams.
type CarePlans struct {
	Page
	Active []CarePlan `json:"active"`
	Past   []CarePlan `json:"past"`
	Goals  []Goal     `json:"goals"` // of no plan
	Teams  []Team     `json:"teams"` // of no plan
}

// CarePlan is a plan agreed with a team.
type CarePlan struct {
	Item
	Active     bool       `json:"active"`
	About      string     `json:"about,omitempty"`
	For        []string   `json:"for,omitempty"` // problems
	Started    Moment     `json:"started,omitzero"`
	Ended      Moment     `json:"ended,omitzero"`
	Goals      []Goal     `json:"goals,omitempty"`
	Activities []Activity `json:"activities,omitempty"`
	Teams      []Team     `json:"teams,omitempty"`
	By         []Person   `json:"by,omitempty"`
}

// CarePlans makes the page of care plans. Goals and teams stand with the plan that
// names them.
func (r *Reader) CarePlans(entries []Entry, f Filter) CarePlans {
	p := CarePlans{Active: []CarePlan{}, Past: []CarePlan{}, Goals: []Goal{}, Teams: []Team{}}
	s := newShelf(&p.Page, section.CarePlans, f)
	b := r.bench(section.CarePlans, entries)
	for e := range r.facts(&p.Page, section.CarePlans, entries) {
		switch e.typ {
		case "CarePlan":
			c := r.carePlan(e, b)
			if !s.keep(r.when(e), "plan", "Care plans") {
				continue
			}
			if c.Active {
				p.Active = append(p.Active, c)
			} else {
				p.Past = append(p.Past, c)
			}
		case "Goal":
			if s.keep(r.when(e), "goal", "Goals") && !b.used["Goal/"+e.ID] {
				p.Goals = append(p.Goals, r.goal(e))
			}
		case "CareTeam":
			if s.keep(r.when(e), "team", "Teams") && !b.used["CareTeam/"+e.ID] {
				p.Teams = append(p.Teams, r.team(e))
			}
		default:
			s.other(r, e)
		}
	}
	started := func(c *CarePlan) Moment { return c.Started }
	latest(p.Active, started)
	latest(p.Past, started)
	s.done(section.CarePlans)
	return p
}

func (r *Reader) carePlan(e fact, b bench) CarePlan {
	n := e.Resource
	c := CarePlan{Item: r.item(e, mainCategory(n.Get("category")))}
	c.Title = first(n.Get("title").Text(), c.Title)
	c.About = n.Get("description").Text()
	c.For = r.titles(n, n.Get("addresses"))
	c.Started, c.Ended = r.period(n.Get("period"))
	c.Active = r.open(n.Get("status").Text(), c.Ended)
	c.Goals, c.Teams = b.goals(r, n), b.teams(r, n)
	c.Activities = r.activities(n)
	c.By = r.people(n, n.Get("contributor"))
	if author := r.person(n, n.Get("author")); author.Name != "" {
		c.By = append([]Person{author}, c.By...)
	}
	return c
}

// mainCategory is the category that says most: US Core's "assess-plan" says nothing.
func mainCategory(list fhir.Node) fhir.Node {
	for c := range list.Each() {
		if !hasCode(c, "assess-plan") {
			return c
		}
	}
	return list.At(0)
}

// open reports whether a plan, a service or an episode goes on: by its status, and an
// end that has passed counts more.
func (r *Reader) open(status string, end Moment) bool {
	switch status {
	case "active", "on-hold", "onhold", "draft", "planned", "waitlist", "requested", "received", "accepted",
		"in-progress", "ready", "arrived", "triaged", "onleave", "proposed", "preparation", "":
		return end.IsZero() || end.ahead(r.o.Now)
	}
	return false
}

// bench is the goals and teams of a section by reference, and which of them a plan
// names.
type bench struct {
	by   map[string]fact
	used map[string]bool
}

func (r *Reader) bench(s section.Section, entries []Entry) bench {
	b := bench{by: map[string]fact{}, used: map[string]bool{}}
	for i := range entries {
		e := fact{&entries[i], entries[i].Resource.Type()}
		if e.Section != s || mistaken(e.Resource) {
			continue
		}
		switch e.typ {
		case "Goal", "CareTeam":
			b.by[e.typ+"/"+e.ID] = e
		case "CarePlan", "EpisodeOfCare":
			for _, list := range []string{"goal", "careTeam", "team"} {
				for ref := range e.Resource.Get(list).Each() {
					b.used[ref.Get("reference").Text()] = true
				}
			}
		}
	}
	return b
}

// goals returns the goals that a plan names: entries, contained, or in words alone.
func (b bench) goals(r *Reader, n fhir.Node) []Goal {
	var out []Goal
	for ref := range n.Get("goal").Each() {
		if e, ok := b.by[ref.Get("reference").Text()]; ok {
			out = append(out, r.goal(e))
		} else if t := r.target(n, ref); t.Type() == "Goal" && !mistaken(t) {
			out = append(out, r.goal(fact{&Entry{Resource: t}, "Goal"}))
		} else if d := ref.Get("display").Text(); d != "" {
			out = append(out, Goal{Item: Item{Type: "Goal", Title: d}})
		}
	}
	return out
}

func (b bench) teams(r *Reader, n fhir.Node) []Team {
	var out []Team
	for _, list := range []string{"careTeam", "team"} {
		for ref := range n.Get(list).Each() {
			if e, ok := b.by[ref.Get("reference").Text()]; ok {
				out = append(out, r.team(e))
			} else if t := r.target(n, ref); t.Type() == "CareTeam" && !mistaken(t) {
				out = append(out, r.team(fact{&Entry{Resource: t}, "CareTeam"}))
			} else if d := ref.Get("display").Text(); d != "" {
				out = append(out, Team{Item: Item{Type: "CareTeam", Title: d}, Active: true})
			}
		}
	}
	return out
}
