package web

import "net/url"

// Addresses of the pages. Templates and routes both take them from here, and a test
// follows every link of every page to one of them. None holds more than the opaque
// id of an entry.
const (
	PathStart         = "/"
	PathLogIn         = "/log-in"
	PathLogOut        = "/log-out"    // POST
	PathLoggedOut     = "/logged-out" // ?why=idle after an idle session
	PathEnrol         = "/enrol"      // a code may stand in the fragment, never in the query
	PathEnrolDetails  = "/enrol/details"
	PathEnrolPasskey  = "/enrol/passkey"
	PathEnrolDone     = "/enrol/done"
	PathNHSLogin      = "/nhs-login" // a link: no form of ours may lead to another site
	PathHelp          = "/help"
	PathHelpNoPasskey = "/help/no-passkey"
	PathHelpLost      = "/help/lost-passkey"
	PathHelpCarers    = "/help/carers"
	PathCookies       = "/cookies"
	PathPrivacy       = "/privacy"
	PathAccessibility = "/accessibility"
	PathOffline       = "/offline"

	PathHome     = "/record"
	PathTimeline = "/record/timeline"
	PathDetails  = "/record/demographics"
	PathLooks    = "/looks"
	PathAllLooks = PathLooks + "?whose=all" // with the reader's own
	PathAsked    = "/questions"
	PathAccount  = "/account"
	PathPasskeys = "/account/passkeys"
	PathAddKey   = "/account/passkeys/add"
	PathDevices  = "/account/devices"
	PathEndAll   = "/account/devices/end-all" // POST
	PathNotices  = "/notices"
	PathDownload = "/download"
	PathAsFHIR   = "/download/record.json"
	PathAsHTML   = "/download/record.html"
	PathEnding   = "/session/ending"
	PathStay     = "/session/stay" // POST
)

// Addresses of the passkey ceremonies: each begins at .../options and ends at
// .../finish, both POST of JSON (see assets/passkey.js for what is sent).
const (
	CeremonyLogIn  = "/citizen/v1/log-in"
	CeremonyEnrol  = "/citizen/v1/enrol"
	CeremonyAdd    = "/citizen/v1/passkeys"
	CeremonyStepUp = "/citizen/v1/step-up"
)

// SectionPath is the list of a section, by its name in RULES 0.
func SectionPath(section string) string { return PathHome + "/" + url.PathEscape(section) }

// EntryPath is the page of one entry.
func EntryPath(section, id string) string { return SectionPath(section) + "/" + url.PathEscape(id) }

// DocumentPath is the document of an entry, as shown in a frame; with /download
// after it, as a file.
func DocumentPath(section, id, index string) string {
	return EntryPath(section, id) + "/documents/" + url.PathEscape(index)
}

// LookPath is the page of one event of the ledger.
func LookPath(id string) string { return PathLooks + "/" + url.PathEscape(id) }

// AskPath is the form to ask "why did you look?" of an event.
func AskPath(id string) string { return LookPath(id) + "/ask" }

// AskedPath is one question that was asked.
func AskedPath(id string) string { return PathAsked + "/" + url.PathEscape(id) }

// PasskeyPath is one passkey; /rename and /remove after it are POST.
func PasskeyPath(id string) string { return PathPasskeys + "/" + url.PathEscape(id) }

// DevicePath is one session; /end after it is POST.
func DevicePath(id string) string { return PathDevices + "/" + url.PathEscape(id) }
