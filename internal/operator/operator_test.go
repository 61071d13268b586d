package operator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

const partnersFile = `{"agreements":[{"org":"R0D","name":"University Hospitals Dorset","kind":"acute","read":"all","contribute":["results","letters"],
 "dspt":"2027-06-30","signed":"2025-04-01","ends":"2028-03-31"}],
 "clients":[{"id":"uhd-epr","org":"R0D","kind":"feed","name":"EPR","certs":["AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"]}]}`

func TestPartners(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		p, err := ParsePartners([]byte(partnersFile))
		if err != nil {
			t.Fatal(err)
		}
		done, err := ops.Import(t.Context(), p)
		if err != nil || done != (Imported{AgreementsChanged: 1, ClientsChanged: 1}) {
			t.Fatalf("import: %+v, %v", done, err)
		}
		if done, err = ops.Import(t.Context(), p); err != nil || done != (Imported{Unchanged: 2}) {
			t.Errorf("import again: %+v, %v", done, err)
		}
		list, err := ops.Agreements(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p.Agreements, list); d != "" {
			t.Error(d)
		}
		if err := ops.Suspend(t.Context(), "R0D", true); err != nil || !w.agreements["R0D"].Suspended {
			t.Errorf("suspend: %v", err)
		}
		clients, err := ops.Clients(t.Context())
		if err != nil || len(clients) != 1 || len(clients[0].Certs[0]) != 64 {
			t.Errorf("clients %+v, %v", clients, err)
		}
		err = ops.RegisterClient(t.Context(), p.Clients[0])
		if errs.KindOf(err) != errs.Conflict || errs.CodeOf(err) != "DUPLICATE" {
			t.Errorf("registering twice: %v", err)
		}
		if err := ops.RevokeClient(t.Context(), "uhd-epr"); err != nil {
			t.Error(err)
		}
		want := []string{"put agreement R0D", "release R0D", "register uhd-epr", "put agreement R0D", "release R0D", "revoke uhd-epr"}
		if d := cmp.Diff(want, w.did); d != "" {
			t.Error(d)
		}
	})
}

func TestAnImportWithAMistakeChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		p, err := ParsePartners([]byte(partnersFile))
		if err != nil {
			t.Fatal(err)
		}
		p.Clients[0].Certs = nil
		_, err = ops.Import(t.Context(), p)
		if errs.KindOf(err) != errs.Invalid || !strings.Contains(errs.Message(err), "client uhd-epr") || len(w.did) != 0 {
			t.Errorf("%v; done: %v", err, w.did)
		}
	})
	both(t, func(t *testing.T, w *world, ops Operations) {
		p, err := ParsePartners([]byte(partnersFile))
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range []string{"obs-66", "value:", ""} {
			p.Clients[0].Allow = []string{"obs-6", rule}
			if err := ops.RegisterClient(t.Context(), p.Clients[0]); errs.KindOf(err) != errs.Invalid || len(w.did) != 0 {
				t.Errorf("allowing %q, which is no rule: %v; done: %v", rule, err, w.did)
			}
		}
		p.Clients[0].Allow = []string{"obs-6", "value"}
		if _, err := ops.Import(t.Context(), p); err != nil {
			t.Error(err)
		}
	})
	if _, err := ParsePartners([]byte(`{"agrements":[]}`)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a misspelt member: %v", err)
	}
}

func TestPeople(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		ann, bob := nhs.MustNumber("9000000009"), nhs.MustNumber("9000000017")
		if _, err := ops.Sharing(t.Context(), ann); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown person: %v", err)
		}
		choice := Choice{Tier: "emergency-only", Windows: []Window{{Org: "R0D", From: today, To: today.Add(time.Hour)}, {Org: "R0D", Appointment: "p-a"}}}
		errors := errors.Join(
			ops.SetSharing(t.Context(), ann, choice),
			ops.SetRestricted(t.Context(), ann, true),
			ops.SetSensitive(t.Context(), bob, Sensitivity{Sensitive: true, Cleared: []string{"cis2/1", "cis2/2"}}),
			ops.SetInvalidated(t.Context(), bob, true),
			ops.Join(t.Context(), ann, bob),
			ops.Split(t.Context(), bob, ann))
		if errors != nil {
			t.Fatal(errors)
		}
		got, err := ops.Sharing(t.Context(), ann)
		choice.Since, choice.By = today, w.callers[0].ID
		if d := cmp.Diff(choice, got); err != nil || d != "" {
			t.Error(err, d)
		}
		past, err := ops.SharingHistory(t.Context(), ann)
		if d := cmp.Diff([]Decided{{At: today, By: choice.By, Person: "p0009", Choice: choice, Restricted: true}}, past); err != nil || d != "" {
			t.Error(err, d)
		}
		want := []string{"sharing p0009", "set sharing p0009", "restrict p0009", "sensitive p0017 cis2/1,cis2/2", "invalidate p0017", "join p0009 p0017", "end sessions", "split p0017 p0009", "sharing p0009", "history p0009"}
		if d := cmp.Diff(want, w.did); d != "" {
			t.Error(d)
		}
		for _, c := range w.callers {
			if c.Kind != identity.Operator || !strings.HasPrefix(c.ID, "operator/") {
				t.Errorf("by %+v", c)
			}
		}
		both := Window{Appointment: "p-a", From: today, To: today.Add(time.Hour)}
		if err := ops.SetSharing(t.Context(), ann, Choice{Tier: "none", Windows: []Window{both}}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("for an appointment and for a period: %v", err)
		}
		if err := ops.SetSharing(t.Context(), ann, Choice{Tier: "some"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("no such tier: %v", err)
		}
	})
}

