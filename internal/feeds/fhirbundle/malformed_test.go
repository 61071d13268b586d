package fhirbundle_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
)

// malformed are bodies that say nothing that could be applied, and what the sender
// is told: a status for the whole, or those of the entries.
var malformed = map[string]struct{ body, want string }{
	"nothing":                  {"", "400"},
	"null":                     {"null", "400"},
	"a list":                   {"[]", "400"},
	"an empty object":          {"{}", "400"},
	"text":                     {"hello", "400"},
	"XML":                      {"<Bundle xmlns='http://hl7.org/fhir'/>", "400"},
	"cut short":                {`{"resourceType":"Bundle","type":"batch","entry":[{"resource":`, "400"},
	"something after it":       {`{"resourceType":"Bundle","type":"batch"} {}`, "400"},
	"a member twice":           {`{"resourceType":"Bundle","type":"batch","type":"batch"}`, "400"},
	"bad UTF-8":                {"{\"resourceType\":\"Bundle\",\"type\":\"b\xff\"}", "400"},
	"a lone surrogate":         {`{"resourceType":"Bundle","type":"\ud800"}`, "400"},
	"very deep":                {strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), "400"},
	"two byte order marks":     {"\xef\xbb\xbf\xef\xbb\xbf{}", "400"},
	"a Patient alone":          {patient("1", mary, maryBorn), "400"},
	"another resource":         {`{"resourceType":"Nonsense"}`, "400"},
	"a number as type":         {`{"resourceType":7}`, "400"},
	"no type":                  {`{"resourceType":"Bundle"}`, "400"},
	"a searchset":              {`{"resourceType":"Bundle","type":"searchset"}`, "400"},
	"a document":               {`{"resourceType":"Bundle","type":"document","entry":[]}`, "400"},
	"a response":               {`{"resourceType":"Bundle","type":"batch-response"}`, "400"},
	"entry as an object":       {`{"resourceType":"Bundle","type":"batch","entry":{}}`, "422"},
	"entry of strings":         {`{"resourceType":"Bundle","type":"collection","entry":["x"]}`, "422"},
	"an unknown member":        {`{"resourceType":"Bundle","type":"batch","entries":[]}`, "422"},
	"a resource as text":       {`{"resourceType":"Bundle","type":"collection","entry":[{"resource":"x"}]}`, "422"},
	"an entry with nothing":    {`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000001"}]}`, "422"},
	"PUT under another id":     {batch(`{"resource":` + observation("a", "Patient/1", "1", at1) + `,"request":{"method":"PUT","url":"Observation/b"}}`), "422"},
	"PUT of another type":      {batch(`{"resource":` + observation("a", "Patient/1", "1", at1) + `,"request":{"method":"PUT","url":"Condition/a"}}`), "422"},
	"PUT without an id":        {batch(`{"resource":` + observation("a", "Patient/1", "1", at1) + `,"request":{"method":"PUT","url":"Observation"}}`), "422"},
	"POST to an id":            {batch(`{"resource":` + observation("a", "Patient/1", "1", at1) + `,"request":{"method":"POST","url":"Observation/a"}}`), "422"},
	"PATCH":                    {batch(`{"resource":` + observation("a", "Patient/1", "1", at1) + `,"request":{"method":"PATCH","url":"Observation/a"}}`), "405"},
	"GET":                      {batch(`{"request":{"method":"GET","url":"Patient?name=x"}}`), "405"},
	"a conditional DELETE":     {batch(remove("Observation?code=1", "")), "405"},
	"DELETE of all":            {batch(remove("Observation", "")), "405"},
	"DELETE up the tree":       {batch(remove("Observation", "../Patient/1")), "405"},
	"a method in small":        {batch(`{"resource":` + observation("a", "Patient/1", "1", at1) + `,"request":{"method":"post","url":"Observation"}}`), "405"},
	"no such number":           {batch(post(patient("9", "9000000008", maryBorn))), "202"},
	"a number with letters":    {batch(post(patient("9", "90000O0009", maryBorn))), "202"},
	"no number":                {batch(post(strings.Replace(patient("9", mary, maryBorn), "https://fhir.nhs.uk/Id/nhs-number", "urn:other", 1))), "202"},
	"a birth date of nonsense": {batch(post(patient("9", mary, "1950-13-45"))), "422"},
	"no subject":               {batch(post(`{"resourceType":"Observation","id":"n","status":"final","code":{"text":"x"}}`)), "202"},
	"a stranger's Patient":     {batch(post(observation("a", "https://elsewhere.example/fhir/Patient/1", "1", at1))), "202"},
	"our own id as reference":  {batch(post(observation("a", "Patient/pufmdt2nxgycrh5fi", "1", at1))), "202"},
	"a number as reference":    {batch(post(observation("a", "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|"+john, "1", at1))), "202"},
	"a whole transaction":      {bundle("transaction", at2, post(observation("a", "Patient/1", "1", at1)), post(strings.Replace(observation("b", "Patient/1", "1", at1), "final", "x", 1))), "422"},
	"an object twice":          {bundle("transaction", at2, put(observation("a", "Patient/1", "1", at1)), put(observation("a", "Patient/1", "2", at1))), "422"},
	"too many for one commit":  {bundle("transaction", at2, many(901)...), "422"},
}

