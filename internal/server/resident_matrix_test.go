package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/citizen"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// asks is how a route of residents is asked, and what a resident is answered.
type asks struct {
	path, body string // {entry}, {look}, {key}, {session} are the resident's own
	want       int
	trail      string // what the ledger is told: action and what; "" for nothing
}

// routesOfResidents has a row for every route of /citizen/v1, and of /.well-known.
var routesOfResidents = map[string]asks{
	"POST /citizen/v1/log-in/options": {body: "{}", want: 200},
	"POST /citizen/v1/log-in/finish":  {body: `{"state":"x","credential":{}}`, want: 401},
	"POST /citizen/v1/enrol":          {body: `{"code":"BCDF-2345-GHJK-6789","nhsNumber":"9990000050","birthDate":"1950-02-03"}`, want: 422},
	"POST /citizen/v1/enrol/options":  {body: `{"fields":{"state":"x"}}`, want: 401},
	"POST /citizen/v1/enrol/finish":   {body: `{"state":"x","credential":{},"fields":{"state":"x"}}`, want: 401},
	"POST /citizen/v1/refresh":        {body: `{"refreshToken":"x"}`, want: 400}, // from a browser

	"GET /.well-known/webauthn":                   {want: 200},
	"GET /.well-known/apple-app-site-association": {want: 200},
	"GET /.well-known/assetlinks.json":            {want: 200},

	"POST /citizen/v1/step-up/options":  {body: `{"action":"record.export"}`, want: 200},
	"POST /citizen/v1/step-up/finish":   {body: `{"state":"record.export x","credential":{}}`, want: 401},
	"GET /citizen/v1/passkeys":          {want: 200},
	"POST /citizen/v1/passkeys/options": {body: "{}", want: 401}, // not confirmed
	"POST /citizen/v1/passkeys/finish":  {body: `{"state":"x","credential":{}}`, want: 401},
	"PATCH /citizen/v1/passkeys/:id":    {path: "/citizen/v1/passkeys/{key}", body: `{"name":"My phone"}`, want: 204},
	"DELETE /citizen/v1/passkeys/:id":   {path: "/citizen/v1/passkeys/{key}", want: 401},
	"GET /citizen/v1/signals":           {want: 200},
	"GET /citizen/v1/sessions":          {want: 200},
	"DELETE /citizen/v1/sessions/:id":   {path: "/citizen/v1/sessions/{session}", want: 204}, // another device's
	"GET /citizen/v1/account":           {want: 200},
	"GET /citizen/v1/notices":           {want: 200},
	"POST /citizen/v1/notices/:id/read": {path: "/citizen/v1/notices/{notice}/read", want: 204},

	"GET /citizen/v1/summary":                      {want: 200, trail: "read summary"},
	"GET /citizen/v1/news":                         {want: 200, trail: "read news"},
	"GET /citizen/v1/timeline":                     {want: 200, trail: "read timeline"},
	"GET /citizen/v1/details":                      {want: 200, trail: "read demographics"},
	"GET /citizen/v1/sections/:section":            {path: "/citizen/v1/sections/medicines", want: 200, trail: "read medicines"},
	"GET /citizen/v1/entries/:id":                  {path: "/citizen/v1/entries/{entry}", want: 200, trail: "read entry"},
	"GET /citizen/v1/entries/:id/trend":            {path: "/citizen/v1/entries/{entry}/trend", want: 200, trail: "read results"},
	"GET /citizen/v1/entries/:id/documents/:index": {path: "/citizen/v1/entries/{entry}/documents/0", want: 404, trail: "read document"}, // it has none
	"GET /citizen/v1/record/fhir":                  {want: 401},                                                                          // not confirmed
	"GET /citizen/v1/record/document":              {want: 401},

	"GET /citizen/v1/looks":                {want: 200, trail: "see-accesses who looked"},
	"GET /citizen/v1/looks/:id":            {path: "/citizen/v1/looks/{look}", want: 200, trail: "see-accesses who looked"},
	"GET /citizen/v1/looks/:id/proof":      {path: "/citizen/v1/looks/{look}/proof", want: 200, trail: "see-accesses who looked"},
	"POST /citizen/v1/looks/:id/questions": {path: "/citizen/v1/looks/{look}/questions", body: `{"words":""}`, want: 409, trail: "see-accesses who looked"}, // asked already
	"GET /citizen/v1/questions":            {want: 200},
	"GET /citizen/v1/questions/:id":        {path: "/citizen/v1/questions/{look}.1", want: 200},
	"POST /citizen/v1/questions/:id/close": {path: "/citizen/v1/questions/{look}.1/close", want: 200},

	// These end the caller's own session.
	"POST /citizen/v1/log-out":    {want: 204},
	"DELETE /citizen/v1/sessions": {want: 204},
}

