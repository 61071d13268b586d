package seed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

func digest(c *County) string {
	h := sha256.New()
	for b := range c.All() {
		write(h, b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func write(h hash.Hash, b SourceBundle) {
	h.Write([]byte(b.Source))
	h.Write(b.Bytes)
}

func TestSameSeedSameCounty(t *testing.T) {
	a, b := digest(New(7, 50)), digest(New(7, 50))
	if a != b {
		t.Error("two counties of one seed differ")
	}
	if a == digest(New(8, 50)) {
		t.Error("counties of two seeds are the same")
	}
	if New(7, 50).Person(3).Number != New(7, 5000).Person(3).Number {
		t.Error("a person's number depends on how many people there are")
	}
}

func TestBirthDatesDoNotDependOnTheDay(t *testing.T) {
	a, b := New(1, 100), New(1, 100, Today(time.Date(2027, 6, 1, 9, 0, 0, 0, time.UTC)))
	for i := range a.Len() {
		p, q := a.Person(i), b.Person(i)
		if p.BirthDate() != q.BirthDate() || p.Number != q.Number || p.Family != q.Family {
			t.Fatalf("person %d is somebody else on another day", i)
		}
	}
}

func TestNumbersAreOfTheTestRangeValidAndUnique(t *testing.T) {
	c := New(3, 100_000)
	seen := make(map[uint32]bool, c.Len())
	for _, six := range c.numbers {
		if seen[six] {
			t.Fatal("a number was dealt out twice")
		}
		seen[six] = true
		d := number(six).Digits() // panics unless valid
		if !strings.HasPrefix(d, "999") {
			t.Fatal("a number is not of the 999 range")
		}
	}
	if n := len(makeNumbers(9, MaxPeople)); n != MaxPeople {
		t.Errorf("%d numbers for the largest county", n)
	}
}

type bundle struct {
	ResourceType, Type, ID string
	Entry                  []struct {
		FullURL  string
		Resource struct {
			ResourceType, ID, BirthDate string
			Identifier                  []struct{ System, Value string }
		}
		Request struct{ Method, URL string }
	}
}

func parse(t *testing.T, s SourceBundle) bundle {
	t.Helper()
	var b bundle
	if err := json.Unmarshal(s.Bytes, &b); err != nil {
		t.Fatalf("%s: %v", s.Source, err)
	}
	if b.ResourceType != "Bundle" || b.Type != "transaction" || len(b.Entry) != s.Resources {
		t.Fatalf("%s: %s %s of %d entries, said to be %d", s.Source, b.Type, b.ResourceType, len(b.Entry), s.Resources)
	}
	return b
}

func TestEveryPersonHasExactlyWhatWasAskedFor(t *testing.T) {
	c := New(1, 200, PerPerson(195))
	size, resources := 0, 0
	for i := range c.Len() {
		count, ids := map[string]int{}, map[string]bool{}
		p := c.Person(i)
		var sources []string
		for s := range c.Bundles(i) {
			size += len(s.Bytes)
			sources = append(sources, s.Source)
			for j, e := range parse(t, s).Entry {
				count[e.Resource.ResourceType]++
				ids[s.Source+e.Resource.ResourceType+e.Resource.ID] = true
				if e.Request.URL != e.Resource.ResourceType+"/"+e.Resource.ID || !strings.HasSuffix(e.FullURL, e.Request.URL) {
					t.Fatalf("entry %d is called %s, %s and %s", j, e.FullURL, e.Request.URL, e.Resource.ID)
				}
				if j == 0 && (e.Resource.ResourceType != "Patient" || e.Resource.BirthDate != p.BirthDate() || e.Resource.Identifier[0].Value != p.Number.Digits()) {
					t.Fatal("a bundle does not begin with its Patient")
				}
			}
		}
		resources += len(ids)
		if len(ids) != 195 || count["Observation"] <= 50 || count["Appointment"] != 20 {
			t.Fatalf("person %d: %d resources: %v", i, len(ids), count)
		}
		if got, want := strings.Join(sources, " "), strings.Join(p.Sources(), " "); got != want {
			t.Fatalf("sources %s, want %s", got, want)
		}
	}
	if each := size / resources; each < 600 || each > 1500 {
		t.Errorf("a resource has %d bytes on average", each)
	}
}

func TestSmallAndTypicalPeople(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 12, 40, 1000} {
		c := New(2, 30, PerPerson(n))
		for i := range c.Len() {
			got := 0
			for s := range c.Bundles(i) {
				parse(t, s)
				got += s.Resources
			}
			if got != n {
				t.Fatalf("%d resources, want %d", got, n)
			}
		}
	}
	c := New(2, 400)
	got := 0
	for i := range c.Len() {
		for s := range c.Bundles(i) {
			got += s.Resources
		}
	}
	if each := got / c.Len(); each < 175 || each > 215 {
		t.Errorf("%d resources a person, want about 195", each)
	}
}

func TestDirectoryHoldsEveryReferredProfessional(t *testing.T) {
	c := New(1, 20)
	known := map[string]bool{}
	for s := range c.Directory() {
		for _, e := range parse(t, s).Entry {
			known[s.Source+" "+e.Request.URL] = true
		}
	}
	for i := range c.Len() {
		for s := range c.Bundles(i) {
			for rest := s.Bytes; ; {
				_, after, ok := bytes.Cut(rest, []byte(`"reference":"Practitioner/`))
				if !ok {
					break
				}
				id, _, _ := bytes.Cut(after, []byte(`"`))
				if name := s.Source + " Practitioner/" + string(id); !known[name] {
					t.Fatalf("%s is not in the directory", name)
				}
				rest = after
			}
		}
	}
}

func TestOrganisationsAndStaff(t *testing.T) {
	c := New(1, 30_000)
	if n := len(c.practices); n != 4 {
		t.Errorf("%d practices", n)
	}
	for _, o := range c.Organisations() {
		if _, err := nhs.ParseODS(string(o.ODS)); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
	users := map[string]bool{}
	for _, p := range c.Professionals() {
		if users[p.User] || p.RoleCode == "" {
			t.Errorf("%s is there twice or has no role code", p.User)
		}
		users[p.User] = true
	}
	for _, u := range []string{"uhd-clinician-1", "gp-z99001-clinician-1", "dorset-social-worker-1", "dcr-programme-office-1", "dch-paramedic-1", "uhd-privacy-officer-1"} {
		if !users[u] {
			t.Errorf("%s is missing", u)
		}
	}
}

func TestEventsAreBundlesToo(t *testing.T) {
	c := New(1, 20)
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	for n := range uint64(50) {
		parse(t, c.Event(n, at))
	}
	if !bytes.Equal(c.Event(3, at).Bytes, c.Event(3, at).Bytes) {
		t.Error("an event differs from itself")
	}
}

func BenchmarkPerson(b *testing.B) {
	c := New(1, 1000, PerPerson(195))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for s := range c.Bundles(i % 1000) {
			b.SetBytes(int64(len(s.Bytes)))
		}
	}
}
