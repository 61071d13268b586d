package fhirbundle_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/feeds/fhirbundle"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
)

// The people of the tests: numbers that pass the check, and birth dates.
const (
	mary, maryBorn = "9000000009", "1950-02-03"
	john, johnBorn = "9000000017", "1948-11-30"
)

// The sources: a practice, and a hospital.
const (
	practice = "gp-poole"
	hospital = "uhd-pas"
)

var t0 = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// world is the real thing from the inbox down, in a folder of the test.
type world struct {
	t        testing.TB
	mu       sync.Mutex
	now      time.Time
	dir      string
	noSync   bool
	db       *store.DB
	partners *partner.Registry
	records  *record.Records
	format   feeds.Format
	inbox    *feeds.Inbox
	service  *fhirbundle.Service
}

// events is a ledger that forgets: what it keeps is another package's to test.
type events struct{}

func (events) Append(context.Context, *ledger.Event) (uint64, error) { return 0, nil }

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldIn(t, t.TempDir(), true)
}

// newWorldIn makes a world in a folder, whose store waits for the disk or not.
func newWorldIn(t testing.TB, dir string, noSync bool) *world {
	t.Helper()
	w := &world{t: t, now: t0, dir: dir, noSync: noSync}
	w.open()
	w.agree("J81012", partner.GP, section.All)
	w.agree("R0D", partner.Acute, section.All)
	w.register(practice, "J81012")
	w.register(hospital, "R0D")
	return w
}

func specs() []store.Spec {
	all := append(record.Specs(), feeds.Specs()...)
	return append(all, partner.Specs()...)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// open opens everything on the world's folder.
func (w *world) open() {
	w.t.Helper()
	engine, err := bolt.Open(w.dir, store.Specs(specs()...), bolt.Options{NoSync: w.noSync, Now: w.clock})
	must(w.t, err)
	w.db, err = store.Open(engine, specs()...)
	must(w.t, err)
	db := w.db
	w.t.Cleanup(func() { _ = db.Close() })
	w.partners = partner.NewRegistry(w.db)
	w.records = record.New(record.Options{Store: w.db, Ledger: events{}, Partners: partner.Agreements{Of: w.partners}, Key: make([]byte, 32), Now: w.clock})
	w.format = fhirbundle.NewFormat(w.records)
	w.openInbox(w.format)
}

// openInbox opens the inbox alone, as a start does.
func (w *world) openInbox(format feeds.Format) {
	w.t.Helper()
	var err error
	w.inbox, err = feeds.Open(w.t.Context(), feeds.Options{Store: w.db, Partners: w.partners, Formats: map[string]feeds.Format{fhirbundle.Name: format}, Instance: "main", Now: w.clock})
	must(w.t, err)
	must(w.t, w.inbox.Recover(w.t.Context()))
	w.service = fhirbundle.NewService(w.inbox, w.partners, 0)
}

func (w *world) agree(org nhs.ODS, kind partner.Kind, contribute section.Set) {
	w.t.Helper()
	_, rev, err := w.partners.Agreement(w.t.Context(), org)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		w.t.Fatal(err)
	}
	_, err = w.partners.PutAgreement(w.t.Context(), partner.Agreement{Org: org, Name: "Organisation " + string(org), Kind: kind, Read: section.All, Contribute: contribute,
		DSPT: t0.AddDate(1, 0, 0), Signed: t0.AddDate(-1, 0, 0), Ends: t0.AddDate(1, 0, 0)}, rev, "test", t0)
	must(w.t, err)
}

func (w *world) register(id string, org nhs.ODS) {
	w.t.Helper()
	print := sha256.Sum256([]byte(id))
	must(w.t, w.partners.Register(w.t.Context(), partner.Client{ID: id, Org: org, Kind: partner.Feed, Name: "Source " + id, Certs: []string{hex.EncodeToString(print[:])}}))
}

