package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
)

// absent is the body of every 404 inside FHIR.
const absent = `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found","details":{"text":"There is no such record."}}]}`

// who is a kind of caller, asking about somebody.
type who struct {
	name  string
	token string
	about person
}

// Kinds of caller. All of them are asked through every route.
var callers = []who{
	{"nobody", "", mary},
	{"garbage", "garbage.token.x", mary},
	{"expired", "expired", mary},
	{"practice", "practice", mary},
	{"hospital", "hospital", mary},
	{"social worker", "social", mary},   // Observation is not among their sections
	{"receptionist", "reception", mary}, // nor theirs
	{"privacy officer", "privacy", mary},
	{"no relationship", "stranger", mary},
	{"agreement lapsed", "lapsed", mary},
	{"opted out", "practice", sam},
	{"unknown person", "practice", nobody},
	{"source", "source", mary},
	{"system without a user", "system~bare", mary},
	{"resident", "dcrs_mary", mary},
	{"resident of another person", "dcrs_john", mary},
	{"resident at P5", "dcrs_p5", mary},
	{"resident who opted out", "dcrs_sam", sam},
}

// cell is what a route answers a caller, and what the ledger is told: "" for
// nothing, or action and outcome.
type cell struct {
	status int
	trail  string
}

var (
	ok        = cell{200, "read allowed"}
	unknown   = cell{404, "read unknown"}
	notYours  = cell{404, "read not-yours"}
	noTie     = cell{403, "read no-relationship"}
	sealed    = cell{403, "read no-consent"}
	refused   = cell{403, "read refused"}
	signIn    = cell{401, ""}
	consulted = cell{200, "consult allowed"}
	open      = cell{200, ""} // needs nobody
)

// about is the row of a route about one person's entry of a type that a social
// worker and a receptionist may not see.
var about = map[string]cell{
	"nobody": signIn, "garbage": signIn, "expired": signIn, "system without a user": signIn,
	"practice": ok, "hospital": ok, "social worker": notYours, "receptionist": notYours,
	"privacy officer": refused, "no relationship": noTie, "agreement lapsed": refused,
	"opted out": sealed, "unknown person": unknown, "source": refused,
	"resident": ok, "resident of another person": unknown, "resident at P5": unknown, "resident who opted out": ok,
}

// with returns about with some cells changed.
func with(changes map[string]cell) map[string]cell {
	m := maps.Clone(about)
	maps.Copy(m, changes)
	return m
}

// notThere is the row of an entry that is not there, for those who may look.
var notThere = with(map[string]cell{"practice": {404, "read allowed"}, "hospital": {404, "read allowed"},
	"resident": {404, "read allowed"}, "resident who opted out": {404, "read allowed"}})

// whoLooked is the row of the ledger, which is for the person alone; others is what
// it answers a resident who asks about another.
func whoLooked(own, others cell) map[string]cell {
	m := signedIn(cell{403, "see-accesses refused"})
	maps.Copy(m, map[string]cell{"resident": own, "resident who opted out": own, "resident of another person": others, "resident at P5": {404, "see-accesses unknown"}})
	return m
}

// all is the row of a route that answers everybody alike.
func all(c cell) map[string]cell {
	m := map[string]cell{}
	for _, w := range callers {
		m[w.name] = c
	}
	return m
}