func TestFeeds(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		page, err := ops.Quarantine(t.Context(), QuarantineQuery{Source: "uhd-epr", Cursor: "c"})
		if err != nil || len(page.Items) != 1 || page.Items[0].ID != "main.7" || page.Items[0].State != "pending" || page.Next != "more" {
			t.Errorf("%+v, %v", page, err)
		}
		if _, err := ops.Quarantine(t.Context(), QuarantineQuery{Source: "uhd-epr", State: "lost"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("no such state: %v", err)
		}
		item, err := ops.Quarantined(t.Context(), "uhd-epr", "main.7.2")
		if err != nil || item.Item.ID != "main.7.2" || item.Text != "{}" {
			t.Errorf("%+v, %v", item, err)
		}
		if n, err := ops.Replay(t.Context(), "uhd-epr", ""); err != nil || n != 3 {
			t.Errorf("%d, %v", n, err)
		}
		if err := ops.Discard(t.Context(), "uhd-epr", "main.7"); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff([]string{"list uhd-epr pending c", "ledger quarantined message of uhd-epr", "replay uhd-epr ", "discard uhd-epr main.7"}, w.did); d != "" {
			t.Error(d)
		}
	})
}

func TestLoad(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		if _, err := ops.Load(t.Context(), "uhd-epr", []byte("{}")); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown source: %v", err)
		}
		p, err := ParsePartners([]byte(partnersFile))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ops.Import(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		got, err := ops.Load(t.Context(), "uhd-epr", []byte("{}"))
		want := Loaded{Types: map[string]Counts{"Patient": {Applied: 1}, "Observation": {Held: 1}},
			Held: []HeldEntry{{ID: got.Held[0].ID, Entry: 1, Type: "Observation", Code: "INVALID", Words: "wrong"}}}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Error(err, d)
		}
		if string(w.received[0]) != "{}" {
			t.Errorf("received %q", w.received[0])
		}
	})
}

func TestLedger(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		w.events = []ledger.Event{anEvent(), anEvent()}
		events, err := ops.Ledger(t.Context(), "", 1, 10)
		if err != nil || len(events) != 1 || events[0].Seq != 1 || events[0].Outcome != "allowed" || !strings.Contains(events[0].Words, "medicines") {
			t.Errorf("%+v, %v", events, err)
		}
		page, err := ops.Accesses(t.Context(), nhs.MustNumber("9000000009"), "", 10)
		if err != nil || len(page.Events) != 1 {
			t.Errorf("%+v, %v", page, err)
		}
		proof, err := ops.Proof(t.Context(), "", 1)
		if err != nil || proof.Proof.Checkpoint != "note" || len(proof.Proof.Path) != 2 || proof.Proof.Path[1][0] != 2 || proof.Event == nil {
			t.Errorf("%+v, %v", proof, err)
		}
		if _, err := ops.Proof(t.Context(), "", 9); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		if _, err := ops.VerifyLedger(t.Context(), func(int64, int64) {}); errs.KindOf(err) != errs.Unavailable {
			t.Error(err)
		}
	})
}

func TestBackupAndCheck(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		var out bytes.Buffer
		none := func(int64, int64) {}
		if err := ops.Backup(t.Context(), &out, none); err != nil || out.Len() != 4000 {
			t.Errorf("%d bytes, %v", out.Len(), err)
		}
		if err := ops.Check(t.Context(), none); err != nil {
			t.Error(err)
		}
		w.broken = errors.New("the disk")
		if err := ops.Backup(t.Context(), &out, none); err == nil || !strings.Contains(err.Error(), "the disk") {
			t.Errorf("a broken backup: %v", err)
		}
		if err := ops.Check(t.Context(), none); err == nil || !strings.Contains(err.Error(), "the disk") {
			t.Errorf("a failed check: %v", err)
		}
	})
}

