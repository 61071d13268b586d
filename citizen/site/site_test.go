package site_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// resident is the person with an account, without a browser, logged in.
func (w *world) resident() *testkit.Resident {
	w.t.Helper()
	return w.Resident(testkit.Person{Number: w.person.Number, Family: w.person.Family, Born: w.person.Birth.Format(time.DateOnly)})
}

func cookiesOf(r *testkit.Resident) []*http.Cookie {
	return []*http.Cookie{{Name: web.CookieResident, Value: r.Cookie}}
}

func (w *world) logsIn() []*http.Cookie {
	w.t.Helper()
	return cookiesOf(w.resident())
}

// token is that of the forms of a page.
func token(t *testing.T, page answer) string {
	t.Helper()
	m := regexp.MustCompile(`name="form_token" value="([^"]+)"`).FindStringSubmatch(page.body)
	if m == nil {
		t.Fatalf("the page has no token: %d", page.status)
	}
	return m[1]
}

func TestNobodySeesAPageOfTheRecordWithoutLoggingIn(t *testing.T) {
	w := newWorld(t)
	for _, at := range []string{pages.PathHome, pages.PathTimeline, pages.PathDetails, "/record/medicines", "/record/medicines/x", pages.PathLooks, pages.PathAsked, pages.PathAccount, pages.PathPasskeys,
		pages.PathDevices, pages.PathNotices, pages.PathDownload, pages.PathEnding, pages.PathEnrolDone} {
		got, back := w.gets(at, nil), at
		if at == pages.PathEnding {
			back = pages.PathHome
		}
		if got.status != http.StatusUnauthorized || !strings.Contains(got.body, `data-next="`+back+`"`) {
			t.Errorf("%s: %d, or no way back", at, got.status)
		}
		if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Security-Policy") != pages.ContentPolicy {
			t.Errorf("%s: %v", at, got.header)
		}
	}
	// A way back is a path of ours, whoever wrote the link.
	for _, at := range []string{"//elsewhere.example/record", "/\\elsewhere.example"} {
		if got := w.gets(at, nil); strings.Contains(got.body, `data-next="//`) || strings.Contains(got.body, `data-next="/\`) {
			t.Errorf("%s leads back to another site", at)
		}
	}
}

func TestAFormCountsOnlyFromItsOwnSession(t *testing.T) {
	w := newWorld(t)
	r := w.resident()
	mine := cookiesOf(r)
	good := token(t, w.gets(pages.PathAccount, mine))
	r.LogsIn()
	other := token(t, w.gets(pages.PathAccount, cookiesOf(r)))
	for name, form := range map[string]string{"no token": "", "another session's": "form_token=" + other, "two": "form_token=" + good + "&form_token=" + good, "changed": "form_token=" + good + "x"} {
		for _, at := range []string{pages.PathEndAll, pages.PathStay, pages.PathLogOut, pages.PathPasskeys + "/x/remove", pages.PathAsFHIR} {
			if got := w.sendsForm(at, form, mine); got.status != http.StatusForbidden && got.status != http.StatusBadRequest {
				t.Errorf("%s, %s: %d", at, name, got.status)
			}
		}
	}
	for name, header := range map[string]map[string]string{"no origin": {}, "another": {"Origin": "https://elsewhere.example"}, "of a frame": {"Origin": "null"}, "another site": {"Origin": w.base, "Sec-Fetch-Site": "cross-site"}} {
		header["Content-Type"] = "application/x-www-form-urlencoded"
		if got := w.sends(http.MethodPost, pages.PathLogOut, "form_token="+good, mine, header); got.status != http.StatusForbidden {
			t.Errorf("logging out, %s: %d", name, got.status)
		}
	}
	if got := w.gets(pages.PathAccount, mine); got.status != http.StatusOK {
		t.Fatalf("the session is gone: %d", got.status)
	}
	if got := w.sendsForm(pages.PathLogOut, "form_token="+good, mine); got.status != http.StatusSeeOther || got.header.Get("Location") != pages.PathLoggedOut {
		t.Errorf("logging out: %d", got.status)
	}
	if got := w.gets(pages.PathAccount, mine); got.status != http.StatusUnauthorized {
		t.Errorf("after logging out: %d", got.status)
	}
}

func TestWhatIsNotTheirsIsAsWhatIsNot(t *testing.T) {
	w := newWorld(t)
	mine := w.logsIn()
	other := w.county.Person(w.person.Index + 1)
	none := w.gets("/record/medicines/paaaaaaaaaaaaaaaa-eaaaaaaaaaaaaaaaa", mine)
	if none.status != http.StatusNotFound || !strings.Contains(none.body, w.person.Family) {
		t.Errorf("%d: the page of nothing, or without the name", none.status)
	}
	for _, at := range []string{"/record/nothing", "/record/nothing/x", "/record/medicines/" + other.Number.Digits(), "/looks/main.999999", "/questions/x", "/account/passkeys/x"} {
		got := w.gets(at, mine)
		if got.status != http.StatusNotFound || !bytes.Equal(timeless([]byte(got.body)), timeless([]byte(none.body))) {
			t.Errorf("%s is told from what there is not: %d", at, got.status)
		}
	}
}

// timeless leaves out what each page has of its own moment.
func timeless(body []byte) []byte {
	return regexp.MustCompile(`data-(warn|idle)="\d+"|content="\d+;|aria-current="[a-z]+"`).ReplaceAll(body, nil)
}

func TestLateSourcesAreSaidOnEachPage(t *testing.T) {
	w := newWorld(t)
	w.Pass(10 * 24 * time.Hour)
	mine := w.logsIn()
	for _, at := range []string{pages.PathHome, pages.PathTimeline, pages.PathDetails, "/record/medicines", "/record/results"} {
		got := w.gets(at, mine)
		if got.status != http.StatusOK || !strings.Contains(got.body, "Something may be missing") || !strings.Contains(got.body, w.person.Practice.Name) {
			t.Errorf("%s: %d, and it does not say who is late", at, got.status)
		}
	}
}

func TestListsAreNarrowedAndPaged(t *testing.T) {
	w := newWorld(t)
	mine := w.logsIn()
	first := w.gets("/record/results", mine)
	older := regexp.MustCompile(`href="(/record/results\?page=2)"`).FindStringSubmatch(first.body)
	if older == nil {
		t.Fatal("the results have one page")
	}
	second := w.gets(older[1], mine)
	if !strings.Contains(second.body, "Page 2 of ") || !strings.Contains(second.body, `rel="prev"`) {
		t.Error("the second page is not one")
	}
	year := w.gets("/record/results?year=2026&kind=", mine)
	if len(year.body) >= len(first.body)+len(second.body) || !strings.Contains(year.body, `value="2026" selected`) {
		t.Error("the year narrows nothing")
	}
	if got := w.gets("/record/results?year=x&page=-7&kind=none&utm=1", mine); got.status != http.StatusOK || !strings.Contains(got.body, "Nothing fits what you chose") {
		t.Errorf("a filter that is none: %d", got.status)
	}
	timeline := w.gets(pages.PathTimeline, mine)
	next := regexp.MustCompile(`href="(/record/timeline\?after=[^"]+)"`).FindStringSubmatch(timeline.body)
	if next == nil {
		t.Fatal("the timeline has one page")
	}
	if got := w.gets(next[1], mine); got.status != http.StatusOK || !strings.Contains(got.body, `rel="prev"`) {
		t.Errorf("the timeline goes on: %d", got.status)
	}
	if got := w.gets(pages.PathTimeline+"?after=x", mine); got.status != http.StatusBadRequest {
		t.Errorf("a link that was changed: %d", got.status)
	}
}

// Who looked begins with the others, who would be lost among the reader's own visits.
func TestWhoLookedBeginsWithOthers(t *testing.T) {
	w := newWorld(t)
	w.looks()
	mine := w.logsIn()
	for range pages.PageSize {
		w.gets(pages.PathHome, mine)
	}
	others := w.gets(pages.PathLooks, mine)
	if !strings.Contains(others.body, "Dr house") || strings.Contains(others.body, "You looked at") || strings.Contains(others.body, `rel="next"`) {
		t.Errorf("%d: others are not shown, or not alone", others.status)
	}
	all := w.gets(pages.PathAllLooks, mine)
	next := regexp.MustCompile(`href="(/looks\?whose=all&amp;after=[^"]+)"`).FindStringSubmatch(all.body)
	if !strings.Contains(all.body, "You looked at") || strings.Contains(all.body, "Dr house") || next == nil {
		t.Fatalf("%d: the reader's own visits are not the newest", all.status)
	}
	if got := w.gets(strings.ReplaceAll(next[1], "&amp;", "&"), mine); !strings.Contains(got.body, "Dr house") || !strings.Contains(got.body, `href="/looks?whose=all" rel="prev"`) {
		t.Errorf("%d: the second page", got.status)
	}
	const api = "/citizen/v1/looks?count=1&whose="
	for whose, own := range map[string]string{"others": "false", "own": "true", "all": "true"} {
		if got := w.gets(api+whose, mine); got.status != http.StatusOK || !strings.Contains(got.body, `"own":`+own) {
			t.Errorf("%s: %d %s", whose, got.status, got.body)
		}
	}
	if got := w.gets(api+"mine", mine); got.status != http.StatusBadRequest || !strings.Contains(got.body, "whose is others, own or all.") {
		t.Errorf("of nobody: %d %s", got.status, got.body)
	}
}

// TestPagesAreSmall: a first visit loads less than 100 KB.
func TestPagesAreSmall(t *testing.T) {
	w := newWorld(t)
	mine := w.logsIn()
	page := w.gets(pages.PathHome, mine)
	total := len(page.body)
	for _, m := range regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		a := w.sends(http.MethodGet, m[1], "", nil, map[string]string{"Accept-Encoding": "gzip"})
		if a.status != http.StatusOK || !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", m[1], a.status, a.header)
		}
		total += len(a.body)
	}
	t.Logf("the first page of a record and all that it loads: %d bytes", total)
	if total > 100<<10 {
		t.Errorf("the first page loads %d bytes", total)
	}
}

