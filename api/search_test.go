package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/google/go-cmp/cmp"
)

// pages follows the next links from a first page on, and returns all ids and how
// many pages there were.
func (w *world) pages(token, path string) (ids []string, n int) {
	w.t.Helper()
	for path != "" {
		b := w.get(token, path).bundle(w.t)
		ids = append(ids, b.ids()...)
		path = b.link("next")
		if n++; n > 300 {
			w.t.Fatal("no end of pages")
		}
	}
	return ids, n
}

// Whatever is searched for, sorted and paged by, the pages together are what a
// plain filter of what was sent gives, in its order.
func TestSearchAgainstAModel(t *testing.T) {
	const all = 137
	w := newWorld(t)
	p := string(w.knows(mary, all))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	day := func(i int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i) }
	filters := []struct {
		query string
		match func(i int) bool
	}{
		{"code=1003", func(i int) bool { return i%10 == 3 }},
		{"code=http://loinc.org|1003,http://loinc.org|1004", func(i int) bool { return i%10 == 3 || i%10 == 4 }},
		{"code=http://other|1003", func(int) bool { return false }},
		{"code=|1003", func(int) bool { return false }},
		{"code=http://loinc.org|", func(int) bool { return true }},
		{"code:not=1003", func(i int) bool { return i%10 != 3 }},
		{"status=amended", func(i int) bool { return i%3 == 0 }},
		{"status=final,amended", func(int) bool { return true }},
		{"category=http://cat|c1", func(i int) bool { return i%2 == 1 }},
		{"date=ge2026-02-01", func(i int) bool { return !day(i).Before(day(31)) }},
		{"date=lt2026-02", func(i int) bool { return day(i).Before(day(31)) }},
		{"date=2026-03", func(i int) bool { return day(i).Month() == time.March }},
		{"date=ne2026-03", func(i int) bool { return day(i).Month() != time.March }},
		{"date=gt2026-01-05&date=le2026-01-20", func(i int) bool { return i > 4 && i <= 19 }},
		{"date=sa2026-01-10", func(i int) bool { return i > 9 }},
		{"date=eb2026-01-10", func(i int) bool { return i < 9 }},
		{"nonsense=1", func(int) bool { return true }},
	}
	pick := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		q := []string{"patient=" + []string{p, "Patient/" + p, "https://record.example/fhir/R4/Patient/" + p}[pick.IntN(3)]}
		chosen := []int{round % len(filters)}
		if pick.IntN(2) == 0 {
			chosen = append(chosen, pick.IntN(len(filters)))
		}
		var want []string
		for i := range all {
			if !slices.ContainsFunc(chosen, func(f int) bool { return !filters[f].match(i) }) {
				want = append(want, w.entry(mary, hospital, "Observation", oid(mary, i)))
			}
		}
		for _, f := range chosen {
			q = append(q, strings.NewReplacer("|", "%7C", ":n", "%3An").Replace(filters[f].query))
		}
		switch pick.IntN(3) {
		case 0:
			q = append(q, "_sort=date")
		case 1:
			q = append(q, "_sort=-date")
			slices.Reverse(want)
		default:
			slices.Reverse(want)
		}
		count := 1 + pick.IntN(60)
		q = append(q, fmt.Sprint("_count=", count))
		path := "/fhir/R4/Observation?" + strings.Join(q, "&")
		got, n := w.pages(doc, path)
		if d := cmp.Diff(want, got); d != "" && len(want)+len(got) > 0 {
			t.Fatalf("%s: %s", path, d)
		}
		if most := len(want)/count + 1; n > most {
			t.Errorf("%s: %d pages for %d entries", path, n, len(want))
		}
		form, _, _ := strings.Cut(path, "?")
		a := w.do(request{method: "POST", path: form + "/_search", token: doc, body: strings.Join(q, "&")}).bundle(t)
		if first := want[:min(count, len(want))]; !slices.Equal(a.ids(), first) {
			t.Errorf("%s by POST: %v, want %v", path, a.ids(), first)
		}
	}
}

// The self link tells what was understood, and nothing else.
func TestSelfLink(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	for query, want := range map[string]string{
		"patient=" + p: "patient=" + p + "&_count=50",
		"patient=Patient/" + p + "&code=a%7Cb&nonsense=1&_count=500&_format=json&_pretty=true": "patient=" + p + "&code=a%7Cb&_count=100",
		"subject=Patient/" + p + "&_sort=date":                                                 "patient=" + p + "&_sort=date&_count=50",
		"patient=" + p + "&date=ge2026&_include=*&_count=7":                                    "patient=" + p + "&date=ge2026&_count=7",
	} {
		b := w.get(doc, "/fhir/R4/Observation?"+query).bundle(t)
		if got := b.link("self"); got != "/fhir/R4/Observation?"+want {
			t.Errorf("%s: %s", query, got)
		}
		if b.Type != "searchset" || b.Total != nil {
			t.Errorf("%+v", b)
		}
	}
	a := w.do(request{method: "GET", path: "/fhir/R4/Observation?patient=" + p + "&nonsense=1", token: doc, header: map[string]string{"Prefer": "return=minimal, handling=strict"}})
	if a.status != http.StatusBadRequest || strings.Contains(a.body, "nonsense") {
		t.Errorf("strict: %d %s", a.status, a.body)
	}
}

