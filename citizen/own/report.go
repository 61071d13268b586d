package own

// Report is a report on tests or imaging.
type Report struct {
	Item
	Kind        string     `json:"kind"` // of the filter: laboratory, imaging, ...
	When        Moment     `json:"when,omitzero"`
	Issued      Moment     `json:"issued,omitzero"`
	Conclusion  []string   `json:"conclusion,omitempty"` // paragraphs
	Findings    []string   `json:"findings,omitempty"`   // coded conclusions
	By          []Person   `json:"by,omitempty"`
	Documents   []Document `json:"documents,omitempty"`
	ResultIDs   []string   `json:"resultIds,omitempty"`
	Provisional bool       `json:"provisional"`
	Corrected   bool       `json:"corrected"`
	Replaced    []Before   `json:"replaced,omitempty"`
}
