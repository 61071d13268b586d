package web

// Look is an event of the access ledger in plain words.
type Look struct {
	ID       string // opaque; empty where it has no page of its own
	When     string // "Tuesday 3 May 2026 at 9:30am"
	Sentence string // the whole in one line
	Who      string
	Role     string
	Org      string
	System   string
	OnBehalf string
	Did      string
	Sections []string
	Why      string
	Allowed  bool
	Refusal  string
	Own      bool   // by the resident themself: there is nobody to ask
	Asked    string // id of the question that was asked about it
}

// Looks is the list of who looked, a page of it.
type Looks struct {
	All           bool // the reader's own visits are in it
	Looks         []Look
	Pages         Pages
	LookedThrough int // how many own visits ended a page that is not full
	Asked         int // questions asked so far
}

func (Looks) template() string { return "looks" }
func (Looks) heading() string  { return "Who looked at your record" }
func (Looks) back() Link       { return Link{PathHome, "Your record"} }

// LookEntry is one event, with the proof that it is in the ledger.
type LookEntry struct {
	Look  Look
	Proof string // the document of internal/ledger, as text
	Key   string // the ledger's public key as published
}

func (LookEntry) template() string { return "look" }
func (p LookEntry) heading() string {
	if p.Look.Own {
		return "You opened your record"
	}
	return "A look at your record"
}
func (LookEntry) back() Link        { return Link{PathLooks, "Who looked"} }
func (LookEntry) scripts() []string { return []string{"proof.js"} }

// Fields are the lines of the event.
func (p LookEntry) Fields() []Field {
	l, f := p.Look, fields{}
	f.add("When", l.When)
	f.add("Who", dotted(l.Who, l.Role))
	f.add("Where they work", l.Org)
	f.add("Computer system", l.System)
	f.add("On behalf of", l.OnBehalf)
	f.add("What they did", upperFirst(l.Did))
	f.lines("Parts of your record", l.Sections)
	f.add("Why", upperFirst(l.Why))
	if !l.Allowed {
		f.add("Refused", first(l.Refusal, "Nothing was shown to them."))
	}
	return f
}

// Ask asks "why did you look?" of an event. Its fields are "words" and, when it is
// to be checked, "step".
type Ask struct {
	Form
	Look   Look
	Words  string
	Check  bool   // whether the reader is looking at what they wrote before it is sent
	Office string // whose privacy officer is asked
}

// AskLimit is how many characters a question may have.
const AskLimit = 1000

func (Ask) template() string { return "ask" }
func (p Ask) heading() string {
	if p.Check {
		return "Check your question"
	}
	return "Ask why they looked"
}
func (p Ask) back() Link { return Link{LookPath(p.Look.ID), "Back"} }

// Limit is AskLimit, for the template.
func (Ask) Limit() int { return AskLimit }

func (p Ask) writing() bool { return !p.Check }

// Question is one that was asked, and what became of it.
type Question struct {
	ID      string
	Look    Look
	Words   string
	Office  string
	AskedOn string
	Status  string // "Sent", "Answered", ...
	Answers []Answer
	Due     string // by when an answer is owed, if there is a day
	Open    bool   // it has not been closed by who asked
}

// Answer is what a privacy officer wrote.
type Answer struct {
	When, By string
	Text     []string
}

// Questions is the list of those that were asked.
type Questions struct{ Questions []Question }

func (Questions) template() string { return "questions" }
func (Questions) heading() string  { return "What you asked" }
func (Questions) back() Link       { return Link{PathLooks, "Who looked"} }

// QuestionPage is one question. Sent is set right after it was asked.
type QuestionPage struct {
	Question Question
	Sent     bool
}

func (QuestionPage) template() string { return "question" }
func (p QuestionPage) heading() string {
	if p.Sent {
		return "Your question was sent"
	}
	return "Your question"
}
func (QuestionPage) back() Link { return Link{PathAsked, "What you asked"} }