// A cursor is good for whom it was given to, for their query, for a while.
func TestCursorsAreBound(t *testing.T) {
	w := newWorld(t, func(o *api.Options) { o.CursorKey = make([]byte, 32) })
	p := string(w.knows(mary, 9))
	doc, nurse := w.signIn("doc", practice.Org, identity.Clinician), w.signIn("nurse", practice.Org, identity.Nurse)
	for _, path := range []string{"/fhir/R4/Observation?patient=" + p + "&_count=3", "/fhir/R4/Patient/" + p + "/$everything?_count=3",
		"/fhir/R4/Patient/" + p + "/$everything?_type=Observation,Encounter&_count=3"} {
		next := w.get(doc, path).bundle(t).link("next")
		if next == "" {
			t.Fatal("one page only:", path)
		}
		if a := w.get(doc, next); a.status != 200 {
			t.Errorf("next: %d %s", a.status, a.body)
		}
		u, err := url.Parse(next)
		fatal(t, err)
		cursor := u.Query().Get("_cursor")
		// The same person in another role is another caller.
		was := w.tokens[doc]
		other := was
		other.Role = identity.Pharmacist
		for name, bad := range map[string]request{
			"another caller":    {token: nurse, path: next},
			"another query":     {token: doc, path: strings.Replace(next, "_count=3", "_count=4", 1)},
			"another filter":    {token: doc, path: strings.Replace(next, "_count=3", "_sort=date&_count=3", 1)},
			"another operation": {token: doc, path: "/fhir/R4/Encounter?patient=" + p + "&_count=3&_cursor=" + cursor},
			"changed":           {token: doc, path: strings.Replace(next, cursor, cursor[:len(cursor)-3]+"AAA", 1)},
			"twice":             {token: doc, path: next + "&_cursor=" + cursor},
		} {
			bad.method = "GET"
			if name == "another filter" && strings.Contains(next, "everything") {
				continue // it takes no filters, and leaves this one out
			}
			if a := w.do(bad); a.status != http.StatusBadRequest || strings.Contains(a.body, cursor) {
				t.Errorf("%s: %d %.200s", name, a.status, a.body)
			}
		}
		w.tokens[doc] = other
		if a := w.get(doc, next); a.status != http.StatusBadRequest {
			t.Errorf("another role: %d", a.status)
		}
		w.tokens[doc] = was
	}
}

func TestEverything(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 30))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	whole := w.get(doc, "/fhir/R4/Patient/"+p+"/$everything").bundle(t)
	if len(whole.Entry) != 32 || whole.link("next") != "" || whole.link("self") != "/fhir/R4/Patient/"+p+"/$everything" {
		t.Errorf("%d entries, links %v", len(whole.Entry), whole.Link)
	}
	for _, e := range whole.Entry {
		if want := "https://record.example/fhir/R4/" + e.Resource["resourceType"].(string) + "/" + e.Resource["id"].(string); e.FullURL != want {
			t.Errorf("fullUrl %s, want %s", e.FullURL, want)
		}
	}
	paged, n := w.pages(doc, "/fhir/R4/Patient/"+p+"/$everything?_count=7")
	if d := cmp.Diff(whole.ids(), paged); d != "" || n != 5 {
		t.Errorf("%d pages: %s", n, d)
	}
	some, _ := w.pages(doc, "/fhir/R4/Patient/"+p+"/$everything?_type=Patient,Observation&_count=8")
	if len(some) != 31 || some[0] != p {
		t.Errorf("of two types: %d, first %s", len(some), some[0])
	}
	if a := w.get(doc, "/fhir/R4/Patient/"+p+"/$everything?_type=Nonsense"); a.status != 400 {
		t.Errorf("no type: %d", a.status)
	}
}

