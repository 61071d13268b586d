package own

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