// matrix has a row for every route of people's listener. A path's {person} is the
// person asked about, {entry} an Observation of theirs, {number} their NHS number.
var matrix = map[string]struct {
	path, body string
	cells      map[string]cell
}{
	"GET /fhir/R4/metadata":                        {path: "/fhir/R4/metadata", cells: all(open)},
	"GET /fhir/R4/.well-known/smart-configuration": {path: "/fhir/R4/.well-known/smart-configuration", cells: all(open)},
	"POST /oauth/token":                            {path: "/oauth/token", body: "grant_type=client_credentials", cells: all(cell{400, ""})},
	"GET /fhir/R4/:type/:id":                       {path: "/fhir/R4/Observation/{entry}", cells: about},
	"GET /fhir/R4/:type/:id/_history":              {path: "/fhir/R4/Observation/{entry}/_history", cells: about},
	"GET /fhir/R4/:type/:id/_history/:version":     {path: "/fhir/R4/Observation/{entry}/_history/{version}", cells: about},
	"GET /fhir/R4/:type":                           {path: "/fhir/R4/Observation?patient={person}", cells: about},
	"POST /fhir/R4/:type/_search": {path: "/fhir/R4/Patient/_search", body: "identifier=https://fhir.nhs.uk/Id/nhs-number|{number}",
		cells: map[string]cell{
			"nobody": signIn, "garbage": signIn, "expired": signIn, "system without a user": signIn,
			"practice": {200, "find allowed"}, "hospital": {200, "find allowed"}, "social worker": {200, "find allowed"},
			"receptionist": {200, "find allowed"}, "privacy officer": {403, "find refused"}, "no relationship": {200, "find allowed"},
			"agreement lapsed": {403, "find refused"}, "opted out": {200, "find no-consent"}, "unknown person": {200, "find unknown"},
			"source": {403, "find refused"},
			// Residents find themselves, and of others not even that they are there.
			"resident": {200, "find allowed"}, "resident of another person": {200, "find unknown"}, "resident at P5": {200, "find unknown"},
			"resident who opted out": {200, "find allowed"},
		}},
	// A whole record is what of it is theirs. To residents it is a copy to take away.
	"GET /fhir/R4/Patient/:id/$everything": {path: "/fhir/R4/Patient/{person}/$everything",
		cells: with(map[string]cell{"social worker": ok, "receptionist": ok,
			"resident": {401, "export step-up"}, "resident who opted out": {401, "export step-up"},
			"resident of another person": {404, "export unknown"}, "resident at P5": {404, "export unknown"}})},
}

// extra are further ways through routes that have a row already.
var extra = map[string]struct {
	path, body string
	cells      map[string]cell
}{
	"POST Observation/_search": {path: "/fhir/R4/Observation/_search", body: "patient={person}", cells: about},
	"GET Observation by _id":   {path: "/fhir/R4/Observation?_id={entry}", cells: about},
	"GET Patient":              {path: "/fhir/R4/Patient/{person}", cells: with(map[string]cell{"social worker": ok, "receptionist": ok})},
	"GET Encounter":            {path: "/fhir/R4/Encounter?subject=Patient/{person}", cells: with(map[string]cell{"social worker": ok})},
	"GET an id that is none":   {path: "/fhir/R4/Observation/nonsense", cells: with(map[string]cell{"practice": unknown, "hospital": unknown, "social worker": unknown, "receptionist": unknown, "no relationship": unknown, "opted out": unknown, "resident": unknown, "resident who opted out": unknown})},
	"GET an entry not there":   {path: "/fhir/R4/Observation/{person}-aaaaaaaaaaaaaaaa", cells: notThere},
	"GET under another type":   {path: "/fhir/R4/Condition/{entry}", cells: notThere},
	"GET the directory": {path: "/fhir/R4/Organization/{organisation}", cells: with(map[string]cell{"practice": consulted, "hospital": consulted,
		"social worker": consulted, "receptionist": consulted, "privacy officer": {403, "consult refused"}, "no relationship": consulted,
		"agreement lapsed": {403, "consult refused"}, "opted out": consulted, "unknown person": consulted, "source": {403, "consult refused"},
		"resident": consulted, "resident of another person": consulted, "resident at P5": {404, "consult unknown"}, "resident who opted out": consulted})},
	"GET who looked":      {path: "/fhir/R4/AuditEvent?patient={person}", cells: whoLooked(cell{200, "see-accesses allowed"}, cell{404, "see-accesses unknown"})},
	"GET a look":          {path: "/fhir/R4/AuditEvent/test-999999", cells: whoLooked(cell{404, "see-accesses allowed"}, cell{404, "see-accesses allowed"})},
	"GET a version there": {path: "/fhir/R4/Organization/{organisation}/_history/1", cells: signedIn(cell{404, ""})},
	"GET no type":         {path: "/fhir/R4/Nonsense/{entry}", cells: signedIn(cell{404, ""})},
	"GET a type not kept": {path: "/fhir/R4/ValueSet/{entry}", cells: signedIn(cell{404, ""})},
}