func TestVersions(t *testing.T) {
	w := newWorld(t)
	w.knows(mary, 3)
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	id := w.entry(mary, hospital, "Observation", oid(mary, 1))
	first := w.get(doc, "/fhir/R4/Observation/"+id)
	tag := first.header.Get("ETag")
	w.sends(hospital, mary, strings.Replace(observation(mary, 1), `"final"`, `"corrected"`, 1))
	w.trail()
	h := w.get(doc, "/fhir/R4/Observation/"+id+"/_history").bundle(t)
	if h.Type != "history" || len(h.Entry) != 2 || h.Entry[0].Resource["status"] != "corrected" || h.Entry[1].Resource["status"] != "final" {
		t.Errorf("%+v", h)
	}
	paged, n := w.pages(doc, "/fhir/R4/Observation/"+id+"/_history?_count=1")
	if len(paged) != 2 || n > 3 {
		t.Errorf("%d versions on %d pages", len(paged), n)
	}
	version := strings.TrimSuffix(strings.TrimPrefix(tag, `W/"`), `"`)
	if old := w.get(doc, "/fhir/R4/Observation/"+id+"/_history/"+version); old.body != first.body || old.header.Get("ETag") != tag {
		t.Errorf("vread: %d %s", old.status, old.body)
	}
	current := w.get(doc, "/fhir/R4/Observation/"+id)
	w.trail()
	same := w.do(request{method: "GET", path: "/fhir/R4/Observation/" + id, token: doc, header: map[string]string{"If-None-Match": current.header.Get("ETag")}})
	if same.status != http.StatusNotModified || same.body != "" || same.header.Get("ETag") != current.header.Get("ETag") {
		t.Errorf("If-None-Match: %d %q", same.status, same.body)
	}
	if d := cmp.Diff([]string{"cis2/doc read allowed Observation"}, w.trail()); d != "" {
		t.Error("a 304 is a look too:", d)
	}
	if a := w.do(request{method: "GET", path: "/fhir/R4/Observation/" + id, token: doc, header: map[string]string{"If-None-Match": tag}}); a.status != 200 {
		t.Errorf("with the version before: %d", a.status)
	}
	if a := w.get(doc, "/fhir/R4/Observation/"+id+"/_history/nonsense"); a.status != 404 || a.body != absent {
		t.Errorf("no such version: %d %s", a.status, a.body)
	}
}

// Types are found by their own codes and dates, also those whose definition the
// validator has not; a stay that has no end is not over at any time.
func TestSearchByTypesOwnParameters(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	subject := `"subject":{"reference":"Patient/` + mary.marker + `"},"`
	ids := map[string]string{}
	for id, body := range map[string]string{
		"onset":    `{"resourceType":"Condition","id":"onset",` + subject + `onsetDateTime":"2020-01-01","recordedDate":"2024-03-05"}`,
		"recorded": `{"resourceType":"Condition","id":"recorded",` + subject + `recordedDate":"2024-04-05"}`,
		"stay":     `{"resourceType":"Encounter","id":"stay",` + subject + `status":"in-progress","class":{"code":"IMP"},"period":{"start":"2024-03-05T09:00:00Z"}}`,
		"dispense": `{"resourceType":"MedicationDispense","id":"dispense",` + subject + `status":"completed","medicationCodeableConcept":{"coding":[{"system":"http://dmd","code":"1"}]},"whenPrepared":"2024-03-04","whenHandedOver":"2024-03-05"}`,
	} {
		typ, _, _ := strings.Cut(strings.TrimPrefix(body, `{"resourceType":"`), `"`)
		w.sends(hospital, mary, body)
		ids[id] = w.entry(mary, hospital, typ, id)
	}
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	for query, want := range map[string][]string{
		"Condition?onset-date=2020":                                {"onset"},
		"Condition?onset-date=2024":                                nil,
		"Condition?recorded-date=2024":                             {"recorded", "onset"},
		"Condition?recorded-date=gt2024-03":                        {"recorded"},
		"Condition?recorded-date=ge2024-03-05&onset-date=lt2024":   {"onset"},
		"Encounter?date=gt2026":                                    {"stay"},
		"Encounter?date=eb2026":                                    nil,
		"Encounter?date=lt2024-03":                                 nil,
		"MedicationDispense?code=http://dmd%7C1&status=completed":  {"dispense"},
		"MedicationDispense?status=preparation":                    nil,
		"MedicationDispense?whenhandedover=2024-03-05":             {"dispense"},
		"MedicationDispense?whenprepared=2024-03-05":               nil,
		"MedicationDispense?whenprepared=2024-03-04&_sort=date":    {"dispense"},
		"MedicationDispense?whenprepared=2024-03&code:not=unknown": {"dispense"},
	} {
		var entries []string
		for _, id := range want {
			entries = append(entries, ids[id])
		}
		typ, rest, _ := strings.Cut(query, "?")
		got := w.get(doc, "/fhir/R4/"+typ+"?patient="+p+"&"+rest).bundle(t).ids()
		if d := cmp.Diff(entries, got); d != "" && len(entries)+len(got) > 0 {
			t.Errorf("%s: %s", query, d)
		}
	}
	if a := w.get(doc, "/fhir/R4/Condition?patient="+p+"&_sort=recorded-date"); a.status != http.StatusBadRequest {
		t.Errorf("sorted by a date that does not order: %d", a.status)
	}
}
