package server_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// caller is somebody who tries every route.
type caller struct {
	name string
	kind string // nobody, resident, other, unproved, app, staff, source
	role identity.Role
	send func(method, path, body string) testkit.Answer
}

// callersOf are one of each kind.
func callersOf(t *testing.T, w *testkit.World, rita, ted *testkit.Resident) []caller {
	t.Helper()
	form := func(q *http.Request) {
		if strings.Contains(q.URL.Path, "/v1/") {
			return
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	by := func(r *testkit.Resident, more ...func(*http.Request)) func(method, path, body string) testkit.Answer {
		return func(method, path, body string) testkit.Answer {
			return r.Sends(method, path, body, append([]func(*http.Request){form}, more...)...)
		}
	}
	bearer := func(token func() string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+token()) }
	}
	anybody := w.Newcomer(rita.Person)
	ended := w.Newcomer(rita.Person)
	ended.Phone = rita.Phone
	ended.LogsIn()
	ended.Sends(http.MethodPost, "/citizen/v1/log-out", "")
	garbage := func(q *http.Request) {
		q.Header.Set("Cookie", web.CookieResident+"=dcrs_garbage; "+web.CookieStaff+"=garbage")
	}
	crossed := func(q *http.Request) { q.Header.Set("Cookie", web.CookieStaff+"="+rita.Cookie) }
	app := rita.App("Rita's phone").Access
	low := atP5(t, w, una)
	doctor := w.Professional("system-user", "J81001", identity.Clinician)
	system, feed := w.TokenFor(w.System("emis", "J81001").Asserts("1")), w.TokenFor(w.Feed("labs", "J81001").Asserts("2"))
	all := []caller{
		{"nobody", "nobody", 0, by(anybody)}, {"garbage", "nobody", 0, by(anybody, garbage)}, {"ended", "nobody", 0, by(ended)},
		{"the other audience's cookie", "nobody", 0, by(anybody, crossed)}, {"garbage token", "nobody", 0, by(anybody, bearer(func() string { return "dcrs_garbage" }))},
		{"resident", "resident", 0, by(rita)}, {"other", "other", 0, by(ted)}, {"P5", "unproved", 0, by(low)}, {"app", "app", 0, by(anybody, bearer(func() string { return app }))},
		{"feed", "source", 0, by(anybody, bearer(func() string { return feed }))},
		{"system", "staff", identity.Clinician, by(anybody, bearer(func() string { return system }), func(q *http.Request) { q.Header.Set("X-Acting-User", doctor.Token()) })},
		{"system alone", "source", 0, by(anybody, bearer(func() string { return system }))},
	}
	for r := identity.Clinician; r <= identity.ProgrammeOffice; r++ {
		p := w.Professional("x-"+r.String(), "J81001", r)
		all = append(all, caller{r.String(), "staff", r, by(anybody, bearer(p.Token))})
	}
	office := w.Professional("x-office", "DCR01", identity.ProgrammeOffice)
	return append(all, caller{"the programme office", "staff", identity.ProgrammeOffice, by(anybody, bearer(office.Token))})
}

// row is how a page, or a route of staff, is asked, and what those are answered who get
// past the door. What all others are answered follows from whom the route is for.
type row struct {
	path, body string
	want       int            // the resident whose things are asked for, or anybody of a public route
	other, low int            // another resident, and one at P5; 0: as want
	staff      map[string]int // by role; "" is any other role
}

// everybodys are public: one answer to all.
func everybodys(want int) row { return row{want: want} }

// pagesOf are pages of who is logged in; forms are refused to whom does not send the
// token of their session, so that they change nothing here.
var (
	theirOwn  = row{want: 200}           // the same for every resident
	theirData = row{want: 200, low: 404} // of their record
	aForm     = row{body: "x=1", want: 403}
)

func oneOf(path string) row  { return row{path: path, want: 200, other: 404, low: 404} }
func formOf(path string) row { return row{path: path, body: "x=1", want: 403} }

// Who of staff may do something about codes, and who about questions.
var (
	practices = map[string]int{"": 200, "privacy-officer": 403, "programme-office": 403, "system": 403, "the programme office": 200}
	officers  = map[string]int{"": 403, "privacy-officer": 200}
	everyone  = map[string]int{"": 200}
)

func staffs(path string, by map[string]int) row { return row{path: path, staff: by} }
func instead(by map[string]int, allowed int) map[string]int {
	out := map[string]int{}
	for role, status := range by {
		if status == 200 {
			status = allowed
		}
		out[role] = status
	}
	return out
}

// badForm is what a form of staff is answered that is not one of ours.
func badForm(path string) row { return row{path: path, body: "x=1", staff: map[string]int{"": 400}} }

