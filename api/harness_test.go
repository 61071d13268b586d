package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/ledger/ledgertest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/gofiber/fiber/v2"
)

var now = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

// Organisations of the world: the practice that everybody is registered with, a
// hospital that saw everybody, another that saw nobody, and one whose agreement
// ended.
var (
	practice = record.Source{ID: "gp-a", Org: "J81001", Kind: partner.GP}
	hospital = record.Source{ID: "uhd", Org: "R0D", Kind: partner.Acute}
	stranger = record.Source{ID: "far", Org: "RBD", Kind: partner.Acute}
	lapsed   = record.Source{ID: "old", Org: "RXX", Kind: partner.Acute}
)

// People of the world. Sam has opted out; nobody knows Nobody.
var (
	mary   = person{nhs.MustNumber("9990000018"), "Marigold"}
	john   = person{nhs.MustNumber("9990000026"), "Johnquil"}
	sam    = person{nhs.MustNumber("9990000034"), "Samphire"}
	nobody = person{nhs.MustNumber("9990000042"), "Nemesia"}
)

type person struct {
	number nhs.Number
	marker string // family name, and in every entry of theirs
}

// world is the real service, on a port of its own: store, ledger, record, both
// listeners. Who a token belongs to is a table.
type world struct {
	t       testing.TB
	records *record.Records
	ledger  *ledger.Ledger
	db      *store.DB
	system  *smart.Server
	partner *partner.Registry
	app     *fiber.App
	sources *fiber.App
	url     string // of people's listener
	srcURL  string
	log     *lines
	tokens  map[string]identity.Caller
	fault   error // what the verifier answers instead
	minute  int
	mark    uint64
	sent    sync.Map // bodies received from sources
}

// lines keeps what is logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (w *world) Verify(_ context.Context, token string) (identity.Caller, error) {
	if w.fault != nil {
		return identity.Caller{}, w.fault
	}
	if c, ok := w.tokens[token]; ok {
		return c, nil
	}
	return identity.Caller{}, errs.New(errs.Unauthenticated, "The token does not hold.")
}

// Authenticate stands for the sessions of residents and of staff.
func (w *world) Authenticate(ctx context.Context, token string) (identity.Caller, error) {
	return w.Verify(ctx, token)
}

// Receive stands for the feeds: it keeps what came.
func (w *world) Receive(_ context.Context, caller identity.Caller, contentType string, body []byte) (int, []byte, error) {
	if caller.Kind != identity.Source {
		return 0, nil, errs.Coded(errs.Forbidden, "ACCESS_DENIED", "Only a source sends.")
	}
	w.sent.Store(string(body[:min(len(body), 40)]), body)
	return http.StatusOK, []byte(`{"resourceType":"Bundle","type":"transaction-response"}`), nil
}

// newWorld starts the service. change may alter the options before it starts.
func newWorld(t testing.TB, change ...func(*api.Options)) *world {
	t.Helper()
	dir := t.TempDir()
	clock := func() time.Time { return now }
	specs := append(append(append(record.Specs(), partner.Specs()...), smart.Specs()...), ledger.Specs()...)
	engine, err := bolt.Open(dir, store.Specs(specs...), bolt.Options{NoSync: true, Now: clock})
	fatal(t, err)
	t.Cleanup(func() { _ = engine.Close() })
	w := &world{t: t, tokens: map[string]identity.Caller{}, log: &lines{}}
	w.db, err = store.Open(engine, specs...)
	fatal(t, err)
	w.partner = partner.NewRegistry(w.db)
	w.ledger = ledgertest.Open(t, w.db, "test", clock)
	w.records = record.New(record.Options{Store: w.db, Ledger: w.ledger, Looks: w.ledger, Partners: partner.Agreements{Of: w.partner}, Key: []byte("0123456789abcdef0123456789abcdef"), Now: clock})
	w.system = smart.New(smart.Options{DB: w.db, Partners: w.partner, TokenURL: "https://record.example/oauth/token", Now: clock})
	w.agree()
	o := api.Options{Records: w.records, Auth: w, Systems: w.system, Certs: w.system, Receiver: w, Sessions: w, StaffSessions: w, Now: clock,
		Log: slog.NewJSONHandler(w.log, nil), BaseURL: "https://record.example", Version: "test"}
	for _, f := range change {
		f(&o)
	}
	w.app, w.sources = api.New(o), api.NewSources(o)
	w.url, w.srcURL = w.listen(w.app), w.listen(w.sources)
	return w
}

