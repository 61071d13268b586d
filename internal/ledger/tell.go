package ledger

import (
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Reader is the person whose record the events are about, as far as words depend
// on them.
type Reader struct {
	Account string               // of their own: what it did is "You"
	Names   func(nhs.ODS) string // an organisation's name, or ""; may be nil
}

// Own reports whether the person did it themself.
func (r Reader) Own(e *Event) bool {
	return own(*e) || e.Kind == identity.Resident && e.Caller != "" && e.Caller == r.Account
}

// Told is an event in the words of the person whose record it is about: what a
// page shows in its columns, and, as Sentence, in one line.
type Told struct {
	Time     time.Time `json:"time"`
	Who      string    `json:"who"`            // "Dr A", "You", "A nurse", "The system Ward App"
	Role     string    `json:"role,omitempty"` // "Nurse", "Computer system"; none of "You"
	Org      string    `json:"org,omitempty"`  // the organisation's name, or its code if it has none here
	OrgCode  nhs.ODS   `json:"orgCode,omitempty"`
	System   string    `json:"system,omitempty"`   // the computer system it was done with
	OnBehalf string    `json:"onBehalf,omitempty"` // who was acted for
	Own      bool      `json:"own"`                // the person themselves
	Did      string    `json:"did"`                // "looked at", or "asked to look at" where it was refused
	Sections []string  `json:"sections,omitempty"` // "your medicines"; none: what was done says it all
	Why      string    `json:"why,omitempty"`      // "because you are registered with them"
	Allowed  bool      `json:"allowed"`
	Refusal  string    `json:"refusal,omitempty"` // why nothing was shown
}

// Tell says what an event was to the person whose record it is about.
func Tell(e Event, to Reader) Told {
	t := Told{Time: e.Time, OnBehalf: e.OnBehalf, Allowed: e.Outcome == access.Allowed, OrgCode: e.Org}
	t.Own = to.Own(&e)
	t.Org = orgName(e.Org, to.Names)
	if e.Kind == identity.System {
		t.System = e.Client
	}
	t.Who, t.Role = toldWho(&e, t.Own)
	t.Sections = toldSections(&e)
	done := doneTo
	if !t.Allowed {
		done = askedTo
		t.Refusal = told(refusedTo, e.Outcome)
	}
	t.Did = told(done, e.Action)
	if t.Allowed && !t.Own {
		t.Why = told(becauseYou, e.Basis)
	}
	return t
}

// Sentence is what was told in one line: "Dr A, Doctor or other clinician at
// University Hospitals Dorset, looked at your medicines, because you have or had
// an appointment there."
func (t Told) Sentence() string {
	var b strings.Builder
	b.WriteString(t.Who)
	if place := t.place(); place != "" {
		b.WriteString(", " + place)
	}
	if t.System != "" && t.Role != systemRole {
		b.WriteString(", using the system " + t.System)
	}
	if t.OnBehalf != "" {
		b.WriteString(", on behalf of " + t.OnBehalf)
	}
	if b.Len() > len(t.Who) {
		b.WriteString(",")
	}
	b.WriteString(" " + t.Did)
	if len(t.Sections) > 0 {
		b.WriteString(" " + list(t.Sections))
	}
	if t.Refusal != "" {
		verb := ". They were refused: "
		if t.Own {
			verb = ". This was refused: "
		}
		b.WriteString(verb + t.Refusal)
	}
	if t.Why != "" {
		b.WriteString(", " + t.Why)
	}
	return b.String() + "."
}

func (t Told) place() string {
	switch {
	case t.Own:
		return ""
	case t.Role == "" || strings.HasPrefix(t.Who, "A ") || strings.HasPrefix(t.Who, "An ") || t.Role == systemRole:
		return t.Org
	case t.Org == "":
		return lowerFirst(t.Role)
	}
	return lowerFirst(t.Role) + " at " + t.Org
}

const systemRole = "Computer system"

// toldWho says who it was and what they do. Nobody is left nameless: who gave no
// name is called by their role.
func toldWho(e *Event, own bool) (who, role string) {
	if own {
		return "You", ""
	}
	role = told(rolesInWords, e.Role)
	switch e.Kind {
	case identity.Resident:
		// Never by name: what was refused may be another's.
		if e.Outcome != access.Allowed {
			return "Somebody with an account of their own", ""
		}
		return "A person who may act for you", ""
	case identity.Operator:
		return "The office that runs the Dorset Care Record", "Programme office"
	case identity.System:
		if e.Name == "" && e.Client != "" {
			return "The system " + e.Client, systemRole
		}
	}
	switch {
	case e.Name != "":
		return e.Name, role
	case role != "":
		return article(role) + " " + lowerFirst(role), role
	}
	return "A member of staff who gave no name", ""
}

func article(noun string) string {
	if strings.ContainsRune("AEIOUaeiou", rune(noun[0])) {
		return "An"
	}
	return "A"
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// list joins words as a sentence does: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// toldSections says what of the record it was about.
func toldSections(e *Event) []string {
	if e.Action != access.Read {
		return nil
	}
	if e.Sections == 0 {
		return []string{"your record"}
	}
	if e.Sections == section.All {
		return []string{"all of your record"}
	}
	var out []string
	for s := range e.Sections.Each() {
		out = append(out, told(sectionsInWords, s))
	}
	return out
}

// told looks words up; what is newer than this program has none, and says so
// rather than nothing.
func told[K ~uint8](table map[K]string, k K) string {
	if words, ok := table[k]; ok {
		return words
	}
	return "something that this page has no words for"
}
