package web

// Account is the page of what can be done with the account.
type Account struct{ Passkeys, Devices int }

func (Account) template() string { return "account" }
func (Account) heading() string  { return "Your account" }
func (Account) back() Link       { return Link{PathHome, "Your record"} }

// Passkey is one passkey of the account.
type Passkey struct {
	ID       string // opaque, not the credential's
	Name     string
	Made     string // day
	LastUsed string // empty: never since it was made
	Where    string // "On several of your devices" or "On one device only"
	This     bool   // this session was opened with it
}

// Passkeys is the list of passkeys.
type Passkeys struct {
	Passkeys []Passkey
	Done     string // what was just done: "Your passkey was removed."
	Frozen   string // until when invitations and downloads are stopped; empty: they are not
}

func (Passkeys) template() string { return "passkeys" }
func (Passkeys) heading() string  { return "Your passkeys" }
func (Passkeys) back() Link       { return Link{PathAccount, "Your account"} }

// AddPasskey adds a passkey: first the reader proves who they are with one that
// they have (Proved is false), then they make the new one.
type AddPasskey struct {
	Proved bool
	State  string // sealed, when it was proved
	Action string // what the step-up is for
}

func (AddPasskey) template() string { return "passkey_add" }
func (p AddPasskey) heading() string {
	if p.Proved {
		return "Create the new passkey"
	}
	return "Add a passkey"
}
func (AddPasskey) back() Link        { return Link{PathPasskeys, "Your passkeys"} }
func (AddPasskey) scripts() []string { return []string{"passkey.js"} }

// PasskeyPage is one passkey, to rename or remove. Its field is "name".
type PasskeyPage struct {
	Form
	Passkey Passkey
	Name    string // as typed
	Last    bool   // it is the only one
	Needed  bool   // and cannot be removed
	Action  string // what the step-up is for
}

func (PasskeyPage) template() string  { return "passkey" }
func (p PasskeyPage) heading() string { return first(p.Passkey.Name, "Passkey") }
func (PasskeyPage) title() string     { return "A passkey" }
func (PasskeyPage) back() Link        { return Link{PathPasskeys, "Your passkeys"} }
func (PasskeyPage) scripts() []string { return []string{"passkey.js"} }

// Device is one session: a browser or an app that is logged in.
type Device struct {
	ID       string
	Name     string // "Chrome on Android"
	Since    string
	LastUsed string
	This     bool
}

// Devices is the list of sessions.
type Devices struct {
	Devices []Device
	Done    string // what was just done
}

func (Devices) template() string { return "devices" }
func (Devices) heading() string  { return "Where you are logged in" }
func (Devices) back() Link       { return Link{PathAccount, "Your account"} }

// Notice is one message to the resident, of the service itself.
type Notice struct {
	When, Title string
	Text        []string
	Go          Link
	New         bool
	Security    bool // about passkeys, recovery or where somebody is logged in
}

// Notices is the inbox, a page of it.
type Notices struct {
	All   []Notice
	Pages Pages
}

func (Notices) template() string { return "notices" }
func (Notices) heading() string  { return "Notices" }
func (Notices) back() Link       { return Link{PathHome, "Your record"} }

// Download is where the whole record is saved: first the reader proves who they
// are, then there are two files.
type Download struct {
	Proved bool
	Action string // what the step-up is for
	Frozen string // until when it is stopped after a recovery; empty: it is not
}

func (Download) template() string  { return "download" }
func (Download) heading() string   { return "Download your record" }
func (Download) back() Link        { return Link{PathHome, "Your record"} }
func (Download) scripts() []string { return []string{"passkey.js"} }

// Ending warns somebody whose browser runs no scripts that the session is about to
// end.
type Ending struct{}

func (Ending) template() string { return "ending" }
func (Ending) heading() string  { return "Are you still there?" }

// StepUp asks a reader to prove again who they are, where a page that needs it was
// opened without.
type StepUp struct {
	Title  string // what they are about to do: "Remove a passkey"
	Action string
	Next   string // where to go then
	From   Link   // where they came from
}

func (StepUp) template() string  { return "step_up" }
func (p StepUp) heading() string { return first(p.Title, "Show that it is you") }
func (p StepUp) back() Link      { return p.From }
func (StepUp) scripts() []string { return []string{"passkey.js"} }
