package own

// Known says what a list that may be empty means (RULES 3).
type Known string

// What an empty or a filled list means.
const (
	Recorded  Known = "recorded"         // there are entries
	NoneKnown Known = "none-known"       // somebody recorded that there is nothing
	Nothing   Known = "nothing-recorded" // nobody has recorded anything
)

// Page is what the list of every section carries.
type Page struct {
	Section string `json:"section"`
	Title   string `json:"title"`
	Known   Known  `json:"known"`
	Says    string `json:"says"` // Known in a sentence, with the count
	Total   int    `json:"total"`
	Shown   int    `json:"shown"` // after the filter

	// Statements are entries that say there is nothing, or that it is not known.
	// They are shown beside entries that say the contrary: sources may disagree.
	Statements []Statement `json:"statements,omitempty"`
	Mistakes   []Mistake   `json:"mistakes,omitempty"`
	Others     []Other     `json:"others,omitempty"` // entries of types that have no model of their own

	Filter Filter   `json:"filter,omitzero"`
	Years  []Choice `json:"years,omitempty"` // newest first, over all entries
	Kinds  []Choice `json:"kinds,omitempty"`
}

// Filter narrows a long list. The zero Filter shows all.
type Filter struct {
	Year int    `json:"year,omitempty"` // of the entry's date, in London
	Kind string `json:"kind,omitempty"` // the Value of one of Page.Kinds
}

// Choice is one value of a filter, with how many entries it leaves.
type Choice struct {
	Value string `json:"value"`
	Words string `json:"words"`
	Count int    `json:"count"`
}

// Statement is an entry that says that there is nothing of the kind: "No known
// allergies", recorded by whom and when; or that it is not known or was not asked.
type Statement struct {
	Item
	None bool   `json:"none"` // says that there is nothing, and still holds
	When Moment `json:"when,omitzero"`
}

// Mistake is an entry that its source marked as recorded by mistake. It has no
// word of what it said.
type Mistake struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Section  string `json:"section"`
	Source   Source `json:"source"`
	Received Moment `json:"received,omitzero"`
	Says     string `json:"says"`
}

// Other is an entry of a type that has no model of its own, so that nothing that is
// in the record is missing from its page.
type Other struct {
	Item
	Kind string `json:"kind"` // "Specimen", "Device or implant"
	When Moment `json:"when,omitzero"`
}
