package own

// Contacts is the page of the people to turn to.
type Contacts struct {
	Page
	Contacts []Contact `json:"contacts"`
}

// Contact is a relative, friend, carer or other person to turn to.
type Contact struct {
	Item
	Name         string   `json:"name"`
	Relations    []string `json:"relations,omitempty"` // "Emergency contact", "Mother"
	Emergency    bool     `json:"emergency"`
	NextOfKin    bool     `json:"nextOfKin"`
	Phones       []Phone  `json:"phones,omitempty"`
	Emails       []string `json:"emails,omitempty"`
	Address      []string `json:"address,omitempty"`
	Organisation string   `json:"organisation,omitempty"`
	Started      Moment   `json:"started,omitzero"`
	Ended        Moment   `json:"ended,omitzero"`
}

// Phone is a number to call.
type Phone struct {
	Number string `json:"number"`
	Use    string `json:"use,omitempty"` // "Home", "Mobile"
}
