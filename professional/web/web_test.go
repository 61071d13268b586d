package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/professional/web"
)

// seen is Mary as a document shows her.
func seen() url.Values {
	return url.Values{"nhsNumber": {"999 000 0018"}, "day": {"3"}, "month": {"2"}, "year": {"1950"}}
}

var codeOnLetter = regexp.MustCompile(`<p class="staff-code">([^<]+)</p>`)

// letter makes a code and returns it, with its id in the list.
func letter(t *testing.T, b *browser) (code, id string) {
	t.Helper()
	a := b.opens(web.PathNewCode, seen())
	b.w.now = b.w.now.Add(time.Second) // codes are listed by their time
	m := codeOnLetter.FindStringSubmatch(a.body)
	if a.status != 201 || m == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if strings.Count(a.body, "Poole Road Surgery") != 2 || strings.Contains(a.body, string(practice)) {
		t.Error("neither the page nor the letter should name a practice by its code")
	}
	codes, _, err := b.w.accounts.Codes(t.Context(), b.w.caller(b), practice, "", 1)
	if err != nil || len(codes) != 1 {
		t.Fatal(codes, err)
	}
	return m[1], codes[0].ID
}

func TestALetterIsMadeAndUsed(t *testing.T) {
	w := newWorld(t, false)
	anna := w.logsIn("anna")
	code, id := letter(t, anna)
	if d := cmp.Diff([]string{"anna enrol allowed: activation code made"}, w.trail()); d != "" {
		t.Error(d)
	}
	list := anna.opens(web.PathCodes, nil)
	if list.status != 200 || !strings.Contains(list.body, id) || !strings.Contains(list.body, "can be used") || strings.Contains(list.body, code) || strings.Contains(list.body, "Mari") {
		t.Errorf("%d %s", list.status, list.body)
	}
	w.enrols(code)

	// Now she has an account: another code is a recovery, and two must vouch.
	_, id = letter(t, anna)
	if a := anna.opens(web.PathCodes+"/"+id+"/vouch", seen()); a.status < 400 {
		t.Errorf("who made it vouched too: %d", a.status)
	}
	bert := w.logsIn("bert")
	form := bert.opens(web.PathCodes+"/"+id+"/vouch", nil)
	if form.status != 200 {
		t.Fatal(form.body)
	}
	other := seen()
	other.Set("day", "4")
	if a := bert.opens(web.PathCodes+"/"+id+"/vouch", other); a.status != 404 || !strings.Contains(a.body, "Check the NHS number and the date of birth.") {
		t.Errorf("another birth date: %d %s", a.status, a.body)
	}
	if a := bert.opens(web.PathCodes+"/"+id+"/vouch", seen()); a.status != 303 || a.location != web.PathCodes+"?done=vouched" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := bert.opens(web.PathCodes+"/"+id+"/withdraw", url.Values{}); a.status != 303 {
		t.Errorf("%d %s", a.status, a.body)
	}
	c, err := w.accounts.Code(t.Context(), w.caller(bert), id)
	if err != nil || c.State != account.StateRevoked || c.Second.ID != "cis2/bert" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestWhatIsWrongStandsAtItsField(t *testing.T) {
	w := newWorld(t, false)
	anna := w.logsIn("anna")
	for name, tt := range map[string]struct {
		field, value, says string
		status             int
	}{
		"number":           {"nhsNumber", "999 000 0019", `href="#nhsNumber"`, 400},
		"birth date":       {"month", "13", `href="#day"`, 400},
		"nobody":           {"nhsNumber", "9990000042", "There is no such record. Check the NHS number and the date of birth.", 404},
		"another's birth":  {"year", "1951", "There is no such record. Check the NHS number and the date of birth.", 404},
		"markup":           {"nhsNumber", `"><script>`, `value="&#34;&gt;&lt;script&gt;"`, 400},
		"a field too many": {"colour", "blue", "cannot be read", 400},
	} {
		form := seen()
		form.Set(tt.field, tt.value)
		a := anna.opens(web.PathNewCode, form)
		if a.status != tt.status || !strings.Contains(a.body, tt.says) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestAnOfficerAnswers(t *testing.T) {
	w := newWorld(t, false)
	code, _ := letter(t, w.logsIn("anna"))
	w.enrols(code)
	w.asks("I was <b>not</b> there.\nWhy?")
	olive := w.logsIn("olive")
	list := olive.opens(web.PathQuestions, nil)
	m := regexp.MustCompile(`href="(/staff/questions/[^"?]+)"`).FindStringSubmatch(list.body)
	if m == nil || strings.Contains(list.body, "Marigold") {
		t.Fatal(list.body)
	}
	q := olive.opens(m[1], nil)
	for _, want := range []string{"Mary Marigold", "I was &lt;b&gt;not&lt;/b&gt; there.", "cis2/doctor", "medicines, results", "clinician"} {
		if !strings.Contains(q.body, want) {
			t.Errorf("the question does not say %q: %s", want, q.body)
		}
	}
	version := func(body string) string {
		return regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(body)[1]
	}
	v := version(q.body)
	if a := olive.opens(m[1]+"/answer", url.Values{"version": {v}, "answer": {" "}}); a.status != 400 || !strings.Contains(a.body, `href="#answer"`) {
		t.Errorf("no answer: %d %s", a.status, a.body)
	}
	if a := olive.opens(m[1]+"/seen", url.Values{"version": {v}}); a.status != 303 {
		t.Errorf("seen: %d %s", a.status, a.body)
	}
	stale := olive.opens(m[1]+"/answer", url.Values{"version": {v}, "answer": {"Written for long."}})
	if stale.status != 412 || !strings.Contains(stale.body, "Written for long.") || version(stale.body) == v {
		t.Errorf("a stale version: %d %s", stale.status, stale.body)
	}
	w.mark = w.ledger.Len()
	if a := olive.opens(m[1]+"/answer", url.Values{"version": {version(stale.body)}, "answer": {"The doctor\r\nprepared your clinic."}}); a.status != 303 {
		t.Errorf("answer: %d %s", a.status, a.body)
	}
	if d := cmp.Diff([]string{"olive answer allowed: inquiry answered"}, w.trail()); d != "" {
		t.Error(d)
	}
	if a := olive.opens(m[1]+"?done=answered", nil); !strings.Contains(a.body, "prepared your clinic.") || strings.Contains(a.body, "<textarea") {
		t.Errorf("answered: %s", a.body)
	}
	if a := olive.opens(web.PathQuestions+"?state=answered", nil); !strings.Contains(a.body, m[1]) {
		t.Errorf("the list of those answered: %s", a.body)
	}
}

// Each gets what /professional/v1 gives them, and no more.
func TestRolesGetWhatTheAPIGives(t *testing.T) {
	w := newWorld(t, false)
	for user, want := range map[string]struct{ codes, questions int }{"anna": {200, 403}, "clara": {200, 403}, "doctor": {403, 403}, "olive": {403, 200}, "nobody": {403, 403}} {
		b := w.logsIn(user)
		for path, status := range map[string]int{web.PathCodes: want.codes, web.PathQuestions: want.questions} {
			page := b.opens(path, nil)
			v1 := b.opens(map[string]string{web.PathCodes: "/professional/v1/activation-codes", web.PathQuestions: "/professional/v1/inquiries"}[path], nil,
				"Authorization", "Bearer "+w.issuer.Mint(w.person(user), w.now))
			if page.status != status || v1.status != status {
				t.Errorf("%s %s: page %d, v1 %d, want %d", user, path, page.status, v1.status, status)
			}
			for _, from := range []string{web.PathHome, path} {
				if shown := strings.Contains(b.opens(from, nil).body, `href="`+path+`"`); shown != (status == 200) {
					t.Errorf("%s: %s leads to %s: %v", user, from, path, shown)
				}
			}
		}
	}
}

func TestTheOfficeSeesWhatOperatorsMade(t *testing.T) {
	w := newWorld(t, false)
	clara, anna := w.logsIn("clara"), w.logsIn("anna")
	l, err := w.accounts.Issue(t.Context(), identity.Caller{Kind: identity.Operator, ID: "uid 1000"}, account.Subject{Person: w.mary(), BirthDate: maryBorn, Practice: practice})
	w.must(err)
	if a := clara.opens(web.PathCodes, nil); !strings.Contains(a.body, l.ID) || !strings.Contains(a.body, "by an operator (uid 1000)") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := clara.opens("/professional/v1/activation-codes", nil, "Authorization", "Bearer "+w.issuer.Mint(w.person("clara"), w.now)); !strings.Contains(a.body, `"byOperator":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := anna.opens(web.PathCodes, nil); a.status != 200 || strings.Contains(a.body, l.ID) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Whoever comes by an address that is not for them is told whom it is for.
func TestWhoCanIsSaid(t *testing.T) {
	w := newWorld(t, false)
	doctor, anna := w.logsIn("doctor"), w.logsIn("anna")
	for _, path := range []string{web.PathCodes, web.PathNewCode, web.PathCodes + "/BCDF23/vouch", web.PathCodes + "/BCDF23/withdraw"} {
		if a := doctor.opens(path, nil); a.status != 403 || !strings.Contains(a.body, "Only staff of a GP practice that takes part, and the programme office") || strings.Contains(a.body, "<form method") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if d := cmp.Diff([]string{"doctor enrol refused: list of activation codes"}, w.trail()); d != "" {
		t.Error(d)
	}
	if a := anna.opens(web.PathQuestions, nil); a.status != 403 || !strings.Contains(a.body, "Only the privacy officer") {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Refused for another reason.
	if a := anna.opens(web.PathNewCode, url.Values{"form_token": {"x"}}); a.status != 403 || strings.Contains(a.body, "Only staff") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// What is shown follows the agreement, from the next page on.
func TestALapsedAgreementLeavesNothing(t *testing.T) {
	w := newWorld(t, false)
	anna, olive := w.logsIn("anna"), w.logsIn("olive")
	for _, org := range []nhs.ODS{practice, hospital} {
		a, rev, err := w.partner.Agreement(t.Context(), org)
		w.must(err)
		a.Suspended = true
		_, err = w.partner.PutAgreement(t.Context(), a, rev, "test", w.now)
		w.must(err)
	}
	for _, b := range []*browser{anna, olive} {
		if a := b.opens(web.PathHome, nil); a.status != 200 || strings.Contains(a.body, web.PathCodes) || strings.Contains(a.body, web.PathQuestions) || !strings.Contains(a.body, "There is nothing here") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func TestSessionsEndAndAreRenewed(t *testing.T) {
	w := newWorld(t, false)
	anna := w.logsIn("anna")
	token := anna.token
	copied := &browser{w: w, cookies: map[string]string{staff.Cookie: anna.cookies[staff.Cookie]}}

	w.now = w.now.Add(14 * time.Minute)
	if a := anna.passes("anna", web.PathRenewed); a.location != web.PathRenewed {
		t.Fatalf("renewed: %d %s", a.status, a.location)
	}
	if a := copied.opens(web.PathHome, nil); a.status != 401 {
		t.Errorf("the session before its renewal: %d", a.status)
	}
	w.now = w.now.Add(10 * time.Minute)
	if a := anna.opens(web.PathHome, nil); a.status != 200 || anna.token != token {
		t.Errorf("after renewal: %d, or what was being written is lost", a.status)
	}
	w.now = w.now.Add(5 * time.Minute)
	a := anna.opens(web.PathHome, nil)
	if a.status != 401 || !strings.Contains(a.body, "Log in to go on") || !strings.Contains(a.body, web.PathLogIn) {
		t.Errorf("15 minutes after the token: %d %s", a.status, a.body)
	}
	if a := anna.opens(web.PathCodes, nil); !strings.Contains(a.body, `href="/staff/log-in?back=%2Fstaff%2Fcodes"`) || strings.Contains(a.body, "writing") {
		t.Errorf("a page that was only opened: %s", a.body)
	}
	if a := anna.opens(web.PathNewCode, seen()); a.status != 401 || !strings.Contains(a.body, "If you were writing something") {
		t.Errorf("a form that was sent: %d %s", a.status, a.body)
	}
	w.now = w.signedIn.Add(12 * time.Hour)
	if a := anna.passes("anna", web.PathHome); a.status != 401 {
		t.Errorf("12 hours after they authenticated: %d", a.status)
	}
	w.signedIn = w.now
	anna.passes("anna", web.PathHome)
	copied.cookies[staff.Cookie] = anna.cookies[staff.Cookie]
	if a := anna.opens(web.PathLogOut, url.Values{}); a.status != 200 || anna.cookies[staff.Cookie] != "" {
		t.Errorf("log out: %d", a.status)
	}
	if a := copied.opens(web.PathHome, nil); a.status != 401 {
		t.Errorf("a copy of the cookie after log-out: %d", a.status)
	}
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	w := newWorld(t, false)
	anna, bert := w.logsIn("anna"), w.logsIn("bert")
	for name, header := range map[string][]string{
		"another site":       {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"a site beside ours": {"Origin", "https://evil.localhost", "Sec-Fetch-Site", "same-site"},
		"nobody says":        {"Origin", "", "Sec-Fetch-Site", ""},
		"JSON":               {"Content-Type", "application/json"},
	} {
		if a := anna.opens(web.PathNewCode, seen(), header...); a.status != 403 && a.status != 415 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	form := seen()
	form.Set("form_token", bert.token)
	if a := anna.opens(web.PathNewCode, form); a.status != 403 {
		t.Errorf("the token of another: %d", a.status)
	}
	form.Set("form_token", "")
	if a := anna.opens(web.PathNewCode, form); a.status != 403 {
		t.Errorf("no token: %d", a.status)
	}
	if len(w.trail()) != 0 {
		t.Error("something was decided on")
	}
}

func TestLogInsThatDoNotHold(t *testing.T) {
	w := newWorld(t, false)
	b := &browser{w: w, cookies: map[string]string{}}
	if a := b.opens(web.PathLogIn, nil); a.status != 200 || !strings.Contains(a.body, "Log in with cis2") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.opens(web.PathLogIn+"/elsewhere", nil); a.status != 404 {
		t.Errorf("an issuer that there is not: %d", a.status)
	}
	for _, back := range []string{"https://evil.example/", "//evil.example", "/record", "javascript:alert(1)", "/staff\\evil"} {
		if a := b.passes("anna", back); a.location != web.PathHome {
			t.Errorf("sent on to %q", a.location)
		}
	}
	a := b.opens(web.PathLogIn+"/cis2", nil)
	at, err := url.Parse(a.location)
	if err != nil {
		t.Fatal(err)
	}
	answer := strings.TrimPrefix(w.grants(at.Query(), "anna"), w.base)
	other := &browser{w: w, cookies: map[string]string{}}
	if a := other.opens(answer, nil); a.status != 401 || other.cookies[staff.Cookie] != "" {
		t.Errorf("in a browser that did not begin it: %d", a.status)
	}
	if a := b.opens(answer, nil); a.status != 303 {
		t.Errorf("in the one that did: %d", a.status)
	}
	limited := 0
	for range 40 {
		if b.opens(web.PathLogIn+"/cis2", nil).status == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("log-ins from one address are not limited")
	}
}
