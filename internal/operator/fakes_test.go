package operator

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

var today = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// world is all the parts of a Service, in memory, and what was done to them.
type world struct {
	mu         sync.Mutex
	did        []string
	agreements map[nhs.ODS]partner.Agreement
	clients    map[string]partner.Client
	choices    map[record.PersonID]sharing.Choice
	callers    []identity.Caller
	received   [][]byte
	events     []ledger.Event
	broken     error
}

func (w *world) do(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did = append(w.did, what)
}

func newWorld() *world {
	return &world{agreements: map[nhs.ODS]partner.Agreement{}, clients: map[string]partner.Client{}, choices: map[record.PersonID]sharing.Choice{}}
}

func (w *world) service() *Service {
	return New(Options{
		Registry: fakeRegistry{w}, Records: fakeRecords{w}, Accounts: fakeAccounts{w}, Inbox: fakeInbox{w}, Ledger: fakeLedger{w}, Engine: fakeEngine{w},
		Message: func(b []byte) feeds.Message { return feeds.Message{Body: b} },
		Verification: func(context.Context, string) (ledger.Verification, error) {
			return ledger.Verification{}, errs.New(errs.Unavailable, "no log here")
		},
		Version: "v1", Instance: "main", Started: today.Add(-time.Hour), Now: func() time.Time { return today },
	})
}

type fakeRegistry struct{ w *world }

func (f fakeRegistry) Agreement(_ context.Context, org nhs.ODS) (partner.Agreement, uint64, error) {
	a, ok := f.w.agreements[org]
	if !ok {
		return a, 0, errs.New(errs.NotFound, "there is no such agreement")
	}
	return a, 1, nil
}

func (f fakeRegistry) Agreements(context.Context) ([]partner.Agreement, error) {
	var list []partner.Agreement
	for _, a := range f.w.agreements {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b partner.Agreement) int { return strings.Compare(string(a.Org), string(b.Org)) })
	return list, nil
}

func (f fakeRegistry) PutAgreement(_ context.Context, a partner.Agreement, rev uint64, by string, _ time.Time) (uint64, error) {
	f.w.do("put agreement " + string(a.Org))
	f.w.agreements[a.Org] = a
	return rev + 1, nil
}

func (f fakeRegistry) Client(_ context.Context, id string) (partner.Client, uint64, error) {
	c, ok := f.w.clients[id]
	if !ok {
		return c, 0, errs.New(errs.NotFound, "there is no such client")
	}
	return c, 1, nil
}

func (f fakeRegistry) Clients(context.Context) ([]partner.Client, error) {
	var list []partner.Client
	for _, c := range f.w.clients {
		list = append(list, c)
	}
	return list, nil
}

func (f fakeRegistry) Register(_ context.Context, c partner.Client) error {
	if _, there := f.w.clients[c.ID]; there {
		return errs.Coded(errs.Conflict, "DUPLICATE", "there is such a client already")
	}
	f.w.do("register " + c.ID)
	f.w.clients[c.ID] = c
	return nil
}

func (f fakeRegistry) UpdateClient(_ context.Context, c partner.Client, _ uint64) error {
	f.w.do("update " + c.ID)
	f.w.clients[c.ID] = c
	return nil
}

func (f fakeRegistry) Revoke(_ context.Context, id string) error {
	f.w.do("revoke " + id)
	return nil
}

type fakeRecords struct{ w *world }

func (fakeRecords) PersonOf(n nhs.Number) record.PersonID {
	return record.PersonID("p" + n.Digits()[6:])
}

func (f fakeRecords) by(by identity.Caller, what string) {
	f.w.do(what)
	f.w.callers = append(f.w.callers, by)
}

func (f fakeRecords) Sharing(_ context.Context, by identity.Caller, p record.PersonID, _ string) (sharing.Choice, error) {
	f.by(by, "sharing "+string(p))
	c, ok := f.w.choices[p]
	if !ok {
		return c, access.Absent()
	}
	return c, nil
}

func (f fakeRecords) SetSharing(_ context.Context, by identity.Caller, p record.PersonID, c sharing.Choice, _ string) error {
	f.by(by, "set sharing "+string(p))
	f.w.choices[p] = c
	return nil
}

func (f fakeRecords) SetRestricted(_ context.Context, by identity.Caller, p record.PersonID, _ bool, _ string) error {
	f.by(by, "restrict "+string(p))
	return nil
}

func (f fakeRecords) SetSensitive(_ context.Context, by identity.Caller, p record.PersonID, _ bool, cleared []string, _ string) error {
	f.by(by, "sensitive "+string(p)+" "+strings.Join(cleared, ","))
	return nil
}

func (f fakeRecords) SharingHistory(_ context.Context, by identity.Caller, p record.PersonID, _ string) ([]record.Decided, error) {
	f.by(by, "history "+string(p))
	return []record.Decided{{At: today, By: by.ID, Person: p, Sharing: f.w.choices[p], Restricted: true}}, nil
}

func (f fakeRecords) SetInvalidated(_ context.Context, by identity.Caller, p record.PersonID, _ bool, _ string) error {
	f.by(by, "invalidate "+string(p))
	return nil
}

func (f fakeRecords) Join(_ context.Context, by identity.Caller, from, into record.PersonID, _ string) error {
	f.by(by, "join "+string(from)+" "+string(into))
	return nil
}

func (f fakeRecords) Split(_ context.Context, by identity.Caller, from, out record.PersonID, _ string) error {
	f.by(by, "split "+string(from)+" "+string(out))
	return nil
}

