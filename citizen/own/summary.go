package own

// Summary is the first page: what there is, what matters most, what has arrived
// and is not shown yet, and what is late.
type Summary struct {
	Name     string           `json:"name,omitempty"`
	Next     *Appointment     `json:"next,omitempty"`  // appointment
	InNow    *Stay            `json:"inNow,omitempty"` // a stay in hospital that has not ended
	Sections []SectionSummary `json:"sections"`
	Latest   []Row            `json:"latest"` // the newest things of all sections
	Arrived  []Arrival        `json:"arrived"`
	Sources  []Freshness      `json:"sources"`
	Late     []Freshness      `json:"late"`    // those of Sources that are late
	Partial  bool             `json:"partial"` // a source is late: there may be more
}

// SectionSummary is one section in short.
type SectionSummary struct {
	Section string `json:"section"`
	Title   string `json:"title"`
	Known   Known  `json:"known"`
	Count   int    `json:"count"` // of what counts now: active problems, current medicines
	Total   int    `json:"total"`
	Says    string `json:"says"` // "3 current medicines"
	Top     []Row  `json:"top,omitempty"`
}

// Arrival is something that has arrived and is not shown yet (RULES 3).
type Arrival struct {
	Section  string `json:"section"`
	What     string `json:"what"` // "A test result"
	Source   Source `json:"source"`
	Received Moment `json:"received"`
	By       Moment `json:"by,omitzero"` // the latest day that it will be shown
	Says     string `json:"says"`
}

// Freshness is when a source was last heard.
type Freshness struct {
	Source Source `json:"source"`
	Heard  Moment `json:"heard,omitzero"`
	Late   bool   `json:"late"`
	Says   string `json:"says"` // "Dorset County Hospital last heard 9:12am; late"
}