// signedIn is the row of what answers everybody alike who is somebody.
func signedIn(c cell) map[string]cell {
	m := all(c)
	for name, was := range about {
		if was == signIn {
			m[name] = signIn
		}
	}
	return m
}

func TestMatrix(t *testing.T) {
	w := newWorld(t)
	w.populate()
	for name, row := range matrix {
		method, _, _ := strings.Cut(name, " ")
		w.row(t, name, method, row.path, row.body, row.cells)
	}
	for name, row := range extra {
		method, _, _ := strings.Cut(name, " ")
		w.row(t, name, method, row.path, row.body, row.cells)
	}
}

// row asks a route as every caller.
func (w *world) row(t *testing.T, name, method, path, body string, cells map[string]cell) {
	for _, who := range callers {
		t.Run(name+" as "+who.name, func(t *testing.T) {
			want, known := cells[who.name]
			if !known {
				t.Fatal("the matrix does not say")
			}
			defer func(was testing.TB) { w.t = was }(w.t)
			w.t = t
			fill := w.about(who.about)
			w.trail()
			a := w.do(request{method: method, path: fill.Replace(path), body: fill.Replace(body), token: who.token})
			if a.status != want.status {
				t.Errorf("answered %d, want %d: %.300s", a.status, want.status, a.body)
			}
			var trail []string
			for _, line := range w.trail() {
				part := strings.Fields(line)
				trail = append(trail, part[1]+" "+part[2])
			}
			if got := strings.Join(trail, ", "); got != want.trail {
				t.Errorf("ledger: %q, want %q", got, want.trail)
			}
			if a.status == 404 && a.body != absent {
				t.Errorf("a 404 of its own: %s", a.body)
			}
			if a.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
				t.Error("no WWW-Authenticate")
			}
			if strings.Contains(a.body, who.about.marker) && want != ok && want.trail != "find allowed" {
				t.Errorf("shown: %s", a.body)
			}
		})
	}
}

// A route that no row is about fails: adding one is a decision about who may use it.
func TestEveryRouteIsInTheMatrix(t *testing.T) {
	w := newWorld(t)
	got := routes(w.app)
	if d := cmp.Diff(slices.Sorted(maps.Keys(matrix)), got); d != "" {
		t.Errorf("people's listener: %s", d)
	}
	if d := cmp.Diff(slices.Sorted(maps.Keys(sourceMatrix)), routes(w.sources)); d != "" {
		t.Errorf("sources' listener: %s", d)
	}
}