// routesOfAudiences has a row for every route that routesOfResidents has none of.
var routesOfAudiences = map[string]row{
	"GET /": everybodys(200), "GET /log-in": everybodys(200), "GET /logged-out": everybodys(200), "GET /offline": everybodys(200), "GET /sw.js": everybodys(200),
	"GET /enrol": everybodys(200), "GET /enrol/details": everybodys(200), "GET /enrol/passkey": everybodys(200),
	"POST /enrol": {body: "x=1", want: 422}, "POST /enrol/details": {body: "x=1", want: 422},
	"GET /help": everybodys(200), "GET /help/no-passkey": everybodys(200), "GET /help/lost-passkey": everybodys(200), "GET /help/carers": everybodys(200),
	"GET /cookies": everybodys(200), "GET /privacy": everybodys(200), "GET /accessibility": everybodys(200),
	"GET /staff/log-in": everybodys(200), "GET /staff/log-in/:issuer": everybodys(404), "GET /staff/log-in/:issuer/return": everybodys(404),
	"POST /staff/log-out": everybodys(200),
	"POST /log-out":       {body: "x=1", want: 403}, // nobody else is logged in: to the first page

	"GET /record": theirOwn, "GET /record/timeline": theirData, "GET /record/demographics": theirData,
	"GET /record/:section":                               {path: "/record/results", want: 200, low: 404},
	"GET /record/:section/:id":                           oneOf("/record/results/{entry}"),
	"GET /record/:section/:id/documents/:index":          oneOf("/record/letters/{letter}/documents/0"),
	"GET /record/:section/:id/documents/:index/download": oneOf("/record/letters/{letter}/documents/0/download"),
	"GET /looks": theirData, "GET /looks/:id": oneOf("/looks/{look}"), "GET /looks/:id/ask": oneOf("/looks/{look}/ask"), "POST /looks/:id/ask": formOf("/looks/{look}/ask"),
	"GET /questions": theirData, "GET /questions/:id": oneOf("/questions/{look}.1"), "POST /questions/:id/close": formOf("/questions/{look}.1/close"),
	"GET /enrol/done": theirOwn, "GET /session/ending": theirOwn, "POST /session/stay": aForm,
	"GET /account": theirOwn, "GET /account/passkeys": theirOwn, "GET /account/passkeys/add": theirOwn,
	"GET /account/passkeys/:id":         oneOf("/account/passkeys/{key}"),
	"POST /account/passkeys/:id/rename": formOf("/account/passkeys/{key}/rename"), "POST /account/passkeys/:id/remove": formOf("/account/passkeys/{key}/remove"),
	"GET /account/devices": theirOwn, "POST /account/devices/end-all": aForm, "POST /account/devices/:id/end": formOf("/account/devices/{session}/end"),
	"GET /notices": theirOwn, "GET /download": theirOwn, "POST /download/record.html": aForm, "POST /download/record.json": aForm,

	"GET /professional/v1/inquiries":                 {staff: officers},
	"GET /professional/v1/inquiries/:ref":            staffs("/professional/v1/inquiries/main-1.1", instead(officers, 404)), // of another organisation
	"POST /professional/v1/inquiries/:ref/seen":      staffs("/professional/v1/inquiries/main-1.1/seen", instead(everyone, 428)),
	"POST /professional/v1/inquiries/:ref/answer":    {path: "/professional/v1/inquiries/main-1.1/answer", body: `{"answer":"x"}`, staff: instead(everyone, 428)},
	"GET /professional/v1/activation-codes":          {staff: practices},
	"POST /professional/v1/activation-codes":         {body: "{who}", staff: instead(practices, 201)},
	"DELETE /professional/v1/activation-codes/:code": staffs("/professional/v1/activation-codes/222222", instead(practices, 404)),
	"POST /professional/v1/recoveries/:code/vouch":   {path: "/professional/v1/recoveries/222222/vouch", body: "{who}", staff: instead(practices, 404)},

	"GET /staff": {staff: everyone}, "GET /staff/renewed": {staff: everyone}, "GET /staff/codes": {staff: practices}, "GET /staff/codes/new": {staff: practices},
	"POST /staff/codes/new":             badForm("/staff/codes/new"),
	"GET /staff/codes/:code/withdraw":   staffs("/staff/codes/222222/withdraw", practices),
	"POST /staff/codes/:code/withdraw":  badForm("/staff/codes/222222/withdraw"),
	"GET /staff/codes/:code/vouch":      staffs("/staff/codes/222222/vouch", practices),
	"POST /staff/codes/:code/vouch":     badForm("/staff/codes/222222/vouch"),
	"GET /staff/questions":              {staff: officers},
	"GET /staff/questions/:ref":         staffs("/staff/questions/main-1.1", instead(officers, 404)),
	"POST /staff/questions/:ref/seen":   badForm("/staff/questions/main-1.1/seen"),
	"POST /staff/questions/:ref/answer": badForm("/staff/questions/main-1.1/answer"),
}

