package own

// Allergies is the page of allergies and intolerances. Statements tells "none known"
// from "nothing recorded".
type Allergies struct {
	Page
	Active []Allergy `json:"active"` // those of high risk first
	Past   []Allergy `json:"past"`   // resolved, inactive, refuted
}

// Allergy is an allergy or intolerance.
type Allergy struct {
	Item
	Active    bool       `json:"active"`
	Kind      string     `json:"kind"`           // "Allergy", "Intolerance", "Allergy or intolerance"
	To        string     `json:"to,omitempty"`   // "Medicine", "Food"
	Risk      string     `json:"risk,omitempty"` // "High risk"
	HighRisk  bool       `json:"highRisk"`
	Certain   string     `json:"certain,omitempty"` // "Not yet confirmed", where it is not certain
	Reactions []Reaction `json:"reactions,omitempty"`
	Started   Moment     `json:"started,omitzero"`
	Last      Moment     `json:"last,omitzero"` // last happened
	By        Person     `json:"by,omitzero"`
}

// Reaction is what happened.
type Reaction struct {
	What     []string `json:"what"`
	To       string   `json:"to,omitempty"` // substance, where it is more exact
	Severity string   `json:"severity,omitempty"`
	When     Moment   `json:"when,omitzero"`
	Note     string   `json:"note,omitempty"`
}
