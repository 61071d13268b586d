package own

// Details is what a source holds of the resident themself.
type Details struct {
	Item
	Name        string    `json:"name"`
	OtherNames  []string  `json:"otherNames,omitempty"`
	NHSNumber   string    `json:"nhsNumber,omitempty"` // "999 123 4567"
	BirthDate   Moment    `json:"birthDate,omitzero"`
	Sex         string    `json:"sex,omitempty"`
	Address     []string  `json:"address,omitempty"`
	Others      []Address `json:"otherAddresses,omitempty"`
	Phones      []Phone   `json:"phones,omitempty"`
	Emails      []string  `json:"emails,omitempty"`
	Practice    Place     `json:"practice,omitzero"`
	Doctor      Person    `json:"doctor,omitzero"`
	Pharmacy    Place     `json:"pharmacy,omitzero"`
	Languages   []string  `json:"languages,omitempty"` // the preferred first
	Interpreter string    `json:"interpreter,omitempty"`
	Needs       []string  `json:"needs,omitempty"` // how to communicate with them
	Ethnicity   string    `json:"ethnicity,omitempty"`
	Marital     string    `json:"marital,omitempty"`
	Died        Moment    `json:"died,omitzero"`
	Deceased    bool      `json:"deceased"`
	Contacts    []Contact `json:"contacts,omitempty"` // those that stand in the same entry
}

// Address is another address, and what it is.
type Address struct {
	Use   string   `json:"use"` // "Temporary", "Old"
	Lines []string `json:"lines"`
}
