package own

// Problems is the page of conditions, procedures and family history.
type Problems struct {
	Page
	Active     []Problem       `json:"active"`
	Past       []Problem       `json:"past"` // resolved, inactive, in remission
	Procedures []Procedure     `json:"procedures"`
	Family     []FamilyHistory `json:"family"`
}

// Problem is a condition, a symptom or a diagnosis.
type Problem struct {
	Item
	Active   bool     `json:"active"`
	Started  Moment   `json:"started,omitzero"`
	Onset    string   `json:"onset,omitempty"` // "at age 40", "as a child": where it is no date
	Ended    Moment   `json:"ended,omitzero"`
	Severity string   `json:"severity,omitempty"`
	Certain  string   `json:"certain,omitempty"` // "Not yet confirmed", where it is not certain
	Site     []string `json:"site,omitempty"`
	By       Person   `json:"by,omitzero"`
}

// Procedure is something that was done, or was not.
type Procedure struct {
	Item
	When    Moment   `json:"when,omitzero"`
	Until   Moment   `json:"until,omitzero"`
	Done    bool     `json:"done"`
	Why     string   `json:"why,omitempty"` // it was not done
	Reasons []string `json:"reasons,omitempty"`
	Site    []string `json:"site,omitempty"`
	With    []Person `json:"with,omitempty"`
	Where   string   `json:"where,omitempty"`
	Outcome string   `json:"outcome,omitempty"`
}

// FamilyHistory is what a relative had. It names no relative.
type FamilyHistory struct {
	Item
	Relation   string   `json:"relation"`
	Conditions []string `json:"conditions,omitempty"`
}
