package own

// Immunisations is the page of vaccinations.
type Immunisations struct {
	Page
	Given    []Immunisation `json:"given"`    // the latest first
	NotGiven []Immunisation `json:"notGiven"` // offered and not given
}

// Immunisation is one vaccination.
type Immunisation struct {
	Item
	Kind     string   `json:"kind"` // of the filter: the vaccine
	When     Moment   `json:"when,omitzero"`
	WhenText string   `json:"whenText,omitempty"` // where it is no date
	Done     bool     `json:"done"`
	Why      string   `json:"why,omitempty"` // it was not given
	Against  []string `json:"against,omitempty"`
	Dose     string   `json:"dose,omitempty"` // "Dose 2 of 3"
	Product  string   `json:"product,omitempty"`
	Batch    string   `json:"batch,omitempty"`
	Site     string   `json:"site,omitempty"`
	With     []Person `json:"with,omitempty"`
	Where    string   `json:"where,omitempty"`
}