// routes lists what is registered, but for middleware, and HEAD, which GET brings.
func routes(app *fiber.App) []string {
	var out []string
	for _, r := range app.GetRoutes(true) {
		if r.Method != fiber.MethodHead {
			out = append(out, r.Method+" "+r.Path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sourceMatrix is that of the sources' listener.
var sourceMatrix = map[string]struct {
	path, body string
	want       map[string]int
}{
	"GET /fhir/R4/metadata":                        {path: "/fhir/R4/metadata"},
	"GET /fhir/R4/.well-known/smart-configuration": {path: "/fhir/R4/.well-known/smart-configuration"},
	"POST /oauth/token":                            {path: "/oauth/token", body: "x=1", want: map[string]int{"": 400}},
	"POST /fhir/R4": {path: "/fhir/R4", body: "{}", want: map[string]int{
		"nobody": 401, "garbage": 401, "expired": 401, "system without a user": 401, "source": 200, "": 403}},
}

func TestSourcesMatrix(t *testing.T) {
	w := newWorld(t)
	w.populate()
	for name, row := range sourceMatrix {
		method, _, _ := strings.Cut(name, " ")
		for _, who := range callers {
			want, known := row.want[who.name]
			if !known {
				want = row.want[""]
			}
			if want == 0 {
				want = 200
			}
			r := request{method: method, path: row.path, body: row.body, token: who.token}
			if row.path == "/fhir/R4" {
				r.header = map[string]string{"Content-Type": "application/fhir+json"}
			}
			if a := w.at(w.srcURL, r); a.status != want {
				t.Errorf("%s as %s: %d, want %d: %s", name, who.name, a.status, want, a.body)
			}
		}
		// People's ways do not exist there.
		if a := w.at(w.srcURL, request{method: "GET", path: "/fhir/R4/Patient/x", token: "practice"}); a.status != 404 {
			t.Errorf("reading there: %d", a.status)
		}
	}
}

// populate makes the people and the callers of the matrix.
func (w *world) populate() {
	w.knows(mary, 3)
	w.knows(sam, 3)
	w.knows(john, 3)
	for token, who := range map[string]person{"dcrs_mary": mary, "dcrs_john": john, "dcrs_sam": sam, "dcrs_p5": mary} {
		w.resident(token, who)
	}
	p5 := w.tokens["dcrs_p5"]
	p5.Proofing = identity.P5
	w.tokens["dcrs_p5"] = p5
	w.directory()
	w.optsOut(sam)
	for token, c := range map[string]identity.Caller{
		"practice": {Org: practice.Org, Role: identity.Clinician}, "hospital": {Org: hospital.Org, Role: identity.Nurse},
		"social": {Org: hospital.Org, Role: identity.SocialWorker}, "reception": {Org: practice.Org, Role: identity.Receptionist},
		"privacy": {Org: practice.Org, Role: identity.PrivacyOfficer}, "stranger": {Org: stranger.Org, Role: identity.Clinician},
		"lapsed": {Org: lapsed.Org, Role: identity.Clinician}, "expired": {Org: practice.Org, Role: identity.Clinician},
	} {
		w.signIn(token, c.Org, c.Role)
	}
	late := w.tokens["expired"]
	late.Expires = now
	w.tokens["expired"] = late
	w.tokens["source"] = identity.Caller{Kind: identity.Source, ID: hospital.ID, Client: hospital.ID, Org: hospital.Org, Expires: now.Add(time.Hour)}
	fatal(w.t, w.partner.Register(w.t.Context(), partner.Client{ID: "ehr", Org: practice.Org, Kind: partner.ClinicalSystem, Name: "EHR", Certs: []string{strings.Repeat("ab", 32)}}))
}

// about fills in the paths of the matrix.
func (w *world) about(p person) *strings.Replacer {
	id := w.records.PersonOf(p.number)
	entry := w.entry(p, hospital, "Observation", oid(p, 1))
	return strings.NewReplacer("{person}", string(id), "{entry}", entry, "{number}", p.number.Digits(),
		"{organisation}", record.EntryID(record.DirectoryOf(hospital.ID), hospital.ID, "Organization", "org"), "{version}", w.version(id, entry))
}

// version returns the current version of an entry, as the person themself is told.
func (w *world) version(p record.PersonID, id string) string {
	caller := identity.Caller{Kind: identity.Resident, ID: "test", Person: string(p), Proofing: identity.P9, Expires: now.Add(time.Hour)}
	view, err := w.records.Open(w.t.Context(), caller, record.Request{Person: p, Type: "Observation", What: "test", RequestID: "test"})
	if err != nil {
		return "1"
	}
	v := ""
	fatal(w.t, view.Read(w.t.Context(), "Observation", id, func(e record.Entry) { v = e.Version }))
	return v
}
