package own

// Item is what every model carries.
type Item struct {
	ID      string `json:"id"`      // of the entry
	Type    string `json:"type"`    // FHIR resource type
	Section string `json:"section"` // RULES 0
	// Title is what it is in plain words; where we have none, the sender's words.
	Title string `json:"title"`
	// Meaning is one sentence more about Title: "Shows how well your kidneys work."
	Meaning string `json:"meaning,omitempty"`
	// Original is what the sender called it, where Title says it otherwise; where Title
	// is the sender's own words, what their code means.
	Original string   `json:"original,omitempty"`
	Codes    []Code   `json:"codes,omitempty"`
	Status   Status   `json:"status,omitzero"`
	Source   Source   `json:"source"`
	Received Moment   `json:"received,omitzero"` // by this record
	Recorded Moment   `json:"recorded,omitzero"` // by the source
	Notes    []string `json:"notes,omitempty"`
}

// Code is a coding as the source sent it.
type Code struct {
	System  string `json:"system"` // short: "SNOMED CT", "LOINC"; else as sent
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

// Status is a status as sent and in words.
type Status struct {
	Code  string `json:"code"`
	Words string `json:"words"`
}

// Source is who sent an entry, and from which system.
type Source struct {
	Organisation string `json:"organisation"`
	System       string `json:"system,omitempty"`
	Code         string `json:"code,omitempty"` // ODS code
}

// Person is somebody named in an entry: who prescribed, the named worker, a
// member of a team.
type Person struct {
	Name         string   `json:"name"`
	Role         string   `json:"role,omitempty"`
	Organisation string   `json:"organisation,omitempty"`
	Phones       []string `json:"phones,omitempty"`
}

// Place is where something happens.
type Place struct {
	Name   string   `json:"name"`
	Lines  []string `json:"lines,omitempty"` // address
	Phones []string `json:"phones,omitempty"`
}

// Explanation says what an abbreviation in a text as sent means.
type Explanation struct {
	Text  string `json:"text"`  // "BD"
	Words string `json:"words"` // "twice a day"
}
