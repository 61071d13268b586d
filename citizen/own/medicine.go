package own

// Medicines is the page of medicines.
type Medicines struct {
	Page
	Current []Medicine `json:"current"`
	Past    []Medicine `json:"past"`
	Given   []Medicine `json:"given"` // handed out by a pharmacy, or given by staff
}

// Kinds of Medicine, which are the values of the page's filter.
const (
	MedicinePrescribed = "prescribed" // MedicationRequest
	MedicineStated     = "stated"     // MedicationStatement
	MedicineDispensed  = "dispensed"  // MedicationDispense
	MedicineGiven      = "given"      // MedicationAdministration
)

// Medicine is a medicine as prescribed, stated, dispensed or given.
type Medicine struct {
	Item
	Kind       string        `json:"kind"`
	Current    bool          `json:"current"`
	Dose       string        `json:"dose,omitempty"`      // as written; else composed of what is coded
	Explained  []Explanation `json:"explained,omitempty"` // abbreviations in Dose
	ForYou     []string      `json:"forYou,omitempty"`    // instructions for the patient
	AsNeeded   bool          `json:"asNeeded"`
	Form       string        `json:"form,omitempty"`
	Reasons    []string      `json:"reasons,omitempty"`
	By         Person        `json:"by,omitzero"`      // who prescribed
	Repeat     string        `json:"repeat,omitempty"` // "Repeat prescription", "One-off prescription"
	Supply     string        `json:"supply,omitempty"` // "28 tablets"
	Started    Moment        `json:"started,omitzero"`
	Ended      Moment        `json:"ended,omitzero"`
	LastIssued Moment        `json:"lastIssued,omitzero"`
	Why        string        `json:"why,omitempty"` // it was stopped, or is not taken
}
