package web_test

import (
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/citizen/web"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
)

// fixture is a page as it is shown, under a name that a file can have.
type fixture struct {
	name   string
	layout web.Layout
	page   web.Page
	failed bool // shows what must be put right
}

func made() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) }

// signedIn is Mary Brown, who is made up; her NHS number is of the range for tests.
func signedIn() web.Layout {
	return web.Layout{Person: "Mary Brown", SignedIn: true, Now: made(), IdleAt: made().Add(30 * time.Minute), Token: "a-token", Notices: 2}
}

func late() web.Layout {
	l := signedIn()
	l.Late = []string{"Dorset County Hospital last heard 23 November 2026 at 9:12am; late"}
	return l
}

func fixtures() []fixture {
	in, out := signedIn(), web.Layout{}
	all := []fixture{
		{"start", out, web.Start{}, false},
		{"log-in", out, web.LogIn{}, false},
		{"log-in-notice", out, web.LogIn{Notice: "You were logged out because you had not done anything for a while."}, false},
		{"enrol-code", out, web.EnrolCode{}, false},
		{"enrol-code-wrong", out, web.EnrolCode{Form: wrong("code", "Check the code. It has 16 letters and numbers."), Code: "7KQM"}, true},
		{"enrol-details", out, web.EnrolDetails{State: "sealed"}, false},
		{"enrol-details-wrong", out, web.EnrolDetails{State: "sealed", NHSNumber: "999 12", Day: "31", Month: "2", Year: "1950",
			Form: web.Form{Wrong: []web.FieldError{{Field: "nhs-number", Text: "An NHS number has 10 digits."}, {Field: "day", Text: "Enter a day that there is, like 15 3 1984."}}}}, true},
		{"enrol-refused", out, web.EnrolDetails{State: "sealed", Form: wrong("", "We could not find a match. Check the code, your NHS number and your date of birth.")}, true},
		{"enrol-passkey", out, web.EnrolPasskey{State: "sealed"}, false},
		{"enrol-passkey-again", out, web.EnrolPasskey{State: "sealed", Recovery: true}, false},
		{"enrol-done", in, web.EnrolDone{}, false},
		{"logged-out", out, web.LoggedOut(false), false},
		{"logged-out-idle", out, web.LoggedOut(true), false},
		{"offline", out, web.Offline(), false},
		{"account", in, web.Account{Passkeys: 2, Devices: 3}, false},
		{"passkeys", in, web.Passkeys{Passkeys: passkeys(), Done: "“Old tablet” was removed."}, false},
		{"passkeys-one", in, web.Passkeys{Passkeys: passkeys()[:1], Frozen: "25 November 2026 at 10am"}, false},
		{"passkey-add", in, web.AddPasskey{Action: "passkey.add"}, false},
		{"passkey-add-proved", in, web.AddPasskey{Proved: true, State: "sealed"}, false},
		{"passkey", in, web.PasskeyPage{Passkey: passkeys()[1], Action: "passkey.remove"}, false},
		{"passkey-wrong", in, web.PasskeyPage{Passkey: passkeys()[0], Form: wrong("name", "Enter a name of at most 60 characters."), Last: true, Needed: true}, true},
		{"passkey-last", in, web.PasskeyPage{Passkey: passkeys()[0], Last: true, Action: "remove"}, false},
		{"devices", in, web.Devices{Devices: devices(), Done: "“Firefox on Windows” was logged out."}, false},
		{"notices", in, web.Notices{All: notices(), Pages: web.Pages{Older: "/notices?after=x"}}, false},
		{"notices-none", in, web.Notices{}, false},
		{"download", in, web.Download{Action: "record.export"}, false},
		{"download-proved", in, web.Download{Proved: true}, false},
		{"download-frozen", in, web.Download{Frozen: "25 November 2026 at 10am"}, false},
		{"ending", in, web.Ending{}, false},
		{"step-up", in, web.StepUp{Title: "Remove a passkey", Action: "passkey.remove", Next: web.PathPasskeys, From: web.Link{Href: web.PathPasskeys, Text: "Your passkeys"}}, false},
	}
	for t, name := range []string{"help", "help-no-passkey", "help-lost", "help-carers", "cookies", "privacy", "accessibility"} {
		all = append(all, fixture{name, out, web.Topic(t), false})
	}
	all = append(all, fixture{"help-signed-in", in, web.Help, false})
	for _, status := range []int{400, 401, 403, 404, 413, 429, 500, 503} {
		all = append(all, fixture{fmt.Sprintf("error-%d", status), out, web.Failed(handlers.Problem{Status: status,
			Text: "You cannot do this with a passkey that you made today.", RequestID: "r-7f3a9c", After: 90 * time.Second}), false})
	}
	return append(append(all, recordFixtures()...), lookFixtures()...)
}

func wrong(field, text string) web.Form {
	return web.Form{Wrong: []web.FieldError{{Field: field, Text: text}}}
}

func passkeys() []web.Passkey {
	return []web.Passkey{
		{ID: "k1", Name: "My phone", Made: "2 May 2026", LastUsed: "today at 8:58am", Where: "On several of your devices", This: true},
		{ID: "k2", Name: "Blue security key", Made: "4 May 2026", Where: "On one device only"},
	}
}

func devices() []web.Device {
	return []web.Device{
		{ID: "s1", Name: "Chrome on Android", Since: "today at 8:58am", LastUsed: "just now", This: true},
		{ID: "s2", Name: "Safari on iPad", Since: "yesterday at 7:30pm", LastUsed: "yesterday at 7:41pm"},
		{ID: "s3", Name: "Dorset Care Record app on iPhone", Since: "1 November 2026", LastUsed: "20 November 2026"},
	}
}

func notices() []web.Notice {
	return []web.Notice{
		{When: "Today at 8:58am", Title: "A passkey was added", Text: []string{"“Blue security key” can now log in to your record. If it was not you, remove it."}, Go: web.Link{Href: web.PathPasskeys, Text: "Your passkeys"}, New: true, Security: true},
		{When: "Yesterday at 2:10pm", Title: "University Hospitals Dorset answered you", Text: []string{"You asked why somebody had looked at your record."}, Go: web.Link{Href: web.AskedPath("q1"), Text: "Read the answer"}, New: true},
		{When: "3 November 2026", Title: "You logged in on a new device", Text: []string{"Safari on iPad."}, Go: web.Link{Href: web.PathDevices, Text: "Where you are logged in"}},
	}
}

func at(text string) own.Moment { return own.Moment{Value: text, Text: text} }

func hospital() own.Source {
	return own.Source{Organisation: "University Hospitals Dorset", System: "Laboratory", Code: "R0D"}
}

func practice() own.Source { return own.Source{Organisation: "The Quay Surgery", Code: "J81001"} }

func item(section, id, title string, from own.Source) own.Item {
	return own.Item{ID: "p7-" + id, Section: section, Title: title, Source: from, Received: at("24 November 2026 at 8:15am"), Recorded: at("23 November 2026"),
		Status: own.Status{Code: "active", Words: "Active"}, Original: title + " as sent", Codes: []own.Code{{System: "SNOMED CT", Code: "44054006", Display: title}}}
}

func page(section, title, says string, n int) own.Page {
	return own.Page{Section: section, Title: title, Known: own.Recorded, Says: says, Total: n, Shown: n,
		Years: []own.Choice{{Value: "2026", Words: "2026", Count: 12}, {Value: "2025", Words: "2025", Count: 7}},
		Kinds: []own.Choice{{Value: "laboratory", Words: "Laboratory tests", Count: 14}, {Value: "imaging", Words: "Scans and X-rays", Count: 5}}}
}