func (w *world) listen(app *fiber.App) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(w.t, err)
	done := make(chan struct{})
	go func() { _ = app.Listener(ln); close(done) }()
	w.t.Cleanup(func() {
		_ = app.ShutdownWithTimeout(time.Second)
		_ = ln.Close() // a shutdown before it served knows of no listener
		<-done
	})
	return "http://" + ln.Addr().String()
}

// agree signs everybody's agreement, one of which has ended.
func (w *world) agree() {
	for _, s := range []record.Source{practice, hospital, stranger, lapsed} {
		a := partner.Agreement{Org: s.Org, Name: "Org " + string(s.Org), Kind: s.Kind, Read: section.All, Contribute: section.All,
			Signed: now.AddDate(-1, 0, 0), Ends: now.AddDate(1, 0, 0), DSPT: now.AddDate(1, 0, 0)}
		if s == lapsed {
			a.Ends = now.AddDate(0, 0, -1)
		}
		_, err := w.partner.PutAgreement(w.t.Context(), a, 0, "test", now)
		fatal(w.t, err)
	}
}

// signIn gives a professional a token.
func (w *world) signIn(token string, org nhs.ODS, role identity.Role) string {
	w.tokens[token] = identity.Caller{Kind: identity.Professional, ID: "cis2/" + token, Name: "Dr A", Org: org, Role: role,
		AuthTime: now.Add(-time.Minute), Expires: now.Add(time.Hour)}
	return token
}

// resident gives somebody an account, proven at P9, and a token of its session.
func (w *world) resident(token string, who person) string {
	p := string(w.records.PersonOf(who.number))
	w.tokens[token] = identity.Caller{Kind: identity.Resident, ID: "a" + p, Person: p, Proofing: identity.P9, Session: "s-" + token,
		AuthTime: now.Add(-time.Minute), Expires: now.Add(time.Hour)}
	return token
}

// directory makes the hospital send an organisation.
func (w *world) directory() {
	_, err := w.records.ApplyDirectory(w.t.Context(), w.change("", hospital, `{"resourceType":"Organization","id":"org","name":"University Hospitals"}`))
	fatal(w.t, err)
}

// sends applies objects of one message about a person.
func (w *world) sends(s record.Source, who person, objects ...string) []record.Applied {
	w.t.Helper()
	out, err := w.records.Apply(w.t.Context(), w.change(w.records.PersonOf(who.number), s, objects...))
	fatal(w.t, err)
	return out
}

func (w *world) change(p record.PersonID, s record.Source, objects ...string) record.Change {
	w.t.Helper()
	w.minute++
	at := now.Add(-24*time.Hour + time.Duration(w.minute)*time.Second)
	c := record.Change{Person: p, Source: s,
		Message: record.Message{Seq: uint64(w.minute), Key: fmt.Sprint("m", w.minute), Time: at, Received: now}}
	for _, js := range objects {
		d, err := fhir.Parse([]byte(js))
		fatal(w.t, err)
		c.Objects = append(c.Objects, record.Object{Type: d.Root().Type(), SourceID: d.Root().ID(), Resource: d.Root()})
	}
	return c
}

