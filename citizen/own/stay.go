package own

// Stays is the page of admissions, discharges and visits.
type Stays struct {
	Page
	Now  []Stay `json:"now"`  // not ended
	Past []Stay `json:"past"` // the latest first
}

// Kinds of stay, which are the values of the page's filter.
const (
	StayAdmission = "admission"
	StayEmergency = "emergency"
	StayVisit     = "visit"
	StayHome      = "home"
	StayRemote    = "remote"
)

// Stay is an admission, or a visit.
type Stay struct {
	Item
	Kind       string   `json:"kind"`
	KindWords  string   `json:"kindWords"`
	When       string   `json:"when"`             // "3 May 2026 to 5 May 2026"
	Start      Moment   `json:"start,omitzero"`   // admitted
	End        Moment   `json:"end,omitzero"`     // discharged
	Length     string   `json:"length,omitempty"` // "2 nights"
	Ongoing    bool     `json:"ongoing"`
	Planned    bool     `json:"planned"` // has not begun
	Reasons    []string `json:"reasons,omitempty"`
	Where      []Place  `json:"where,omitempty"`
	With       []Person `json:"with,omitempty"`
	Service    string   `json:"service,omitempty"`
	Admitted   string   `json:"admitted,omitempty"`   // from where
	Discharged string   `json:"discharged,omitempty"` // to where
}
