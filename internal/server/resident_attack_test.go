package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// said is an answer without what differs for every request.
func said(a testkit.Answer) string {
	h := a.Header.Clone()
	for _, name := range []string{"Date", "X-Request-Id"} {
		h.Del(name)
	}
	return fmt.Sprint(a.Status, h, string(a.Body))
}

// Whatever is wrong with what was entered, the answer is the same to the byte, and the
// store is called equally often: nobody learns who is there, or who has an account.
func TestEnrollingTellsNobodyApart(t *testing.T) {
	w, _, rita := withResident(t)
	stranger := w.Newcomer(ted)
	code := w.CodeFor(ted)
	enrol := func(code, number, born string) string {
		return fmt.Sprintf(`{"code":"%s","nhsNumber":"%s","birthDate":"%s"}`, code, number, born)
	}
	cases := map[string]string{
		"no such code":                       enrol("BCDF-2345-GHJK-6789", ted.Number.Digits(), ted.Born),
		"a code of somebody else":            enrol(code, rita.Person.Number.Digits(), ted.Born),
		"another birth date":                 enrol(code, ted.Number.Digits(), "1961-02-03"),
		"nobody of that number":              enrol(code, "9990000050", ted.Born),
		"somebody with an account":           enrol("BCDF-2345-GHJK-6789", rita.Person.Number.Digits(), rita.Person.Born),
		"a wrong secret of the right person": enrol(code[:15]+"9999"[:len(code)-15], ted.Number.Digits(), ted.Born),
	}
	var first string
	var least map[string]int
	for name, body := range cases {
		var calls map[string]int
		for range 3 { // the background calls the store too: the least counts
			w.Faults.Calls()
			a := stranger.Sends(http.MethodPost, "/citizen/v1/enrol", body)
			if now := w.Faults.Calls(); calls == nil || now[testkit.Reading]+now[testkit.Documents] < calls[testkit.Reading]+calls[testkit.Documents] {
				calls = maps.Clone(now)
			}
			if a.Status != http.StatusUnprocessableEntity {
				t.Fatalf("%s: %d %s", name, a.Status, a.Body)
			}
			if first == "" {
				first = said(a)
			}
			if d := cmp.Diff(first, said(a)); d != "" {
				t.Errorf("%s is told apart: %s", name, d)
			}
		}
		if least == nil {
			least = calls
		}
		if d := cmp.Diff(least, calls); d != "" {
			t.Errorf("%s calls the store as no other: %s", name, d)
		}
	}
}