func (f fakeRecords) OpenEnrolment(_ context.Context, by identity.Caller, q record.Enrolling) (record.Enrollee, error) {
	f.by(by, "enrol "+q.What)
	if q.BirthDate != "1950-02-03" {
		return record.Enrollee{}, access.Absent()
	}
	return record.Enrollee{Person: f.PersonOf(q.Number), BirthDate: q.BirthDate, Practice: "J81001"}, nil
}

type fakeAccounts struct{ w *world }

func (f fakeAccounts) Issue(_ context.Context, by identity.Caller, of account.Subject) (account.Letter, error) {
	fakeRecords(f).by(by, "code for "+of.Person)
	return account.Letter{ID: "BCDF23", Code: "BCDF-2345-GHJK-6789", URL: "https://record.example/enrol#BCDF", Page: "https://record.example/enrol", Expires: today}, nil
}

func (f fakeAccounts) EndSessions(_ context.Context, id string) error {
	f.w.do("end sessions")
	if !account.IsID(id) {
		return errs.New(errs.NotFound, "there is no such account")
	}
	return nil
}

type fakeInbox struct{ w *world }

func (f fakeInbox) List(_ context.Context, source string, state feeds.State, cursor string, _ int) ([]feeds.Item, string, error) {
	f.w.do("list " + source + " " + state.String() + " " + cursor)
	return []feeds.Item{{ID: "main.7", Source: source, State: state, Entry: feeds.Whole, Code: "UNKNOWN_PERSON", Since: today}}, "more", nil
}

func (f fakeInbox) Show(_ context.Context, source, id string) (feeds.Item, *feeds.Message, error) {
	return feeds.Item{ID: id, Source: source}, &feeds.Message{Media: "application/fhir+json", Key: "k", Body: []byte("{}")}, nil
}

func (f fakeInbox) Replay(_ context.Context, source, id string) (int, error) {
	f.w.do("replay " + source + " " + id)
	return 3, nil
}

func (f fakeInbox) Discard(_ context.Context, source, id string) error {
	f.w.do("discard " + source + " " + id)
	return nil
}

func (f fakeInbox) Receive(_ context.Context, from feeds.Sender, m feeds.Message) (feeds.Receipt, error) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.w.received = append(f.w.received, m.Body)
	return feeds.Receipt{Message: m, Outcome: feeds.Outcome{
		Entries: []feeds.Entry{{Type: "Patient", Applied: record.Applied{Result: record.Created}}, {Type: "Observation", Held: 1}},
		Held:    []feeds.Held{{Entry: 1, Type: "Observation", Code: "INVALID", Words: "wrong"}},
	}}, nil
}

func (f fakeInbox) AgreementChanged(_ context.Context, org nhs.ODS) error {
	f.w.do("release " + string(org))
	return nil
}

type fakeLedger struct{ w *world }

func (f fakeLedger) Append(_ context.Context, e *ledger.Event) (uint64, error) {
	f.w.do("ledger " + e.What)
	return 0, nil
}

func (f fakeLedger) Len() uint64 { return uint64(len(f.w.events)) }

func (f fakeLedger) Extents(context.Context) ([]ledger.Extent, error) {
	return []ledger.Extent{{Instance: "main", Events: f.Len()}}, nil
}

func (f fakeLedger) ReadOf(_ context.Context, _ string, from uint64, visit func(uint64, ledger.Event) bool) error {
	for i := from; i < f.Len(); i++ {
		if !visit(i, f.w.events[i]) {
			break
		}
	}
	return nil
}

func (f fakeLedger) Accesses(_ context.Context, person, cursor string, _ int) ([]ledger.Access, string, error) {
	f.w.do("accesses " + person + " " + cursor)
	return []ledger.Access{{Seq: 0, Event: f.w.events[0]}}, "", nil
}

func (f fakeLedger) ProofOf(_ context.Context, _ string, seq uint64) (ledger.Proof, error) {
	if seq >= f.Len() {
		return ledger.Proof{}, errs.New(errs.NotFound, "there is no such event")
	}
	return ledger.Proof{Seq: seq, Data: []byte("d"), Path: tlog.RecordProof{{1}, {2}}, Checkpoint: []byte("note")}, nil
}

func (f fakeLedger) Checkpoint(context.Context) (*ledger.Checkpoint, error) {
	f.w.do("checkpoint")
	return &ledger.Checkpoint{}, nil
}

type fakeEngine struct{ w *world }

func (f fakeEngine) Backup(_ context.Context, out io.Writer, _ func(done, total int64)) error {
	_, err := io.WriteString(out, strings.Repeat("tar ", 1000))
	return errors.Join(err, f.w.broken)
}

func (f fakeEngine) Check(_ context.Context, progress func(done, total int64)) error {
	progress(1, 2)
	return f.w.broken
}

func anEvent() ledger.Event {
	return ledger.Event{Time: today, Kind: identity.Professional, Caller: "cis2/1", Name: "Dr A", Role: identity.Clinician, Org: "R0D",
		Action: access.Read, Outcome: access.Allowed, Basis: access.ByEncounter, Person: "p1", Sections: section.Of(section.Medicines), What: "MedicationRequest"}
}

// both runs a test on the Service itself and through a real socket.
func both(t *testing.T, test func(t *testing.T, w *world, ops Operations)) {
	t.Run("itself", func(t *testing.T) {
		w := newWorld()
		test(t, w, w.service())
	})
	t.Run("socket", func(t *testing.T) {
		w := newWorld()
		test(t, w, overSocket(t, w.service()))
	})
}

func overSocket(t *testing.T, ops Operations) *SocketClient {
	t.Helper()
	folder := t.TempDir()
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, ops) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c, err := Dial(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
