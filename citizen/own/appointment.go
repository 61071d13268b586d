package own

// Appointments is the page of appointments and referrals.
type Appointments struct {
	Page
	Upcoming  []Appointment `json:"upcoming"` // the next first
	Past      []Appointment `json:"past"`     // the latest first; cancelled ones too
	Referrals []Referral    `json:"referrals"`
}

// Appointment is one appointment.
type Appointment struct {
	Item
	When         string   `json:"when"`           // "Tuesday 3 May 2026 at 9:30am to 10am"
	Day          string   `json:"day,omitempty"`  // "Tuesday 3 May 2026"
	Time         string   `json:"time,omitempty"` // "9:30am"
	Start        Moment   `json:"start,omitzero"`
	End          Moment   `json:"end,omitzero"`
	Length       string   `json:"length,omitempty"` // "30 minutes"
	Upcoming     bool     `json:"upcoming"`
	Cancelled    bool     `json:"cancelled"`
	Why          string   `json:"why,omitempty"` // of a cancellation
	Service      string   `json:"service,omitempty"`
	With         []Person `json:"with,omitempty"`
	Where        []Place  `json:"where,omitempty"`
	How          string   `json:"how,omitempty"` // "By video", where it is known
	Reasons      []string `json:"reasons,omitempty"`
	Instructions []string `json:"instructions,omitempty"` // for the patient
	Requested    []string `json:"requested,omitempty"`    // wished-for times of one without a date
	Kind         string   `json:"kind"`                   // of the filter: upcoming, past, cancelled
}

// Referral is a request that somebody see, test or treat the resident.
type Referral struct {
	Item
	When         Moment   `json:"when,omitzero"` // asked on
	For          Moment   `json:"for,omitzero"`  // asked for
	By           Person   `json:"by,omitzero"`
	To           []Person `json:"to,omitempty"`
	Priority     string   `json:"priority,omitempty"`
	Reasons      []string `json:"reasons,omitempty"`
	Instructions []string `json:"instructions,omitempty"`
	Active       bool     `json:"active"`
}
