package ledger

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Words says in plain English what an event was: "Dr A, University Hospitals
// Dorset, looked at medicines, because of an appointment". names gives an
// organisation's name, or "" to show its code; it may be nil.
func Words(e Event, names func(nhs.ODS) string) string {
	var b strings.Builder
	if own(e) {
		b.WriteString("The person themself ")
		if e.Outcome == access.StepUp {
			return b.String() + "asked to " + deed(wanted, wantedEnrol, e) + " and was asked for a passkey first"
		}
		return b.String() + deed(did, didEnrol, e)
	}
	b.WriteString(who(e))
	if org := orgName(e.Org, names); org != "" {
		b.WriteString(", " + org)
	}
	if e.OnBehalf != "" {
		b.WriteString(", on behalf of " + e.OnBehalf)
	}
	b.WriteString(", ")
	if e.Outcome == access.Allowed {
		b.WriteString(deed(did, didEnrol, e))
		if why := phrase(because, e.Basis); why != "" {
			b.WriteString(", because " + why)
		}
		return b.String()
	}
	b.WriteString("asked to " + deed(wanted, wantedEnrol, e) + " and was refused: " + phrase(refusals, e.Outcome))
	return b.String()
}

// deed is what was done, or asked for, in the words of a table; enrol has those for
// what staff do for an account.
func deed(table []string, enrol map[string]string, e Event) string {
	if words := enrol[e.What]; e.Action == access.Enrol && words != "" {
		return words
	}
	return phrase(table, e.Action) + object(e)
}

// own reports whether the event is about the caller's own record. Of what was
// refused before that was clear it is not said whose account it was: it may have
// been another's.
func own(e Event) bool {
	return e.Kind == identity.Resident && (e.Basis == access.Self || e.Outcome == access.StepUp)
}

func who(e Event) string {
	switch {
	case e.Kind == identity.Operator && e.Name != "":
		return "The programme's operator (" + e.Name + ")"
	case e.Kind == identity.Operator:
		return "The programme's operator"
	case e.Kind == identity.Resident: // never by name: that may be another's
		return "Somebody with an account of their own"
	case e.Name != "":
		return e.Name
	case e.Kind == identity.System && e.Client != "":
		return "The system " + e.Client
	case e.Role > identity.NoRole && e.Role <= identity.ProgrammeOffice:
		return "A " + strings.ReplaceAll(e.Role.String(), "-", " ")
	case e.Kind == identity.Professional:
		return "A professional"
	}
	return "Somebody"
}

func orgName(code nhs.ODS, names func(nhs.ODS) string) string {
	if code == "" || names == nil {
		return string(code)
	}
	if name := names(code); name != "" {
		return name
	}
	return string(code)
}

// object is what was looked at, in the words of the sections.
func object(e Event) string {
	switch e.Action {
	case access.Find, access.SeeAccesses, access.Export:
		return ""
	case access.Choose:
		return strings.TrimPrefix(e.What, "sharing choice") // ": none"
	case access.Consult, access.Administer, access.Answering, access.Enrol:
		return e.What
	}
	var parts []string
	for s := range e.Sections.Each() {
		parts = append(parts, strings.ReplaceAll(s.String(), "-", " "))
	}
	switch n := len(parts); n {
	case 0:
		return "the record"
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}

var (
	did = []string{"used ", access.Read: "looked at ", access.Find: "found the person by a search",
		access.Consult: "looked up the directory of ", access.Choose: "set the person's sharing choice", access.Administer: "saw or set, for the programme: ",
		access.SeeAccesses: "looked at who had looked at the record", access.Export: "took a copy of the whole record",
		access.Answering: "saw or answered the person's question why somebody looked: ", access.Enrol: "did for the person's own account: "}
	wanted = []string{"use ", access.Read: "look at ", access.Find: "find the person by a search",
		access.Consult: "look up the directory of ", access.Choose: "set the person's sharing choice", access.Administer: "see or set, for the programme: ",
		access.SeeAccesses: "look at who had looked at the record", access.Export: "take a copy of the whole record",
		access.Answering: "see or answer the person's question why somebody looked: ", access.Enrol: "do for the person's own account: "}

	didEnrol = map[string]string{
		"activation code made":      "made an activation code for the person",
		"activation code withdrawn": "withdrew an activation code",
		"list of activation codes":  "looked at the list of activation codes",
		"recovery vouched for":      "vouched for a recovery of the person's account",
	}
	wantedEnrol = map[string]string{
		"activation code made":      "make an activation code for the person",
		"activation code withdrawn": "withdraw an activation code",
		"list of activation codes":  "look at the list of activation codes",
		"recovery vouched for":      "vouch for a recovery of the person's account",
	}

	because = []string{
		access.NoBasis:       "",
		access.Registered:    "it is the registered practice",
		access.ByEncounter:   "of a visit or stay there",
		access.ByReferral:    "of a referral",
		access.ByAppointment: "of an appointment",
		access.Finding:       "finding people is part of the role",
		access.ByOperator:    "it is the operator's office",
		access.Self:          "it is their own record",
		access.ByOffice:      "it is the privacy officer of the organisation that was asked",
		access.ByProgramme:   "it is the programme office",
	}

	refusals = []string{
		access.Refused:        "not somebody who may read records here",
		access.Unknown:        "no such record for them",
		access.NoRelationship: "no care relationship with the person",
		access.NoConsent:      "the person's sharing choice",
		access.NotYours:       "not a part of the record that is open to them",
		access.Allowed:        "",
		access.Invalidated:    "the NHS number is no longer valid",
		access.StepUp:         "a passkey is asked for first",
	}
)

// phrase looks a phrase up; a value that is newer than this program has none.
func phrase[K ~uint8](table []string, k K) string {
	if int(k) < len(table) && (k == 0 || table[k] != "") {
		return table[k]
	}
	return "something that this version has no words for"
}