// wants is what a caller is answered.
func (r row) wants(c caller, a web.Access) int {
	cell := func(status int) int {
		if status == 0 {
			return r.want
		}
		return status
	}
	switch {
	case a == web.Public:
		return r.want
	case c.kind == "nobody" || c.kind == "source":
		return http.StatusUnauthorized
	case a == web.Residents:
		return map[string]int{"resident": r.want, "app": r.want, "other": cell(r.other), "unproved": cell(r.low), "staff": http.StatusForbidden}[c.kind]
	case c.kind == "app":
		return http.StatusForbidden
	case c.kind != "staff": // their cookie is not that of staff
		return http.StatusUnauthorized
	}
	for _, role := range []string{c.name, c.role.String()} {
		if status, ok := r.staff[role]; ok {
			return status
		}
	}
	return r.staff[""]
}

// Every route that residents and staff bring, as every kind of caller. One without a row
// is a decision that nobody took; and whoever is not the person reads nothing of theirs.
func TestEveryRouteOfEveryAudienceAsEveryCaller(t *testing.T) {
	w, practice, rita := withResident(t)
	sends(t, practice, http.StatusOK, rita.Person.Patient(), letter(rita.Person, "l1", "text/plain", "Dear Aldermaston"))
	w.Agree(operator.Agreement{Org: "DCR01", Name: "Programme office", Kind: "programme", Read: operator.Sections(section.All), Contribute: operator.Sections(section.All),
		Signed: operator.Day{Time: testkit.Now.AddDate(-1, 0, 0)}, Ends: operator.Day{Time: testkit.Now.AddDate(1, 0, 0)}, DSPT: operator.Day{Time: testkit.Now.AddDate(1, 0, 0)}})
	doctor := w.Professional("adams", "R0D", identity.Clinician)
	doctor.Gets("Observation?patient=" + person(t, doctor, rita.Person.Number))
	own := ownThings(t, rita)
	fill := strings.NewReplacer("{letter}", entryOf(t, reads(t, rita, "/citizen/v1/sections/letters"), "Letter l1"), "{who}", whoIs(rita.Person))
	callers := callersOf(t, w, rita, w.Resident(ted))
	unused := maps.Clone(routesOfAudiences)
	for _, r := range w.Server.Mounted() {
		name := r.Method + " " + r.Path
		if _, elsewhere := routesOfResidents[name]; elsewhere {
			continue
		}
		at, ok := routesOfAudiences[name]
		delete(unused, name)
		if strings.HasPrefix(r.Path, "/assets/") || strings.HasPrefix(r.Path, "/staff/assets/") {
			at, ok = everybodys(http.StatusOK), true // their names hold a hash
		}
		if !ok {
			t.Errorf("%s has no row", name)
			continue
		}
		if at.path == "" {
			at.path = r.Path
		}
		for _, c := range callers {
			a := c.send(r.Method, own.Replace(fill.Replace(at.path)), fill.Replace(at.body))
			want := at.wants(c, r.Access)
			if name == "POST /log-out" && !slices.Contains([]string{"resident", "other", "unproved"}, c.kind) {
				want = http.StatusOK
			}
			if a.Status != want {
				t.Errorf("%s as %s: %d, want %d: %.200s", name, c.name, a.Status, want, a.Body)
			}
			if c.kind != "resident" && c.kind != "app" && (strings.Contains(string(a.Body), "Aldermaston") || strings.Contains(string(a.Body), rita.Person.Number.Digits())) {
				t.Errorf("%s tells %s of her", name, c.name)
			}
		}
	}
	for name := range unused {
		t.Errorf("%s is a row of no route", name)
	}
	reads(t, rita, "/citizen/v1/account") // and none of it ended her session
}

// What residents and staff bring is not on the listener of those who send, whatever
// certificate or token they show.
func TestNothingOfPeoplesIsOnTheSourcesListener(t *testing.T) {
	w, practice, rita := withResident(t)
	for _, r := range w.Server.Mounted() {
		if a := practice.Asks(r.Method, r.Path, func(q *http.Request) { q.Header.Set("Cookie", web.CookieResident+"="+rita.Cookie) }); a.Status != http.StatusNotFound {
			t.Errorf("%s %s by certificate: %d %s", r.Method, r.Path, a.Status, a.Body)
		}
	}
}