// knows makes the practice send a person, and the hospital an encounter and n
// observations of theirs. It returns the person's id.
func (w *world) knows(who person, n int) record.PersonID {
	w.t.Helper()
	w.sends(practice, who, `{"resourceType":"Patient","id":"`+who.marker+`","identifier":[{"system":"`+nhs.NumberSystem+`","value":"`+who.number.Digits()+
		`"}],"name":[{"family":"`+who.marker+`","given":["Ann"]}],"gender":"female","birthDate":"1950-02-03","address":[{"postalCode":"DT1 1XJ"}]}`)
	w.sends(hospital, who, `{"resourceType":"Encounter","id":"enc-`+who.marker+`","status":"finished","class":{"code":"AMB"},"serviceType":{"text":"`+who.marker+
		`"},"period":{"start":"2026-01-02T10:00:00Z","end":"2026-01-02T11:00:00Z"}}`)
	for i := range n {
		w.sends(hospital, who, observation(who, i))
	}
	return w.records.PersonOf(who.number)
}

// observation is the i-th of a person: codes 1000..1009 in turn, one a day.
func observation(who person, i int) string {
	status := "final"
	if i%3 == 0 {
		status = "amended"
	}
	return fmt.Sprintf(`{"resourceType":"Observation","id":"%s","status":%q,"category":[{"coding":[{"system":"http://cat","code":"c%d"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"%d"}],"text":%q},"effectiveDateTime":%q}`,
		oid(who, i), status, i%2, 1000+i%10, who.marker, time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format("2006-01-02"))
}

// oid is what the hospital calls a person's i-th observation.
func oid(who person, i int) string { return fmt.Sprintf("o%d-%s", i, who.marker) }

// entry returns the id of a source's object in a person's record.
func (w *world) entry(who person, s record.Source, typ, id string) string {
	return record.EntryID(w.records.PersonOf(who.number), s.ID, typ, id)
}

func (w *world) optsOut(who person) {
	w.t.Helper()
	by := identity.Caller{Kind: identity.Operator, ID: "operator"}
	fatal(w.t, w.records.SetSharing(w.t.Context(), by, w.records.PersonOf(who.number), sharing.Choice{Tier: sharing.None, Since: now, By: "operator"}, "test"))
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// request is what is asked: "GET /fhir/R4/...", with a token unless it is "".
type request struct {
	method, path, token, body string
	header                    map[string]string
}

func (w *world) do(r request) answer { w.t.Helper(); return w.at(w.url, r) }

func (w *world) at(base string, r request) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), r.method, base+r.path, strings.NewReader(r.body))
	fatal(w.t, err)
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.method == http.MethodPost && r.header["Content-Type"] == "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	fatal(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	fatal(w.t, err)
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (w *world) get(token, path string) answer {
	w.t.Helper()
	return w.do(request{method: http.MethodGet, path: path, token: token})
}

// trail returns what the ledger was told since it was last asked: "caller action
// outcome what".
func (w *world) trail() []string {
	w.t.Helper()
	out := []string{}
	fatal(w.t, w.ledger.Read(w.t.Context(), w.mark, func(_ uint64, e ledger.Event) bool {
		out = append(out, fmt.Sprintf("%s %s %s %s", e.Caller, e.Action, e.Outcome, e.What))
		return true
	}))
	w.mark = w.ledger.Len()
	return out
}

// bundle is what a test looks at in a Bundle.
type bundle struct {
	Type  string
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []struct {
		FullURL  string
		Resource map[string]any
		Search   struct{ Mode string }
	}
}

func (a answer) bundle(t testing.TB) bundle {
	t.Helper()
	var b bundle
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	fatal(t, json.Unmarshal([]byte(a.body), &b))
	return b
}

// link returns the path of a link, as our listener serves it.
func (b bundle) link(relation string) string {
	for _, l := range b.Link {
		if l.Relation == relation {
			return strings.TrimPrefix(l.URL, "https://record.example")
		}
	}
	return ""
}

func (b bundle) ids() []string {
	out := []string{}
	for _, e := range b.Entry {
		if e.Search.Mode != "outcome" {
			out = append(out, e.Resource["id"].(string))
		}
	}
	return out
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
