package citizen_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/citizen"
	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Nobody is taken for a resident as long as the record cannot say whether they have
// died; once it says so, their sessions have ended, also if it was a mistake.
func TestWhoIsGoneIsNobody(t *testing.T) {
	w := newWorld(t)
	token := w.logsIn()
	w.standing = errors.New("the record is not there")
	if c, err := w.s.Authenticate(t.Context(), token); !errors.Is(err, w.standing) || c != (identity.Caller{}) {
		t.Errorf("without the record: %+v, %v", c, err)
	}
	w.standing = nil
	if c, err := w.s.Authenticate(t.Context(), token); err != nil || c.Person != string(w.PersonOf(mary)) {
		t.Errorf("with it: %+v, %v", c, err)
	}
	w.sends(practice, strings.Replace(patient, `"gender"`, `"deceasedBoolean":true,"gender"`, 1))
	if c, err := w.s.Authenticate(t.Context(), token); errs.CodeOf(err) != "ACCOUNT_ENDED" || c != (identity.Caller{}) {
		t.Errorf("died: %+v, %v", c, err)
	}
	w.sends(practice, patient)
	if _, err := w.s.Authenticate(t.Context(), token); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("the session goes on: %v", err)
	}
	w.mary() // can log in again
}

// A section that there is none of is not asked for: nothing is decided on, and the
// answer is that of an entry that is not there. An entry is not found by way of a
// section in which it does not lie.
func TestWhatThereIsNot(t *testing.T) {
	w := newWorld(t)
	w.sends(practice, observation)
	c := w.mary()
	id := record.EntryID(record.PersonID(c.Person), practice.ID, "Observation", "o")
	if e, err := w.s.Entry(t.Context(), c, "r", "results", id); err != nil || e.Kind != "result" {
		t.Fatalf("%+v, %v", e, err)
	}
	_, absent := w.s.Entry(t.Context(), c, "r", "", "nothing")
	for name, tt := range map[string]struct {
		ask       func() error
		decisions uint64
	}{
		"a section of no name":    {func() error { _, err := w.s.Section(t.Context(), c, "r", "", own.Filter{}); return err }, 0},
		"a section of none":       {func() error { _, err := w.s.Section(t.Context(), c, "r", "nonsense", own.Filter{}); return err }, 0},
		"two sections":            {func() error { _, err := w.s.Section(t.Context(), c, "r", "results letters", own.Filter{}); return err }, 0},
		"an entry of no section":  {func() error { _, err := w.s.Entry(t.Context(), c, "r", "nonsense", id); return err }, 0},
		"an entry of another one": {func() error { _, err := w.s.Entry(t.Context(), c, "r", "letters", id); return err }, 1},
		"a look of no instance":   {func() error { _, err := w.s.Look(t.Context(), c, "r", "nonsense"); return err }, 1},
		"a question about it":     {func() error { _, err := w.s.Ask(t.Context(), c, "r", "nonsense", ""); return err }, 1},
	} {
		before := w.ledger.Len()
		err := tt.ask()
		if errs.KindOf(err) != errs.NotFound || err.Error() != absent.Error() {
			t.Errorf("%s: %v, want %v", name, err, absent)
		}
		if got := w.ledger.Len() - before; got != tt.decisions {
			t.Errorf("%s: %d decisions, want %d", name, got, tt.decisions)
		}
	}
}

const observation = `{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"effectiveDateTime":"2026-03-01","valueQuantity":{"value":131,"unit":"g/L"}}`

