package site_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/seed"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// world is the whole service at an address of its own on this machine, with the record
// of one resident of a made-up county.
type world struct {
	*testkit.World
	t      testing.TB
	base   string
	county *seed.County
	person seed.Person
}

func newWorld(t testing.TB, change ...func(*world, *config.Config)) *world {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	_, port, _ := net.SplitHostPort(addr)
	w := &world{t: t, base: "http://localhost:" + port, county: seed.New(11, 60, seed.PerPerson(160), seed.Today(testkit.Now.Truncate(24*time.Hour)))}
	w.World = testkit.Start(t, func(c *config.Config) {
		c.API.Addr, c.PublicURL = addr, w.base
		for _, f := range change {
			f(w, c)
		}
	})
	w.choose()
	return w
}

// choose takes a grown-up whom practice, hospital and council know, and has everything
// of them sent.
func (w *world) choose() {
	w.t.Helper()
	for i := range w.county.Len() {
		p := w.county.Person(i)
		if p.Council.Source != "" && p.Hospital.Source != "" && testkit.Now.Year()-p.Birth.Year() > 40 {
			w.person = p
			break
		}
	}
	sources := map[string]*testkit.Source{}
	for _, o := range []seed.Organisation{w.person.Practice, w.person.Hospital, w.person.Council, w.person.Community} {
		if o.ODS == "" {
			continue
		}
		all := operator.Sections(section.All)
		day := func(years int) operator.Day { return operator.Day{Time: testkit.Now.AddDate(years, 0, 0)} }
		w.Agree(operator.Agreement{Org: o.ODS, Name: o.Name, Kind: o.Kind.String(), Read: all, Contribute: all, Signed: day(-1), Ends: day(1), DSPT: day(1)})
		if o.Source != "" {
			sources[o.Source] = w.Source(o.Source, o.ODS)
		}
	}
	for b := range w.county.Directory() {
		if s := sources[b.Source]; s != nil {
			w.taken(s.Sends(b.Bytes))
		}
	}
	for b := range w.county.Bundles(w.person.Index) {
		w.taken(sources[b.Source].Sends(b.Bytes))
	}
	w.letters(w.Source("letters", w.person.Hospital.ODS))
}

func (w *world) taken(a testkit.Answer) {
	w.t.Helper()
	if a.Status != http.StatusOK {
		w.t.Fatalf("a source's bundle: %d %.600s", a.Status, a.Body)
	}
}

// letters are documents of each sort, a result that was corrected, and one that waits.
func (w *world) letters(s *testkit.Source) {
	w.t.Helper()
	patient := fmt.Sprintf(`{"resourceType":"Patient","id":"me","identifier":[{"system":"%s","value":"%s"}],"name":[{"use":"official","family":"%s","given":["%s"]}],"birthDate":"%s"}`,
		nhs.NumberSystem, w.person.Number.Digits(), w.person.Family, w.person.Given[0], w.person.Birth.Format(time.DateOnly))
	letter := func(id, title, media string, content []byte) string {
		return fmt.Sprintf(`{"resourceType":"DocumentReference","id":"%s","status":"current","type":{"coding":[{"system":"http://snomed.info/sct","code":"823701000000103","display":"Discharge letter"}]},"subject":{"reference":"Patient/me"},"date":"2026-03-01T10:00:00Z","content":[{"attachment":{"contentType":"%s","title":"%s","data":"%s"}}]}`,
			id, media, title, base64.StdEncoding.EncodeToString(content))
	}
	result := func(id, status string, value float64) string {
		return fmt.Sprintf(`{"resourceType":"Observation","id":"%s","status":"%s","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Haemoglobin"}]},"subject":{"reference":"Patient/me"},"effectiveDateTime":"2026-03-0%s","valueQuantity":{"value":%g,"unit":"g/L"},"referenceRange":[{"low":{"value":120,"unit":"g/L"},"high":{"value":160,"unit":"g/L"}}]}`,
			id, status, id[len(id)-1:], value)
	}
	imaging := `{"resourceType":"DiagnosticReport","id":"scan","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"RAD"}]}],"code":{"coding":[{"system":"http://snomed.info/sct","code":"399208008","display":"Chest X-ray"}]},"subject":{"reference":"Patient/me"},"effectiveDateTime":"2026-03-09","issued":"2026-03-09T12:00:00Z","conclusion":"Nothing to see."}`
	w.taken(s.Sends(testkit.Bundle(testkit.Now.Add(-time.Hour), patient,
		letter("html", "Clinic letter", "text/html", []byte("<!DOCTYPE html><html lang=en><title>Letter</title><p>Thank you for coming to the clinic.</p><script>document.body.textContent = 'a script ran'</script><img src=https://elsewhere.example/x.png>")),
		letter("pdf", "Discharge summary", "application/pdf", []byte(onePage)), letter("picture", "Scanned letter", "image/png", picture(w.t)), letter("rtf", "Old letter", "application/rtf", []byte(`{\rtf1 Dear patient}`)),
		letter("text", "Note", "text/plain", []byte("Thank you for ringing.")),
		result("hb1", "final", 171), result("hb2", "final", 133), imaging)))
	w.taken(s.Sends(testkit.Bundle(testkit.Now.Add(-time.Minute), result("hb1", "corrected", 131))))
}

