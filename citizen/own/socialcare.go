package own

import (
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// SocialCare is the page of what the council arranges.
type SocialCare struct {
	Page
	Active  []Package `json:"active"`
	Past    []Package `json:"past"`
	Workers []Person  `json:"workers"` // named workers, of all that is active
	Teams   []Team    `json:"teams"`
	Reviews []Review  `json:"reviews"` // to come, the next first; then those overdue
}

// Package is a package of care, a service, a referral or an assessment.
type Package struct {
	Item
	Kind       string     `json:"kind"` // of the filter: package, referral, episode, assessment, visit, task
	KindWords  string     `json:"kindWords"`
	Active     bool       `json:"active"`
	About      string     `json:"about,omitempty"`
	Started    Moment     `json:"started,omitzero"`
	Ended      Moment     `json:"ended,omitzero"`
	Review     Moment     `json:"review,omitzero"`
	Provider   string     `json:"provider,omitempty"`
	Worker     Person     `json:"worker,omitzero"`
	Reasons    []string   `json:"reasons,omitempty"`
	Goals      []Goal     `json:"goals,omitempty"`
	Activities []Activity `json:"activities,omitempty"`
	Answers    []Answer   `json:"answers,omitempty"` // of an assessment
}

// packageKinds are the types that the council sends, as kinds of Package.
var packageKinds = map[string][2]string{
	"CarePlan": {"package", "Package of care"}, "ServiceRequest": {"referral", "Referral"},
	"EpisodeOfCare": {"episode", "Period of care"}, "QuestionnaireResponse": {"assessment", "Assessment"},
	"Encounter": {"visit", "Visit"}, "Task": {"task", "Task"}, "Procedure": {"service", "Service"},
}

// SocialCare makes the page of what the council arranges.
func (r *Reader) SocialCare(entries []Entry, f Filter) SocialCare {
	p := SocialCare{Active: []Package{}, Past: []Package{}, Workers: []Person{}, Teams: []Team{}, Reviews: []Review{}}
	s := newShelf(&p.Page, section.SocialCare, f)
	b := r.bench(section.SocialCare, entries)
	reviews := r.reviewTasks(entries)
	for e := range r.facts(&p.Page, section.SocialCare, entries) {
		kind, ok := packageKinds[e.typ]
		switch {
		case e.typ == "CareTeam":
			if t := r.team(e); s.keep(r.when(e), "team", "Teams") {
				p.Teams = append(p.Teams, t)
			}
		case e.typ == "Goal" && b.used["Goal/"+e.ID]:
		case !ok:
			s.other(r, e)
		default:
			if k := r.carePackage(e, kind, b, reviews); s.keep(r.when(e), kind[0], kind[1]) {
				if k.Active {
					p.Active = append(p.Active, k)
				} else {
					p.Past = append(p.Past, k)
				}
			}
		}
	}
	started := func(k *Package) Moment { return k.Started }
	latest(p.Active, started)
	latest(p.Past, started)
	p.gather(r)
	s.done(section.SocialCare)
	return p
}

// gather lists the named workers and the reviews of what is active.
func (p *SocialCare) gather(r *Reader) {
	seen := map[string]bool{}
	for i := range p.Active {
		k := &p.Active[i]
		if w := k.Worker; w.Name != "" && !seen[w.Name+"|"+w.Role] {
			seen[w.Name+"|"+w.Role] = true
			p.Workers = append(p.Workers, w)
		}
		if !k.Review.IsZero() {
			p.Reviews = append(p.Reviews, Review{ID: k.ID, Title: k.Title, When: k.Review, Overdue: !k.Review.at.IsZero() && !k.Review.ahead(r.o.Now)})
		}
	}
	slices.SortStableFunc(p.Reviews, func(a, b Review) int {
		if a.Overdue != b.Overdue {
			if a.Overdue {
				return 1
			}
			return -1
		}
		return a.When.at.Compare(b.When.at)
	})
}

func (r *Reader) carePackage(e fact, kind [2]string, b bench, reviews map[string]Moment) Package {
	n := e.Resource
	k := Package{Item: r.item(e, firstThere(n, "code", "type", "category")), Kind: kind[0], KindWords: kind[1]}
	k.Title = first(n.Get("title").Text(), k.Title)
	k.About = n.Get("description").Text()
	k.Started, k.Ended = r.extentOf(n)
	k.Active = r.open(n.Get("status").Text(), k.Ended)
	k.Provider = first(r.nameOf(n, n.Get("managingOrganization")), r.nameOf(n, n.Get("serviceProvider")))
	k.Reasons = append(sayAll(n.Get("reasonCode")), r.titles(n, n.Get("addresses"))...)
	k.Goals, k.Activities = b.goals(r, n), r.activities(n)
	k.Worker = r.worker(n, b)
	k.Review = reviewOf(r, n)
	if k.Review.IsZero() {
		k.Review = reviews[e.typ+"/"+e.ID]
	}
	if k.Kind == "task" && k.Review.IsZero() && aboutReview(n) && !n.Get("focus").Exists() {
		k.Review = r.reviewDay(n)
	}
	if k.Kind == "assessment" {
		k.Answers = r.answers(n, nil)
		k.Started = r.moment(n.Get("authored"))
		k.Active = false
	}
	return k
}

// firstThere returns the first member that is there.
func firstThere(n fhir.Node, names ...string) fhir.Node {
	for _, name := range names {
		if m := n.Get(name); m.Exists() {
			return m
		}
	}
	return fhir.Node{}
}

// extentOf reads from when to when, whatever the type calls it.
func (r *Reader) extentOf(n fhir.Node) (start, end Moment) {
	for _, name := range []string{"period", "executionPeriod", "occurrencePeriod", "performedPeriod"} {
		if p := n.Get(name); p.Exists() {
			return r.period(p)
		}
	}
	for _, name := range []string{"occurrence", "performed"} {
		if m := r.choice(n, name); !m.IsZero() {
			return m, Moment{}
		}
	}
	return r.moment(firstThere(n, "authoredOn", "created", "authored")), Moment{}
}

// worker finds the named worker: who manages an episode, owns a task, or stands in a
// team as worker or lead; else who the plan is by.
func (r *Reader) worker(n fhir.Node, b bench) Person {
	for _, name := range []string{"careManager", "owner"} {
		if p := r.person(n, n.Get(name)); p.Name != "" {
			return p
		}
	}
	for _, t := range b.teams(r, n) {
		for _, m := range t.Members {
			if namedRole(m.Role) {
				return m
			}
		}
	}
	for x := range n.Get("participant").Each() {
		if p := r.person(n, x.Get("individual")); p.Name != "" {
			return p
		}
	}
	if n.Type() == "CarePlan" {
		return r.person(n, n.Get("author"))
	}
	if list := r.people(n, n.Get("performer")); len(list) > 0 {
		return list[0]
	}
	return Person{}
}

// namedRole reports whether a role in a team is that of somebody to turn to.
func namedRole(role string) bool {
	role = strings.ToLower(role)
	for _, word := range []string{"worker", "manager", "co-ordinator", "coordinator", "lead", "named"} {
		if strings.Contains(role, word) {
			return true
		}
	}
	return false
}
