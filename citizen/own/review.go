package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Review is when something that the council arranges is looked at again.
type Review struct {
	ID      string `json:"id"` // of the package
	Title   string `json:"title"`
	When    Moment `json:"when"`
	Overdue bool   `json:"overdue"`
}

// Answer is a question and what was answered.
type Answer struct {
	Question string   `json:"question"`
	Answers  []string `json:"answers"`
}

// reviewTasks returns, by the reference of what they are about, when the open tasks
// of the section say that a review is due.
func (r *Reader) reviewTasks(entries []Entry) map[string]Moment {
	due := map[string]Moment{}
	for i := range entries {
		n := entries[i].Resource
		if entries[i].Section != section.SocialCare || n.Type() != "Task" || mistaken(n) || !aboutReview(n) {
			continue
		}
		when := r.reviewDay(n)
		if when.IsZero() || !r.open(n.Get("status").Text(), Moment{}) {
			continue
		}
		for _, ref := range []fhir.Node{n.Get("focus"), n.Get("basedOn").At(0)} {
			if literal := ref.Get("reference").Text(); literal != "" {
				due[literal] = when
			}
		}
	}
	return due
}

// aboutReview reports whether a task, a request or an activity is a review, by its
// own words.
func aboutReview(n fhir.Node) bool {
	for _, s := range []string{spoken(n.Get("code")), n.Get("description").Text()} {
		if strings.Contains(strings.ToLower(s), "review") {
			return true
		}
	}
	return false
}

// reviewDay is when a task is to be done.
func (r *Reader) reviewDay(task fhir.Node) Moment {
	for _, p := range []fhir.Node{task.Path("restriction", "period"), task.Get("executionPeriod")} {
		start, end := r.period(p)
		if !end.IsZero() {
			return end
		}
		if !start.IsZero() {
			return start
		}
	}
	return Moment{}
}

// reviewOf finds when a plan or request is reviewed: an extension that is named after
// it, a planned activity that is a review, or the request's own date.
func reviewOf(r *Reader, n fhir.Node) Moment {
	for e := range n.Get("extension").Each() {
		if strings.Contains(strings.ToLower(e.Get("url").Text()), "review") {
			if m := r.choice(e, "value"); !m.IsZero() {
				return m
			}
		}
	}
	for x := range n.Get("activity").Each() {
		d := x.Get("detail")
		if !aboutReview(d) || d.Get("status").Is("completed") || d.Get("status").Is("cancelled") {
			continue
		}
		if m := r.moment(d.Path("scheduledTiming", "event")); !m.IsZero() {
			return m
		}
		if start, end := r.period(d.Get("scheduledPeriod")); !start.IsZero() || !end.IsZero() {
			if start.IsZero() {
				return end
			}
			return start
		}
		if s := d.Get("scheduledString").Text(); s != "" {
			return Moment{Value: s, Text: s}
		}
	}
	if n.Type() == "ServiceRequest" && aboutReview(n) {
		return r.choice(n, "occurrence")
	}
	return Moment{}
}

// answers reads the questions of an assessment with what was answered, groups
// resolved into their questions.
func (r *Reader) answers(n fhir.Node, out []Answer) []Answer {
	for item := range n.Get("item").Each() {
		a := Answer{Question: first(item.Get("text").Text(), item.Get("linkId").Text())}
		for v := range item.Get("answer").Each() {
			a.Answers = add(a.Answers, r.answer(v))
			out = r.answers(v, out)
		}
		if len(a.Answers) > 0 {
			out = append(out, a)
		}
		out = r.answers(item, out)
	}
	return out
}

// answer writes one answer.
func (r *Reader) answer(v fhir.Node) string {
	if c := v.Get("valueCoding"); c.Exists() {
		return first(c.Get("display").Text(), c.Get("code").Text())
	}
	if d := v.Get("valueDate"); d.Exists() {
		return r.moment(d).Text
	}
	if d := v.Get("valueDecimal"); d.Exists() {
		return digits(d)
	}
	if ref := v.Get("valueReference"); ref.Exists() {
		return r.nameOf(v, ref)
	}
	if a := v.Get("valueAttachment"); a.Exists() {
		return first(a.Get("title").Text(), "A document")
	}
	return r.reading(v).value
}
