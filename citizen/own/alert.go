package own

// Alerts is the page of alerts. Those that are for staff only never reach this
// package: the record does not hand them to a resident.
type Alerts struct {
	Page
	Active []Alert `json:"active"`
	Past   []Alert `json:"past"`
}

// Alert is something that whoever treats the resident should know at once.
type Alert struct {
	Item
	Active   bool     `json:"active"`
	Category []string `json:"category,omitempty"`
	Started  Moment   `json:"started,omitzero"`
	Ended    Moment   `json:"ended,omitzero"`
	Severity string   `json:"severity,omitempty"`
	Detail   []string `json:"detail,omitempty"`
	By       Person   `json:"by,omitzero"`
}
