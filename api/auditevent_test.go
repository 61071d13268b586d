package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// audited is a world in which Mary and John have accounts, and the hospital looked
// at both.
func audited(t *testing.T) (w *world, m record.PersonID) {
	w = newWorld(t, func(o *api.Options) {
		o.OrgNames = func(code nhs.ODS) string { return map[nhs.ODS]string{hospital.Org: "University Hospitals"}[code] }
	})
	m = w.knows(mary, 2)
	w.knows(john, 1)
	for name, who := range map[string]person{"dcrs_mary": mary, "dcrs_john": john} {
		p := string(w.records.PersonOf(who.number))
		w.tokens[name] = identity.Caller{Kind: identity.Resident, ID: "a" + p, Person: p, Proofing: identity.P9, Expires: now.Add(time.Hour)}
	}
	doc := w.signIn("doc", hospital.Org, identity.Clinician)
	w.get(doc, "/fhir/R4/Observation?patient="+string(m))
	w.get(doc, "/fhir/R4/Observation?patient="+string(w.records.PersonOf(john.number)))
	w.get(doc, "/fhir/R4/Patient/"+string(m)+"/$everything")
	return w, m
}

func TestResidentsSeeWhoLooked(t *testing.T) {
	w, m := audited(t)
	w.trail()
	a := w.get("dcrs_mary", "/fhir/R4/AuditEvent?patient="+string(m))
	b := a.bundle(t)
	valid(t, a.body)
	if got := b.ids(); !slices.Equal(got, []string{"test-3", "test-2", "test-0"}) {
		t.Fatalf("events %q\n%s", got, a.body)
	}
	if !strings.Contains(a.body, "University Hospitals") || strings.Contains(a.body, mary.marker) || strings.Contains(a.body, mary.number.Digits()) {
		t.Error(a.body)
	}
	if got := w.trail(); !slices.Equal(got, []string{"a" + string(m) + " see-accesses allowed who looked"}) {
		t.Errorf("ledger %q", got)
	}
	one := w.get("dcrs_mary", "/fhir/R4/AuditEvent/test-2")
	valid(t, one.body)
	if one.status != http.StatusOK || !strings.Contains(one.body, `"id":"test-2"`) {
		t.Errorf("%d %s", one.status, one.body)
	}
	by := w.do(request{method: http.MethodPost, path: "/fhir/R4/AuditEvent/_search", token: "dcrs_mary", body: "patient=Patient/" + string(m) + "&_id=test-2"})
	if got := by.bundle(t).ids(); !slices.Equal(got, []string{"test-2"}) {
		t.Errorf("by id %q", got)
	}
}

func TestAuditEventPagesAndDates(t *testing.T) {
	w, m := audited(t)
	path, seen := "/fhir/R4/AuditEvent?_count=1&date=ge2026-03-10&patient="+string(m), []string{}
	for range 10 {
		b := w.get("dcrs_mary", path).bundle(t)
		seen = append(seen, b.ids()...)
		if path = b.link("next"); path == "" {
			break
		}
	}
	if want := []string{"test-3", "test-2", "test-0"}; len(seen) < 3 || !slices.Equal(seen[len(seen)-3:], want) {
		t.Errorf("pages %q", seen)
	}
	for date, n := range map[string]int{"2026-03-10": 3, "gt2026-03-10": 0, "lt2026-03-10": 0, "le2026": 3, "2026-03-09": 0} {
		if got := w.get("dcrs_mary", "/fhir/R4/AuditEvent?date="+date+"&patient="+string(m)).bundle(t).ids(); (len(got) > 0) != (n > 0) {
			t.Errorf("%s: %q", date, got)
		}
	}
	for _, bad := range []string{"?date=yesterday&patient=" + string(m), "?_sort=date&patient=" + string(m), ""} {
		if a := w.get("dcrs_mary", "/fhir/R4/AuditEvent"+bad); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
}

// The proof of one's own event holds offline; of another's there is none.
func TestProofsOfOnesOwn(t *testing.T) {
	w, m := audited(t)
	door, err := w.records.OpenAccesses(t.Context(), w.tokens["dcrs_mary"], m, "r")
	fatal(t, err)
	p, err := door.Proof(t.Context(), "test", 2)
	fatal(t, err)
	text, err := p.Portable().Encode()
	fatal(t, err)
	if c, err := ledger.CheckPortable(text, ""); err != nil || c.Event.Person != string(m) || c.Event.What != "$everything" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, seq := range []uint64{1, 99} { // John's, and none
		if _, err := door.Proof(t.Context(), "test", seq); errs.KindOf(err) != errs.NotFound {
			t.Errorf("event %d: %v", seq, err)
		}
	}
}

// Of nobody else: neither another resident, nor a professional, nor a page of
// another's; and what is another's is as what is not there.
func TestWhoLookedIsTheirsAlone(t *testing.T) {
	w, m := audited(t)
	cursor := w.get("dcrs_mary", "/fhir/R4/AuditEvent?_count=1&patient="+string(m)).bundle(t).link("next")
	for _, path := range []string{"/fhir/R4/AuditEvent?patient=" + string(m), "/fhir/R4/AuditEvent/test-0", "/fhir/R4/AuditEvent/test-999", "/fhir/R4/AuditEvent/other-0", "/fhir/R4/AuditEvent/nonsense",
		"/fhir/R4/AuditEvent/test-0/_history", "/fhir/R4/AuditEvent/test-0/_history/1"} {
		if a := w.get("dcrs_john", path); a.status != http.StatusNotFound || a.body != absent {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := w.get("dcrs_john", cursor); a.status != http.StatusBadRequest {
		t.Errorf("another's page: %d %s", a.status, a.body)
	}
	w.trail()
	doc := w.signIn("doc", hospital.Org, identity.Clinician)
	for _, path := range []string{"/fhir/R4/AuditEvent?patient=" + string(m), "/fhir/R4/AuditEvent/test-0"} {
		if a := w.get(doc, path); a.status != http.StatusForbidden {
			t.Errorf("a professional: %s: %d %s", path, a.status, a.body)
		}
	}
	if got := w.trail(); !slices.Equal(got, []string{"cis2/doc see-accesses refused who looked", "cis2/doc see-accesses refused who looked"}) {
		t.Errorf("ledger %q", got)
	}
	if a := w.get("", "/fhir/R4/AuditEvent?patient="+string(m)); a.status != http.StatusUnauthorized {
		t.Errorf("nobody: %d", a.status)
	}
	if a := w.get(doc, "/fhir/R4/Patient/"+string(m)+"/$everything?_type=AuditEvent"); a.status != http.StatusBadRequest {
		t.Errorf("$everything: %d", a.status)
	}
}