// Who looked is told in pages of one moment, however often the pages themselves are
// looked at.
func TestWhoLookedInPages(t *testing.T) {
	w := newWorld(t)
	c := w.mary()
	for range 5 {
		_, err := w.s.Section(t.Context(), c, "r", "results", own.Filter{})
		w.must(err)
	}
	var ids []string
	cursor := ""
	for {
		page, err := w.s.Looks(t.Context(), c, "r", citizen.LooksQuery{Cursor: cursor, Limit: 2})
		w.must(err)
		for _, l := range page.Looks {
			ids = append(ids, l.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if fmt.Sprint(ids) != "[main-5 main-4 main-3 main-2 main-1 main-0]" {
		t.Errorf("looks: %v", ids)
	}
	if _, err := w.s.Looks(t.Context(), c, "r", citizen.LooksQuery{Cursor: "nonsense", Limit: 2}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a made-up page: %v", err)
	}
}

// Each look has the newest question about it; and what cannot be told whole, because
// nobody knows what an organisation is called, is not told.
func TestLooksAndQuestions(t *testing.T) {
	w := newWorld(t)
	c := w.mary()
	seq, err := w.ledger.Append(t.Context(), &ledger.Event{Time: w.now, Kind: identity.Professional, Caller: "cis2/1", Name: "Dr A", Role: identity.Clinician, Org: practice.Org,
		Action: access.Read, Outcome: access.Allowed, Basis: access.ByAppointment, Person: c.Person, Sections: section.Of(section.Results), What: "Observation"})
	w.must(err)
	look := ledger.AuditID("main", seq)
	first, err := w.s.Ask(t.Context(), c, "r", look, "")
	w.must(err)
	_, err = w.s.CloseQuestion(t.Context(), c, first.ID)
	w.must(err)
	w.now = w.now.Add(time.Minute)
	second, err := w.s.Ask(t.Context(), c, "r", look, "Again?")
	w.must(err)
	page, err := w.s.Looks(t.Context(), c, "r", citizen.LooksQuery{Limit: 10})
	w.must(err)
	i := slices.IndexFunc(page.Looks, func(l citizen.Look) bool { return l.ID == look })
	if i < 0 || page.Looks[i].Asked != second.ID || second.ID == first.ID || second.Office != "Org J81012" || !strings.Contains(page.Looks[i].Sentence, "Org J81012") {
		t.Errorf("%+v, asked %s and then %s of %s", page.Looks, first.ID, second.ID, second.Office)
	}
	if all, err := w.s.Questions(t.Context(), c); err != nil || len(all) != 2 || all[0].ID != second.ID {
		t.Errorf("%+v, %v", all, err)
	}
	w.partners = errors.New("the agreements are not there")
	for name, tell := range map[string]func() error{
		"looks":     func() error { _, err := w.s.Looks(t.Context(), c, "r", citizen.LooksQuery{Limit: 10}); return err },
		"questions": func() error { _, err := w.s.Questions(t.Context(), c); return err },
		"question":  func() error { _, err := w.s.Question(t.Context(), c, second.ID); return err },
	} {
		if err := tell(); !errors.Is(err, w.partners) {
			t.Errorf("%s without names: %v", name, err)
		}
	}
}

// Whatever a resident's record holds can be opened by its id, and says of what section
// it is; of its section alone, too.
func TestEveryEntryCanBeOpened(t *testing.T) {
	w := newWorld(t)
	w.sends(practice, observation,
		`{"resourceType":"Flag","id":"f","status":"active","code":{"text":"x"}}`,
		`{"resourceType":"AllergyIntolerance","id":"a","code":{"text":"x"}}`,
		`{"resourceType":"Condition","id":"c","code":{"text":"x"}}`,
		`{"resourceType":"Procedure","id":"p","status":"completed","code":{"text":"x"}}`,
		`{"resourceType":"FamilyMemberHistory","id":"fh","status":"completed","relationship":{"text":"mother"}}`,
		`{"resourceType":"MedicationRequest","id":"mr","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"}}`,
		`{"resourceType":"MedicationAdministration","id":"ma","status":"completed","medicationCodeableConcept":{"text":"x"},"effectiveDateTime":"2026-03-01"}`,
		`{"resourceType":"Immunization","id":"i","status":"completed","vaccineCode":{"text":"x"},"occurrenceDateTime":"2026-03-01"}`,
		`{"resourceType":"DiagnosticReport","id":"dr","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"LAB"}]}],"code":{"text":"x"},"result":[{"reference":"Observation/o"}]}`,
		`{"resourceType":"Appointment","id":"ap","status":"booked","start":"2026-04-01T10:00:00Z","end":"2026-04-01T10:10:00Z"}`,
		`{"resourceType":"ServiceRequest","id":"sr","status":"active","intent":"order","code":{"text":"x"}}`,
		`{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"period":{"start":"2026-01-02T10:00:00Z","end":"2026-01-02T11:00:00Z"}}`,
		`{"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"title":"t"}}]}`,
		`{"resourceType":"CarePlan","id":"cp","status":"active","intent":"plan","title":"x","goal":[{"reference":"Goal/g"}]}`,
		`{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"x"}}`,
		`{"resourceType":"CareTeam","id":"ct","status":"active","name":"x"}`,
		`{"resourceType":"RelatedPerson","id":"rp","name":[{"text":"Tom"}]}`)
	w.sends(council, `{"resourceType":"CarePlan","id":"sc","status":"active","intent":"plan","title":"x"}`)
	c := w.mary()
	v, err := w.Open(t.Context(), c, record.Request{Person: record.PersonID(c.Person), What: "test", RequestID: "r"})
	w.must(err)
	all := map[string]record.Entry{}
	_, err = v.Search(t.Context(), record.Search{}, func(e record.Entry) bool { all[e.ID] = e; return true })
	w.must(err)
	var sections section.Set
	kinds := map[string]bool{}
	for id, e := range all {
		sections |= section.Of(e.Section)
		for _, name := range []string{"", e.Section.String()} {
			got, err := w.s.Entry(t.Context(), c, "r", name, id)
			if err != nil || got.Section != e.Section.String() || got.Kind == "" || got.Item == nil {
				t.Errorf("%s by way of %q: %+v, %v", e.Type, name, got, err)
			}
			kinds[got.Kind] = true
		}
	}
	if want := section.All &^ section.Of(section.AboutMe, section.Contributions); sections != want {
		t.Errorf("there is something in %s", sections)
	}
	for _, want := range []string{"care-plan", "goal", "team", "package", "report", "result", "referral", "letter", "details"} {
		if !kinds[want] {
			t.Errorf("no %s among %v", want, kinds)
		}
	}
}

// Two passkeys of one name, as their owner may give them, are told apart in the list.
func TestPasskeysOfOneName(t *testing.T) {
	w := newWorld(t)
	c := w.mary()
	w.must(w.accounts.AddPasskey(t.Context(), c.ID, passkey.Credential{ID: bytes.Repeat([]byte{8}, 32), PublicKey: []byte{1}, Name: "tablet"}))
	keys, err := w.s.Passkeys(t.Context(), c)
	w.must(err)
	w.must(w.s.RenamePasskey(t.Context(), c, keys[1].ID, "phone"))
	keys, err = w.s.Passkeys(t.Context(), c)
	w.must(err)
	if len(keys) != 2 || keys[0].Name != "phone" || keys[1].Name != "phone 2" {
		t.Errorf("%+v", keys)
	}
}

var _ citizen.Records = (*world)(nil)