// A resident's own entry that is not there, and somebody else's, are one answer; so are
// looks and questions.
func TestWhatIsNotTheirsIsNotThere(t *testing.T) {
	w, _, rita := withResident(t)
	other := w.Resident(ted)
	entry := firstID(t, reads(t, other, "/citizen/v1/sections/results", "99"))
	theirs, none := rita.Gets("/citizen/v1/entries/"+entry), rita.Gets("/citizen/v1/entries/"+unlike(entry))
	if theirs.Status != http.StatusNotFound || said(theirs) != said(none) {
		t.Errorf("another's entry: %s\nno entry: %s", said(theirs), said(none))
	}
	for _, path := range []string{"/entries/" + entry + "/trend", "/entries/" + entry + "/documents/0", "/looks/main-1", "/looks/x-9", "/sections/nonsense", "/questions/main-1.1"} {
		a := rita.Gets("/citizen/v1" + path)
		if a.Status != http.StatusNotFound || string(a.Body) != string(theirs.Body) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// What other sites make a browser send, and what is no JSON of ours, changes nothing.
func TestForeignAndMalformedRequests(t *testing.T) {
	_, _, rita := withResident(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	without := func(r *http.Request) { r.Header.Del("Origin") }
	for _, tt := range []struct {
		name, method, path, body string
		change                   func(*http.Request)
		want                     int
	}{
		{"another site's origin", "DELETE", "/sessions", "", header("Origin", "https://evil.example"), 403},
		{"another site's fetch", "DELETE", "/sessions", "", header("Sec-Fetch-Site", "cross-site"), 403},
		{"a site beside ours", "DELETE", "/sessions", "", header("Sec-Fetch-Site", "same-site"), 403},
		{"a cookie without origin", "DELETE", "/sessions", "", without, 403},
		{"a log-in from another site", "POST", "/log-in/options", "{}", header("Origin", "https://evil.example"), 403},
		{"a form", "POST", "/log-in/finish", "state=x", header("Content-Type", "application/x-www-form-urlencoded"), 415},
		{"plain text", "POST", "/enrol", "{}", header("Content-Type", "text/plain"), 415},
		{"an unknown member", "POST", "/enrol", `{"code":"x","nhsNumber":"x","birthDate":"x","admin":true}`, nil, 400},
		{"a member twice", "POST", "/refresh", `{"refreshToken":"a","refreshToken":"b"}`, without, 400},
		{"another case", "POST", "/enrol", `{"CODE":"x","nhsNumber":"x","birthDate":"x"}`, nil, 400},
		{"too much", "POST", "/log-in/finish", `{"state":"` + strings.Repeat("x", 33<<10) + `"}`, nil, 413},
		{"compressed", "POST", "/log-in/options", "{}", header("Content-Encoding", "gzip"), 415},
		{"a browser that wants tokens", "POST", "/log-in/finish", `{"state":"x","credential":{},"device":"phone"}`, nil, 400},
		{"a refresh by a browser", "POST", "/refresh", `{"refreshToken":"dcrr_x"}`, nil, 400},
		{"no answer of a passkey", "POST", "/log-in/finish", `{"state":"x","credential":{}}`, nil, 401},
		{"an unknown parameter", "GET", "/timeline?patient=x", "", nil, 400},
		{"a page of thousands", "GET", "/looks?count=1000", "", nil, 400},
		{"a page link of nobody", "GET", "/timeline?cursor=AAAA", "", nil, 400},
		{"an action that is none", "POST", "/step-up/options", `{"action":"record.erase"}`, nil, 400},
	} {
		change := tt.change
		if change == nil {
			change = func(*http.Request) {}
		}
		if a := rita.Sends(tt.method, "/citizen/v1"+tt.path, tt.body, change); a.Status != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.name, a.Status, tt.want, a.Body)
		}
	}
	reads(t, rita, "/citizen/v1/account") // nothing of it ended her session
}

// A page that says that there is no such page may load what pages load: its policy is
// its own.
func TestThePageOfNoPageHasAPagesPolicy(t *testing.T) {
	w, _, _ := world(t)
	for _, path := range []string{"/nonsense", "/staff/nonsense", "/record/nonsense/x/y/z"} {
		a := w.Newcomer(rita).Sends(http.MethodGet, path, "", func(q *http.Request) { q.Header.Set("Accept", "text/html") })
		policy := a.Header.Get("Content-Security-Policy")
		if a.Status != http.StatusNotFound || !strings.Contains(string(a.Body), "<html") || !strings.Contains(policy, "style-src 'self'") || strings.Contains(policy, "sandbox") || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %s", path, a.Status, policy, a.Header.Get("Cache-Control"))
		}
	}
	a := w.Newcomer(rita).Gets("/nonsense")
	if policy := a.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "sandbox") {
		t.Errorf("to a machine: %s", policy)
	}
}

// An address that fails too often must wait, and whoever succeeds from it need not.
func TestAHospitalsAddressSurvives(t *testing.T) {
	w, practice, _ := world(t, func(c *config.Config) { c.Residents.Failures = 2 })
	sends(t, practice, http.StatusOK, rita.Patient())
	rita := w.Resident(rita)
	for range 30 {
		rita.LogsIn()
	}
	wrong := `{"code":"BCDF-2345-GHJK-6789","nhsNumber":"9990000050","birthDate":"1950-02-03"}`
	status := 0
	for range 12 {
		status = rita.Sends(http.MethodPost, "/citizen/v1/enrol", wrong).Status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("the twelfth failure: %d", status)
	}
}

// An app gets tokens, no cookie; its refresh token counts once.
func TestAnAppsTokens(t *testing.T) {
	w, _, rita := withResident(t)
	app := rita.App("Rita's phone")
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Del("Origin"); r.Header.Set("Authorization", "Bearer "+token) }
	}
	if a := w.Newcomer(ted).Sends(http.MethodGet, "/citizen/v1/summary", "", bearer(app.Access)); a.Status != http.StatusOK {
		t.Errorf("by token: %d %s", a.Status, a.Body)
	}
	next := rita.Refreshes(app.Refresh)
	if next.Access == "" || next.Access == app.Access {
		t.Error("no new token")
	}
	w.Pass(time.Minute)
	if got := rita.Refreshes(app.Refresh); got.Access != "" {
		t.Error("a refresh token that was used counts again")
	}
	if a := w.Newcomer(ted).Sends(http.MethodGet, "/citizen/v1/summary", "", bearer(next.Access)); a.Status != http.StatusUnauthorized {
		t.Errorf("after the reuse: %d", a.Status)
	}
	reads(t, rita, "/citizen/v1/notices", "somebody may have copied its key")
}