// onePage is a PDF of one empty page.
const onePage = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

func picture(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// letter is a code as its letter has it.
type letter struct {
	ID, Code, URL string
	Recovery      bool
}

func (w *world) who() string {
	return fmt.Sprintf(`{"nhsNumber":"%s","birthDate":"%s"}`, w.person.Number.Digits(), w.person.Birth.Format(time.DateOnly))
}

// staff calls /professional/v1 as somebody of the person's practice.
func (w *world) staff(name, path, body string, into any) {
	w.t.Helper()
	w.staffOf(name, w.person.Practice.ODS, identity.Receptionist, http.MethodPost, path, body, into, "")
}

func (w *world) staffOf(name string, org nhs.ODS, role identity.Role, method, path, body string, into any, match string) http.Header {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.base+"/professional/v1"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.Professional(name, org, role).Token())
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if match != "" {
		r.Header.Set("If-Match", match)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		w.t.Fatalf("%s: %d %s", path, res.StatusCode, got)
	}
	if into != nil {
		if err := json.NewDecoder(bytes.NewReader(got)).Decode(into); err != nil {
			w.t.Fatal(err)
		}
	}
	return res.Header
}

// code is what the practice hands over to the person.
func (w *world) code() (l letter) {
	w.t.Helper()
	w.staff("anna", "/activation-codes", w.who(), &l)
	return l
}

// answer is what came back of a request without a browser.
type answer struct {
	status       int
	body, cookie string
	header       http.Header
}

// gets asks for a page with cookies.
func (w *world) gets(path string, cookies []*http.Cookie) answer {
	w.t.Helper()
	return w.sends(http.MethodGet, path, "", cookies, map[string]string{"Accept": "text/html"})
}

// posts sends JSON, as the script of a page of some origin would.
func (w *world) posts(path, body, origin string) answer {
	w.t.Helper()
	return w.sends(http.MethodPost, path, body, nil, map[string]string{"Content-Type": "application/json", "Origin": origin})
}

// sendsForm sends a form of ours.
func (w *world) sendsForm(path, form string, cookies []*http.Cookie) answer {
	w.t.Helper()
	return w.sends(http.MethodPost, path, form, cookies, map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": w.base, "Accept": "text/html"})
}

func (w *world) sends(method, path, body string, cookies []*http.Cookie, header map[string]string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	out := answer{status: res.StatusCode, body: string(got), header: res.Header}
	for _, c := range res.Cookies() {
		if c.Name == web.CookieResident {
			out.cookie = c.Value
		}
	}
	return out
}

// looks has a doctor of the hospital find the person and read their medicines.
func (w *world) looks() {
	w.t.Helper()
	house := w.Professional("house", w.person.Hospital.ODS, identity.Clinician)
	found := house.Posts("Patient/_search", "identifier="+url.QueryEscape(nhs.NumberSystem+"|"+w.person.Number.Digits()))
	_, after, _ := strings.Cut(string(found.Body), `"resourceType":"Patient","id":"`)
	person, _, ok := strings.Cut(after, `"`)
	if found.Status != http.StatusOK || !ok {
		w.t.Fatalf("the doctor finds nobody: %d", found.Status)
	}
	if got := house.Gets("MedicationRequest?patient=" + person); got.Status != http.StatusOK {
		w.t.Fatalf("the doctor reads nothing: %d", got.Status)
	}
}
