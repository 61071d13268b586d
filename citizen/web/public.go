package web

// Start is the first page for everybody.
type Start struct{}

func (Start) template() string { return "start" }
func (Start) heading() string  { return "See your care record" }

// LogIn is the page of the passkey.
type LogIn struct {
	Notice string // why somebody is here who was elsewhere: "You were logged out ..."
	Next   string // where to go then: a path of ours; empty: the record
}

func (LogIn) template() string  { return "login" }
func (LogIn) heading() string   { return "Log in" }
func (LogIn) back() Link        { return Link{PathStart, "Back"} }
func (LogIn) scripts() []string { return []string{"passkey.js"} }

// EnrolCode asks for the activation code. A small script fills it in from the
// address's fragment, which no server sees.
type EnrolCode struct {
	Form
	Code string // as typed, when it must be put right
}

func (EnrolCode) template() string  { return "enrol_code" }
func (EnrolCode) heading() string   { return "Enter your activation code" }
func (EnrolCode) back() Link        { return Link{PathStart, "Back"} }
func (EnrolCode) scripts() []string { return []string{"enrol.js"} }

// EnrolDetails asks for NHS number and date of birth. Errors are of the fields
// "nhs-number" and "day".
type EnrolDetails struct {
	Form
	State            string // sealed: where the enrolment stands
	NHSNumber        string // as typed
	Day, Month, Year string // as typed
}

func (EnrolDetails) template() string { return "enrol_details" }
func (EnrolDetails) heading() string  { return "Tell us who you are" }
func (EnrolDetails) back() Link       { return Link{PathEnrol, "Back"} }

// birthField is one of the three fields of a date of birth.
type birthField struct{ Name, Label, Fill, Value, Width string }

// Birth returns the three fields of the date.
func (p EnrolDetails) Birth() []birthField {
	return []birthField{
		{"day", "Day", "bday-day", p.Day, "2"},
		{"month", "Month", "bday-month", p.Month, "2"},
		{"year", "Year", "bday-year", p.Year, "4"},
	}
}

// EnrolPasskey is where the first passkey is made.
type EnrolPasskey struct {
	State    string // sealed: what was proved so far
	Recovery bool   // there is an account: its other devices are logged out
}

func (EnrolPasskey) template() string  { return "enrol_passkey" }
func (EnrolPasskey) heading() string   { return "Create your passkey" }
func (EnrolPasskey) back() Link        { return Link{PathEnrol, "Start again"} }
func (EnrolPasskey) scripts() []string { return []string{"passkey.js"} }

// EnrolDone is the end of enrolling.
type EnrolDone struct{}

func (EnrolDone) template() string { return "enrol_done" }
func (EnrolDone) heading() string  { return "You are ready" }

// Topic is a page that only says something.
type Topic uint8

// Topics.
const (
	Help Topic = iota
	HelpNoPasskey
	HelpLost
	HelpCarers
	Cookies
	Privacy
	Accessibility
)

func (t Topic) template() string {
	return [...]string{"help", "help_no_passkey", "help_lost", "help_carers", "cookies", "privacy", "accessibility"}[t]
}

func (t Topic) heading() string {
	return [...]string{"Help", "My device cannot use passkeys", "I have lost my passkey", "If you look after somebody",
		"Cookies", "Privacy", "Accessibility"}[t]
}

func (t Topic) back() Link {
	if t == HelpNoPasskey || t == HelpLost || t == HelpCarers {
		return Link{PathHelp, "Help"}
	}
	return Link{}
}