func batch(entries ...string) string { return bundle("batch", at2, entries...) }

func many(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = put(observation("many-"+strings.Repeat("x", i%40)+string(rune('a'+i/40)), "Patient/1", "1", at1))
	}
	return all
}

func TestMalformedInput(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	before := w.digest(mary)
	log, err := w.db.Log(t.Context(), "inbox-main")
	must(t, err)
	for name, c := range malformed {
		t.Run(name, func(t *testing.T) {
			kept := log.Len()
			a := w.try(practice, "application/fhir+json", []byte(c.body))
			must(t, a.err)
			got := a.statuses()
			if a.Type == "OperationOutcome" {
				got = strconv.Itoa(a.status)
			}
			if got != c.want {
				t.Errorf("answered %s (%d), want %s\n%s", got, a.status, c.want, a.body)
			}
			if w.digest(mary) != before {
				t.Fatal("it changed the record")
			}
			if log.Len() != kept+1 {
				t.Error("it was not kept")
			}
			if strings.Contains(string(a.body), mary) || strings.Contains(string(a.body), maryBorn) {
				t.Errorf("the answer tells what was sent: %s", a.body)
			}
		})
	}
	items, _, err := w.inbox.List(t.Context(), practice, feeds.Pending, "", 0)
	must(t, err)
	if len(items) < len(malformed) {
		t.Errorf("%d items in quarantine, want one for each of %d at least", len(items), len(malformed))
	}
}

// A byte order mark before the object is what some senders do.
func TestAByteOrderMarkIsTolerated(t *testing.T) {
	w := newWorld(t)
	if a := w.send(practice, "\xef\xbb\xbf"+bundle("transaction", at1, post(patient("1", mary, maryBorn)))); a.statuses() != "201" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestOtherMediaTypesAndSizesAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, media := range []string{"", "application/fhir+xml", "text/plain", "multipart/form-data", "application/json; charset=utf-16", "application/fhir+json; fhirVersion=3.0", ";"} {
		if a := w.try(practice, media, []byte(`{"resourceType":"Bundle","type":"batch"}`)); errs.KindOf(a.err) != errs.Unsupported {
			t.Errorf("%q: %d %v", media, a.status, a.err)
		}
	}
	for _, media := range []string{"application/json", "application/fhir+json; charset=UTF-8", "application/fhir+json;fhirVersion=4.0"} {
		if a := w.try(practice, media, []byte(`{"resourceType":"Bundle","type":"batch"}`)); a.status != 200 {
			t.Errorf("%q: %d %v", media, a.status, a.err)
		}
	}
	if a := w.try(practice, "application/json", bytes.Repeat([]byte(" "), w.service.Limit()+1)); errs.KindOf(a.err) != errs.TooLarge {
		t.Errorf("too large: %d %v", a.status, a.err)
	}
}

// More than one commit takes of one person, and names that are longer than a key.
func TestALargeBatchIsAppliedInParts(t *testing.T) {
	w := newWorld(t)
	w.knows("1", mary, maryBorn)
	long := strings.Replace(observation("x", "Patient/1", "1", at1), `"id":"x",`, `"identifier":[{"system":"https://long.example","value":"`+strings.Repeat("v", 5000)+`"}],`, 1)
	a := w.send(practice, batch(append(many(1000), bare2(long))...))
	if got := strings.Count(a.statuses(), "201"); got != 1001 {
		t.Fatalf("%d of 1001 applied", got)
	}
	if got := w.types(mary); got != "1001 Observation 1 Patient" {
		t.Errorf("mary has %s", got)
	}
}

func bare2(resource string) string {
	return `{"resource":` + resource + `,"request":{"method":"POST","url":"Observation"}}`
}

// FuzzReceive sends anything: no answer is a 5xx, and the record of somebody whom
// nothing names does not change.
func FuzzReceive(f *testing.F) {
	for _, c := range malformed {
		if len(c.body) < 10_000 {
			f.Add([]byte(c.body))
		}
	}
	for _, m := range messages() {
		f.Add([]byte(m.body))
	}
	const stranger = "9000000025"
	w := newWorld(f)
	w.knows("stranger", stranger, "1960-01-01")
	before := w.digest(stranger)
	f.Fuzz(func(t *testing.T, body []byte) {
		w.t = t
		a := w.try(hospital, "application/fhir+json", body)
		if a.err != nil || a.status < 200 || a.status >= 500 {
			t.Fatalf("%d %v", a.status, a.err)
		}
		if w.digest(stranger) != before {
			t.Fatal("it changed the record of somebody whom it does not name")
		}
	})
}