func (w *world) sender(source string) feeds.Sender {
	w.t.Helper()
	c, _, err := w.partners.Client(w.t.Context(), source)
	must(w.t, err)
	a, _, err := w.partners.Agreement(w.t.Context(), c.Org)
	must(w.t, err)
	return feeds.Sender{Client: c, Agreement: a}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what a source is told.
type answer struct {
	status int
	err    error
	body   jsontext.Value
	Type   string `json:"resourceType"`
	Entry  []struct {
		Response struct {
			Status   string         `json:"status"`
			Location string         `json:"location"`
			Outcome  jsontext.Value `json:"outcome"`
		} `json:"response"`
	} `json:"entry"`
}

// statuses lists the status of each entry.
func (a answer) statuses() string {
	var all []string
	for _, e := range a.Entry {
		all = append(all, e.Response.Status[:3])
	}
	return strings.Join(all, " ")
}

func (w *world) try(source, media string, body []byte) answer {
	w.t.Helper()
	client, _, err := w.partners.Client(w.t.Context(), source)
	must(w.t, err)
	caller := identity.Caller{Kind: identity.Source, ID: source, Org: client.Org, Client: source}
	var a answer
	a.status, a.body, a.err = w.service.Receive(w.t.Context(), caller, client, media, body)
	if a.err == nil {
		if err := json.Unmarshal(a.body, &a); err != nil {
			w.t.Fatalf("the answer is no JSON: %v\n%s", err, a.body)
		}
	}
	return a
}

func (w *world) send(source, bundle string) answer {
	w.t.Helper()
	a := w.try(source, "application/fhir+json", []byte(bundle))
	must(w.t, a.err)
	return a
}

func (w *world) person(number string) record.PersonID {
	return w.records.PersonOf(nhs.MustNumber(number))
}

// entries reads a person's record through the people's door: as a clinician of
// their practice.
func (w *world) entries(number string) map[string]string {
	w.t.Helper()
	doctor := identity.Caller{Kind: identity.Professional, ID: "test/doctor", Org: "J81012", Role: identity.Clinician, Expires: w.clock().Add(time.Hour), AuthTime: w.clock()}
	view, err := w.records.Open(w.t.Context(), doctor, record.Request{Person: w.person(number), What: "$everything"})
	if err != nil {
		return map[string]string{"refused": errs.CodeOf(err) + errs.KindOf(err).String()}
	}
	all := map[string]string{}
	for after := ""; ; {
		after, err = view.Search(w.t.Context(), record.Search{Limit: 500, After: after}, func(e record.Entry) bool {
			all[e.Type+"/"+e.ID] = string(e.Body)
			return true
		})
		must(w.t, err)
		if after == "" {
			return all
		}
	}
}

// types counts a person's entries by type: "2 Observation 1 Patient".
func (w *world) types(number string) string {
	w.t.Helper()
	counts := map[string]int{}
	for id := range w.entries(number) {
		counts[strings.Split(id, "/")[0]]++
	}
	return countsText(counts)
}

func countsText(counts map[string]int) string {
	var all []string
	for typ, n := range counts {
		all = append(all, fmt.Sprintf("%d %s", n, typ))
	}
	sort.Slice(all, func(i, j int) bool { return strings.Fields(all[i])[1] < strings.Fields(all[j])[1] })
	return strings.Join(all, " ")
}

// digest is of all that people may see of the given persons.
func (w *world) digest(numbers ...string) string {
	w.t.Helper()
	var lines []string
	for _, n := range numbers {
		for id, body := range w.entries(n) {
			lines = append(lines, id+" "+body)
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// held lists the codes of a source's quarantine in a state.
func (w *world) held(source string, state feeds.State) string {
	w.t.Helper()
	items, _, err := w.inbox.List(w.t.Context(), source, state, "", 0)
	must(w.t, err)
	counts := map[string]int{}
	for _, it := range items {
		counts[it.Code]++
	}
	return countsText(counts)
}

// What sources send.

func bundle(typ, stamp string, entries ...string) string {
	return fmt.Sprintf(`{"resourceType":"Bundle","type":%q,"timestamp":%q,"entry":[%s]}`, typ, stamp, strings.Join(entries, ","))
}

func post(resource string) string {
	typ := between(resource, `"resourceType":"`, `"`)
	id := between(resource, `"id":"`, `"`)
	return fmt.Sprintf(`{"fullUrl":"https://ehr.example.org/fhir/%s/%s","resource":%s,"request":{"method":"POST","url":%q}}`, typ, id, resource, typ)
}

func put(resource string) string {
	typ, id := between(resource, `"resourceType":"`, `"`), between(resource, `"id":"`, `"`)
	return fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":"%s/%s"}}`, resource, typ, id)
}

func remove(typ, id string) string {
	return fmt.Sprintf(`{"request":{"method":"DELETE","url":"%s/%s"}}`, typ, id)
}

func bare(resource string) string { return fmt.Sprintf(`{"resource":%s}`, resource) }

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func patient(id, number, born string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"identifier":[{"system":%q,"value":%q}],"name":[{"family":"Test","given":["Person"]}],"gender":"female","birthDate":%q}`,
		id, nhs.NumberSystem, number, born)
}

func observation(id, subject, value, updated string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":%q,"meta":{"lastUpdated":%q},"status":"final","code":{"text":"Pulse"},"subject":{"reference":%q},"effectiveDateTime":"2026-04-01","valueString":%q}`,
		id, updated, subject, value)
}

const (
	at1 = "2026-04-01T08:00:00Z"
	at2 = "2026-04-02T08:00:00Z"
	at3 = "2026-04-03T08:00:00Z"
)

// knows makes the practice register a person.
func (w *world) knows(id, number, born string) {
	w.t.Helper()
	if a := w.send(practice, bundle("transaction", at1, post(patient(id, number, born)))); a.statuses() != "201" && a.statuses() != "200" {
		w.t.Fatalf("registering: %d %s", a.status, a.body)
	}
}

// knownElsewhere registers a person behind the inbox's back, as another process would.
func (w *world) knownElsewhere(number, born string) {
	w.t.Helper()
	doc, err := fhir.Parse([]byte(patient("1", number, born)))
	must(w.t, err)
	from := record.Source{ID: practice, Org: "J81012", Kind: partner.GP}
	_, err = w.records.Apply(w.t.Context(), record.Change{Person: w.person(number), Source: from, Message: record.Message{Key: "k", Time: t0, Received: t0},
		Objects: []record.Object{{Type: "Patient", SourceID: "1", Resource: doc.Root()}}})
	must(w.t, err)
}