func TestStatus(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		w.events = []ledger.Event{anEvent()}
		got, err := ops.Status(t.Context())
		want := Status{Version: "v1", Instance: "main", Started: today.Add(-time.Hour), Now: today, Events: 1, Ledgers: []Extent{{Instance: "main", Events: 1}}}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Error(err, d)
		}
	})
}

func TestTheSocketIsItsOwnersAlone(t *testing.T) {
	folder := t.TempDir()
	if _, err := Dial(t.Context(), folder); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no socket: %v", err)
	}
	path := filepath.Join(folder, SocketName)
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays behind: %v", err)
	}
}

func TestASocketLeftBehindIsReplaced(t *testing.T) {
	folder := t.TempDir()
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), folder); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a dead socket: %v", err)
	}
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheCallerIsTheAccountAtTheOtherEnd(t *testing.T) {
	w := newWorld()
	c := overSocket(t, w.service())
	if err := c.SetRestricted(t.Context(), nhs.MustNumber("9000000009"), true); err != nil {
		t.Fatal(err)
	}
	if id := w.callers[0].ID; id == "operator/local" || id == "operator/" {
		t.Errorf("by %q", id)
	}
}

func TestABackupCutShortIsAnError(t *testing.T) {
	ops := &cutting{Operations: newWorld().service()}
	c := overSocket(t, ops)
	if err := c.Backup(t.Context(), io.Discard, nil); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("cut short: %v", err)
	}
}

// cutting breaks the connection in the middle of a backup.
type cutting struct{ Operations }

func (cutting) Backup(_ context.Context, w io.Writer, _ Progress) error {
	_, _ = io.WriteString(w, "half of a ")
	panic(http.ErrAbortHandler)
}

func TestBodiesThatAreNotOursAreRefused(t *testing.T) {
	c := overSocket(t, newWorld().service())
	for _, body := range []string{``, `{`, `{"number":"9000000009","colour":"blue"}`, `{"number":"9000000008"}`, `{"number":"9000000009","number":"9000000017"}`} {
		err := c.call(t.Context(), "POST", "/v1/people/sharing", []byte(body), nil)
		if errs.KindOf(err) != errs.Invalid || strings.Contains(err.Error(), "900000") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if err := c.call(t.Context(), "GET", "/v1/nothing", nil, nil); err == nil {
		t.Error("no such operation, and no error")
	}
}

func TestSectionsAndDays(t *testing.T) {
	s, err := ParseSections("all")
	if err != nil || section.Set(s) != section.All || s.String() != "all" {
		t.Errorf("%v, %v", s, err)
	}
	if s, err = ParseSections("results letters"); err != nil || s.String() != "results letters" {
		t.Errorf("%v, %v", s, err)
	}
	if _, err = ParseSections("results gossip"); err == nil {
		t.Error("a section that does not exist")
	}
	for _, text := range []string{"2027-03-31", "2027-03-31T12:30:00Z"} {
		if d, err := ParseDay(text); err != nil || d.String() != text {
			t.Errorf("%s: %v, %v", text, d, err)
		}
	}
	if _, err := ParseDay("31/3/2027"); err == nil {
		t.Error("not a day")
	}
}

// A code is made in the operator's name, by number and birth date together.
func TestActivationCodes(t *testing.T) {
	both(t, func(t *testing.T, w *world, ops Operations) {
		made, err := ops.ActivationCode(t.Context(), nhs.MustNumber("9990000018"), "1950-02-03")
		if err != nil || made.Code == "" || made.ID == "" || made.Page == "" || made.URL == "" || made.Expires.IsZero() {
			t.Errorf("%+v %v", made, err)
		}
		if _, err := ops.ActivationCode(t.Context(), nhs.MustNumber("9990000018"), "1950-02-04"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another birth date: %v", err)
		}
		if _, err := ops.ActivationCode(t.Context(), nhs.MustNumber("9990000018"), "3 February"); errs.KindOf(err) != errs.Invalid {
			t.Errorf("no date: %v", err)
		}
		if d := cmp.Diff([]string{"enrol activation code made", "code for p0018", "enrol activation code made"}, w.did); d != "" {
			t.Error(d)
		}
	})
}
