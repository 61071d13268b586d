package own

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
