package testkit

import (
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/identity/passkey/passkeytest"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// Resident is somebody with a telephone who uses the service for themselves, in a
// browser.
type Resident struct {
	w      *World
	Person Person
	Phone  *passkeytest.Device
	Cookie string // of the session; "": not logged in
	client *http.Client
}

// Resident returns somebody whom the record knows, with an account that they opened
// with a code of the programme office. They are logged in.
func (w *World) Resident(p Person) *Resident {
	w.T.Helper()
	r := w.Newcomer(p)
	r.Enrols(w.CodeFor(p))
	return r
}

// Newcomer returns somebody without an account.
func (w *World) Newcomer(p Person) *Resident {
	host := w.Config.PasskeyHost()
	return &Resident{w: w, Person: p, Phone: passkeytest.New(host, strings.TrimRight(w.Config.PublicURL, "/")), client: &http.Client{Transport: &http.Transport{}}}
}

// CodeFor has the programme office make an activation code.
func (w *World) CodeFor(p Person) string {
	w.T.Helper()
	made, err := w.Operator().ActivationCode(w.T.Context(), p.Number, p.Born)
	fatal(w.T, err)
	return made.Code
}

// At is the same person and browser, as it reaches another instance.
func (r *Resident) At(o *World) *Resident {
	other := *r
	other.w = o
	return &other
}

// Begun is a ceremony as the service began it.
type Begun struct {
	Options jsontext.Value `json:"options"`
	State   string         `json:"state"`
}

// Enrols opens an account with a code, and logs in.
func (r *Resident) Enrols(code string) {
	r.w.T.Helper()
	body, err := json.Marshal(map[string]string{"code": code, "nhsNumber": r.Person.Number.Digits(), "birthDate": r.Person.Born})
	fatal(r.w.T, err)
	var ticket struct {
		State    string `json:"state"`
		Recovery bool   `json:"recovery"`
		Expires  string `json:"expires"`
	}
	r.must(r.Sends(http.MethodPost, "/citizen/v1/enrol", string(body)), &ticket)
	r.Opens(ticket.State)
}

// Opens opens an account, or recovers it, with the ticket that says what was proved,
// and logs in.
func (r *Resident) Opens(ticket string) {
	r.w.T.Helper()
	fields := map[string]string{"state": ticket}
	begun := r.begins("/citizen/v1/enrol/options", map[string]any{"fields": fields})
	made, err := r.Phone.Create(begun.Options)
	fatal(r.w.T, err)
	r.finishes("/citizen/v1/enrol/finish", map[string]any{"state": begun.State, "credential": jsontext.Value(made), "fields": fields})
}

// LogsIn logs in with the passkey.
func (r *Resident) LogsIn() {
	r.w.T.Helper()
	begun := r.begins("/citizen/v1/log-in/options", map[string]any{})
	r.finishes("/citizen/v1/log-in/finish", r.answers(begun))
}

// TriesToLogIn logs in, and returns what the end of it was answered.
func (r *Resident) TriesToLogIn() Answer {
	r.w.T.Helper()
	body, err := json.Marshal(r.answers(r.begins("/citizen/v1/log-in/options", map[string]any{})))
	fatal(r.w.T, err)
	return r.Sends(http.MethodPost, "/citizen/v1/log-in/finish", string(body))
}

// answers has the telephone answer a ceremony.
func (r *Resident) answers(b Begun) map[string]any {
	r.w.T.Helper()
	signed, err := r.Phone.Get(b.Options)
	fatal(r.w.T, err)
	return map[string]any{"state": b.State, "credential": jsontext.Value(signed)}
}

// Confirms confirms an action with the passkey.
func (r *Resident) Confirms(action string) {
	r.w.T.Helper()
	begun := r.begins("/citizen/v1/step-up/options", map[string]any{"action": action})
	body, err := json.Marshal(r.answers(begun))
	fatal(r.w.T, err)
	r.must(r.Sends(http.MethodPost, "/citizen/v1/step-up/finish", string(body)), nil)
}

func (r *Resident) begins(path string, body map[string]any) (b Begun) {
	r.w.T.Helper()
	text, err := json.Marshal(body)
	fatal(r.w.T, err)
	var got struct {
		Begun   `json:",inline"`
		Expires string `json:"expires"`
	}
	r.must(r.Sends(http.MethodPost, path, string(text)), &got)
	return got.Begun
}

func (r *Resident) finishes(path string, body map[string]any) {
	r.w.T.Helper()
	text, err := json.Marshal(body)
	fatal(r.w.T, err)
	a := r.Sends(http.MethodPost, path, string(text))
	r.must(a, nil)
	if r.Cookie = CookieOf(a); r.Cookie == "" {
		r.w.T.Fatalf("%s gave no cookie", path)
	}
}

// CookieOf returns the session's cookie that an answer sets, "" if it sets none.
func CookieOf(a Answer) string {
	for _, line := range a.Header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == web.CookieResident {
			return c.Value
		}
	}
	return ""
}

// must fails the test unless the answer is a success, and reads it.
func (r *Resident) must(a Answer, into any) {
	r.w.T.Helper()
	if a.Status/100 != 2 {
		r.w.T.Fatalf("answered %d: %s", a.Status, a.Body)
	}
	if into != nil {
		fatal(r.w.T, json.Unmarshal(a.Body, into))
	}
}

// Gets asks for a path, such as "/citizen/v1/summary".
func (r *Resident) Gets(path string) Answer { return r.Sends(http.MethodGet, path, "") }

// Sends sends JSON to a path, as a page of the service's own does; change may alter the
// request before.
func (r *Resident) Sends(method, path, body string, change ...func(*http.Request)) Answer {
	r.w.T.Helper()
	q, err := http.NewRequestWithContext(r.w.T.Context(), method, "http://"+r.w.Server.Addr("api")+path, strings.NewReader(body))
	fatal(r.w.T, err)
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		q.Header.Set("Origin", r.w.Config.PublicURL)
	}
	if r.Cookie != "" {
		q.Header.Set("Cookie", web.CookieResident+"="+r.Cookie)
	}
	for _, f := range change {
		f(q)
	}
	return do(r.w.T, r.client, q)
}

// Tokens are what an app of the resident's has.
type Tokens struct {
	Access  string `json:"accessToken"`
	Refresh string `json:"refreshToken"`
	Expires string `json:"expires"`
	Until   string `json:"until"`
}

// fromApp makes a request one of an app, which sends no origin.
func fromApp(q *http.Request) { q.Header.Del("Origin") }

// App logs in as an app of that name.
func (r *Resident) App(device string) Tokens {
	r.w.T.Helper()
	answer := r.answers(r.begins("/citizen/v1/log-in/options", map[string]any{}))
	answer["device"] = device
	body, err := json.Marshal(answer)
	fatal(r.w.T, err)
	var got struct {
		Tokens  Tokens         `json:"tokens"`
		Signals jsontext.Value `json:"signals"`
	}
	r.must(r.Sends(http.MethodPost, "/citizen/v1/log-in/finish", string(body), fromApp), &got)
	return got.Tokens
}

// Refreshes uses a refresh token; no tokens come of one that does not count.
func (r *Resident) Refreshes(token string) (t Tokens) {
	r.w.T.Helper()
	a := r.Sends(http.MethodPost, "/citizen/v1/refresh", `{"refreshToken":"`+token+`"}`, fromApp)
	if a.Status == http.StatusOK {
		r.must(a, &t)
	}
	return t
}
