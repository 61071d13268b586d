package account

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Letter is what the printed letter with a code says. It is handed over in person, and
// kept nowhere.
type Letter struct {
	ID       string // of the code, in the organisation's list
	Code     string // grouped, as it is typed: BCDF-2345-GHJK-6789
	URL      string // for the QR: the page with the code in its fragment, which browsers do not send
	Page     string // the address to type, without the code
	Recovery bool   // it counts once a second member of staff has vouched
	By       Staff
	Org      nhs.ODS
	Made     time.Time
	Expires  time.Time
	Words    []string // the paragraphs of the letter
}

func (a *Accounts) letter(code string, c *activation) Letter {
	page := *a.o.EnrolURL
	page.Fragment = ""
	withCode := page
	withCode.Fragment = "code=" + group(code)
	l := Letter{ID: c.selector, Code: group(code), URL: withCode.String(), Page: page.String(), Recovery: c.recovery,
		By: c.by, Org: c.by.Org, Made: c.made, Expires: c.expires}
	until := c.expires.In(a.o.London).Format("Monday 2 January 2006")
	l.Words = []string{
		"This letter lets you open your Dorset Care Record. With it you can see your appointments, medicines, test results and letters, and who has looked at them.",
		"Point your phone's camera at the square, or go to " + l.Page + " and enter the code. You will also need your NHS number and your date of birth.",
		"The code works once, until " + until + ". After five wrong tries it stops working: ask for a new one.",
		"Nobody will ever ring you or write to you to ask for this code. Do not give it to anybody, and do not keep it: once your phone is set up you do not need it.",
	}
	if l.Recovery {
		l.Words[0] = "This letter lets you back into your Dorset Care Record with a new passkey. All your other devices will be logged out, and for one day nobody can be invited and nothing downloaded."
	}
	return l
}