// Every route as every kind of caller: who is nobody, whose session is none or has
// ended, who is of another kind, and who asks for what is another's.
func TestEveryRouteOfResidentsAsEveryCaller(t *testing.T) {
	w, practice, rita := withResident(t)
	sends(t, practice, http.StatusOK, rita.Person.Observation("hb2", testkit.Now.AddDate(0, -2, 0), 128))
	doctor := w.Professional("adams", "R0D", identity.Clinician)
	doctor.Gets("Observation?patient=" + person(t, doctor, rita.Person.Number))
	fill := ownThings(t, rita)
	nobody, ended, ted := w.Newcomer(rita.Person), w.Newcomer(rita.Person), w.Resident(ted)
	ended.Phone = rita.Phone
	ended.LogsIn()
	ended.Sends(http.MethodPost, "/citizen/v1/log-out", "")
	garbage := w.Newcomer(rita.Person)
	garbage.Cookie = "dcrs_garbage"
	callers := callersOf(t, w, rita, ted)
	for _, r := range (&citizen.Service{}).Routes() {
		name := r.Method + " " + r.Path
		row, ok := routesOfResidents[name]
		if !ok {
			t.Errorf("%s has no row", name)
			continue
		}
		if row.path == "" {
			row.path = r.Path
		}
		row.path = fill.Replace(row.path)
		ask := func(who *testkit.Resident, change ...func(*http.Request)) testkit.Answer {
			return who.Sends(r.Method, row.path, row.body, change...)
		}
		w.Events()
		none, other := http.StatusUnauthorized, http.StatusForbidden
		if r.Access == web.Public {
			none, other = row.want, row.want
		}
		for who, a := range map[string]testkit.Answer{"nobody": ask(nobody), "garbage": ask(garbage), "an ended session": ask(ended)} {
			if a.Status != none {
				t.Errorf("%s as %s: %d, want %d: %s", name, who, a.Status, none, a.Body)
			}
		}
		professional := ask(nobody, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+doctor.Token()) })
		if professional.Status != other {
			t.Errorf("%s as a professional: %d, want %d: %s", name, professional.Status, other, professional.Body)
		}
		if r.Access == web.Residents {
			asEverybodyElse(t, callers, r, row)
		}
		if strings.Contains(r.Path, "/:id") {
			// To end a session that is not there, or another's, has the one answer of success.
			if a := ask(ted); a.Status != http.StatusNotFound && (r.Method != http.MethodDelete || a.Status != http.StatusNoContent) {
				t.Errorf("%s as somebody else: %d %s", name, a.Status, a.Body)
			}
		}
		w.Events()
		visitor := rita
		if row.want == http.StatusNoContent && (r.Path == "/citizen/v1/log-out" || name == "DELETE /citizen/v1/sessions") {
			visitor = w.Newcomer(rita.Person)
			visitor.Phone = rita.Phone
			visitor.LogsIn()
		}
		if a := ask(visitor); a.Status != row.want {
			t.Errorf("%s as a resident: %d, want %d: %s", name, a.Status, row.want, a.Body)
		}
		trail := ""
		for _, e := range w.Events() {
			trail += strings.TrimSpace(e.Action.String() + " " + e.What)
		}
		if trail != row.trail {
			t.Errorf("%s: the ledger says %q, want %q", name, trail, row.trail)
		}
		if name == "DELETE /citizen/v1/sessions" {
			rita.LogsIn()
		}
	}
}

// asEverybodyElse asks as callers of other kinds, and as a resident at P5, to whom what
// the ledger is told of is not there.
func asEverybodyElse(t *testing.T, callers []caller, r web.Route, row asks) {
	t.Helper()
	wants := map[string]int{"nobody": http.StatusUnauthorized, "source": http.StatusUnauthorized, "staff": http.StatusForbidden}
	if row.trail != "" {
		wants["unproved"] = http.StatusNotFound
	}
	for _, c := range callers {
		want, ok := wants[c.kind]
		if !ok {
			continue
		}
		a := c.send(r.Method, row.path, row.body)
		if a.Status != want || strings.Contains(string(a.Body), "Aldermaston") {
			t.Errorf("%s %s as %s: %d, want %d: %.300s", r.Method, r.Path, c.name, a.Status, want, a.Body)
		}
	}
}

// ownThings finds ids of the resident's own, and asks about the doctor's look.
func ownThings(t *testing.T, rita *testkit.Resident) *strings.Replacer {
	t.Helper()
	look := idBefore(t, reads(t, rita, "/citizen/v1/looks"), "Dr adams")
	if a := rita.Sends(http.MethodPost, "/citizen/v1/looks/"+look+"/questions", `{"words":""}`); a.Status != http.StatusCreated {
		t.Fatalf("asked: %d %s", a.Status, a.Body)
	}
	tablet := *rita
	tablet.LogsIn()
	return strings.NewReplacer("{entry}", firstID(t, reads(t, rita, "/citizen/v1/sections/results")), "{look}", look,
		"{key}", idBefore(t, reads(t, rita, "/citizen/v1/passkeys"), `"name"`), "{session}", idBefore(t, reads(t, &tablet, "/citizen/v1/sessions"), `"this":true`),
		"{notice}", idBefore(t, reads(t, rita, "/citizen/v1/notices"), `"words"`))
}