func TestTheLimitOfAQuestionIsThatOfInquiries(t *testing.T) {
	if pages.AskLimit != inquiry.MaxWords {
		t.Errorf("the page lets somebody write %d characters, and %d are taken", pages.AskLimit, inquiry.MaxWords)
	}
}

func TestAnEnrolmentTellsNothing(t *testing.T) {
	w := newWorld(t)
	l := w.code()
	typed := "code=" + strings.ToLower(strings.ReplaceAll(l.Code, "-", "+"))
	for name, form := range map[string]string{"nothing": "code=", "half of it": "code=BCDF-2345"} {
		if got := w.sendsForm(pages.PathEnrol, form, nil); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "There is a problem") {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	state := func(form string) string {
		page := w.sendsForm(pages.PathEnrol, form, nil)
		m := regexp.MustCompile(`name="state" value="([^"]+)"`).FindStringSubmatch(page.body)
		if m == nil || strings.Contains(strings.ToUpper(page.body), l.Code[:9]) {
			t.Fatalf("%d: no state, or the code stands in the page", page.status)
		}
		return m[1]
	}
	details := func(state, number string, born time.Time) answer {
		return w.sendsForm(pages.PathEnrolDetails, "state="+state+"&nhs-number="+number+"&day="+born.Format("2&month=1&year=2006"), nil)
	}
	sealed := regexp.MustCompile(`name="state" value="[^"]+"`)
	right, born := w.person.Number.Digits(), w.person.Birth
	noCode := details(state("code=BCDF-2345-GHJK-6789"), right, born)
	for name, got := range map[string]answer{"another's birth date": details(state(typed), right, born.AddDate(0, 0, 1)), "another's number": details(state(typed), "9990000018", born)} {
		same := func(a answer) string {
			return regexp.MustCompile(`value="[^"]*"`).ReplaceAllString(sealed.ReplaceAllString(a.body, ""), "")
		}
		if got.status != http.StatusUnprocessableEntity || same(got) != same(noCode) {
			t.Errorf("%s is told from a code that there is not: %d", name, got.status)
		}
	}
	if got := details("made-up", right, born); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Enter your code again") {
		t.Errorf("a state that is made up: %d", got.status)
	}
	if got := details(state(typed), right, born); got.status != http.StatusOK || !strings.Contains(got.body, "Create your passkey") {
		t.Errorf("what is right: %d", got.status)
	}
}

// BenchmarkPage is the server's time for pages of a record of some 170 entries, with
// session, decision and ledger, and the request over a socket.
func BenchmarkPage(b *testing.B) {
	w := newWorld(b)
	mine := w.logsIn()
	for _, at := range []string{pages.PathHome, "/record/medicines", "/record/results", pages.PathTimeline, pages.PathLooks} {
		b.Run(strings.Trim(at, "/"), func(b *testing.B) {
			for b.Loop() {
				if got := w.gets(at, mine); got.status != http.StatusOK {
					b.Fatal(got.status)
				}
			}
		})
	}
}

// BenchmarkSummary is the same for the summary as an app reads it.
func BenchmarkSummary(b *testing.B) {
	w := newWorld(b)
	mine := w.logsIn()
	b.ReportAllocs()
	for b.Loop() {
		if got := w.sends(http.MethodGet, "/citizen/v1/summary", "", mine, map[string]string{"Accept-Encoding": "identity"}); got.status != http.StatusOK {
			b.Fatal(got.status)
		}
	}
}
