package own

// Row is one dated happening, short enough for a list of everything.
type Row struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Section string `json:"section"`
	Kind    string `json:"kind"` // "Test result", "Appointment"
	Title   string `json:"title"`
	Detail  string `json:"detail,omitempty"` // "7.4 mmol/L, higher than usual"
	When    Moment `json:"when,omitzero"`
	Source  Source `json:"source"`
	Flag    Flag   `json:"flag,omitzero"`
}

// Timeline is a record as one list. The caller pages Rows.
type Timeline struct {
	Rows  []Row    `json:"rows"` // the latest first; undated ones at the end
	Total int      `json:"total"`
	Years []Choice `json:"years,omitempty"`
	Kinds []Choice `json:"kinds,omitempty"` // sections
}
