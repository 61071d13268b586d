package fhirbundle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// sees reports whether a clinician of an organisation may open a person's record.
func (w *world) sees(org nhs.ODS, number string) bool {
	w.t.Helper()
	doctor := identity.Caller{Kind: identity.Professional, ID: "test/" + string(org), Org: org, Role: identity.Clinician, Expires: w.clock().Add(time.Hour), AuthTime: w.clock()}
	_, err := w.records.Open(w.t.Context(), doctor, record.Request{Person: w.person(number), What: "$everything"})
	if k := errs.KindOf(err); err != nil && k != errs.Forbidden && k != errs.NotFound {
		w.t.Fatal(err)
	}
	return err == nil
}

func organisation(id, ods string) string {
	return `{"resourceType":"Organization","id":"` + id + `","name":"x","identifier":[{"system":"https://other.example","value":"1` + id + `"},{"system":"` + nhs.ODSSystem + `","value":"` + ods + `"}]}`
}

func visit(id, provider string) string {
	return `{"resourceType":"Encounter","id":"` + id + `","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/h1"},` +
		`"period":{"start":"2026-04-01T08:00:00Z","end":"2026-04-01T09:00:00Z"},"serviceProvider":{"reference":"` + provider + `"}}`
}

// An organisation that an entry names by a reference is tied to the person like one
// that it names by its code: in the Bundle, or in the source's directory.
func TestOrganisationsByReference(t *testing.T) {
	for name, c := range map[string]struct{ first, then string }{
		"in the Bundle":                {"", batch(put(organisation("o1", "RDZ")), put(visit("e", "Organization/o1")))},
		"in the directory":             {batch(put(organisation("o1", "RDZ"))), batch(put(visit("e", "Organization/o1")))},
		"by another identifier":        {batch(put(organisation("o1", "RDZ"))), batch(put(visit("e", "Organization?identifier=https://other.example|1o1")))},
		"by code, in a literal":        {"", batch(put(visit("e", "Organization?identifier="+nhs.ODSSystem+"|RDZ")))},
		"said again when it has come":  {batch(put(visit("e", "Organization/o1")), put(organisation("o1", "RDZ"))), bundle("batch", at3, put(visit("e", "Organization/o1")))},
		"it came after, and said anew": {batch(put(visit("e", "Organization/o1"))), bundle("batch", at3, put(organisation("o1", "RDZ")), put(visit("e", "Organization/o1")))},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.agree("RDZ", partner.Acute, section.All)
			w.knows("1", mary, maryBorn)
			w.send(hospital, batch(put(patient("h1", mary, maryBorn))))
			if c.first != "" {
				w.send(hospital, c.first)
			}
			if a := w.send(hospital, c.then); strings.Contains(a.statuses(), "4") {
				t.Fatalf("%s", a.body)
			}
			if !w.sees("RDZ", mary) || !w.sees("R0D", mary) {
				t.Errorf("tied: the one named %v, the source %v", w.sees("RDZ", mary), w.sees("R0D", mary))
			}
		})
	}
}

// Another source's directory, and what was deleted, lead nowhere.
func TestOrganisationsThatLeadNowhere(t *testing.T) {
	w := newWorld(t)
	w.agree("RDZ", partner.Acute, section.All)
	w.knows("1", mary, maryBorn)
	w.send(hospital, batch(put(patient("h1", mary, maryBorn)), put(organisation("gone", "RDZ"))))
	w.send(practice, batch(put(organisation("theirs", "RDZ"))))
	w.send(hospital, bundle("batch", at3, remove("Organization", "gone")))
	if a := w.send(hospital, bundle("batch", at3, put(visit("e1", "Organization/gone")), put(visit("e2", "Organization/theirs")))); a.statuses() != "201 201" {
		t.Fatalf("%s", a.body)
	}
	if w.sees("RDZ", mary) {
		t.Error("tied")
	}
}

// A practice registers whom it says is its own: a temporary resident, whose general
// practitioner is elsewhere or is not known, is not.
func TestTemporaryResidentsAreNotRegistered(t *testing.T) {
	with := func(gp string) string {
		return strings.Replace(patient("1", mary, maryBorn), `"gender"`, `"generalPractitioner":[`+gp+`],"gender"`, 1)
	}
	own, other := put(organisation("own", "J81012")), put(organisation("other", "J81099"))
	for name, c := range map[string]struct {
		bundle string
		want   bool
	}{
		"its own, by reference":  {batch(own, put(with(`{"reference":"Organization/own"}`))), true},
		"its own, by code":       {batch(put(with(`{"identifier":{"system":"` + nhs.ODSSystem + `","value":"J81012"}}`))), true},
		"its own, and a doctor":  {batch(own, put(with(`{"reference":"Practitioner/d"},{"reference":"Organization/own"}`))), true},
		"another, by reference":  {batch(own, other, put(with(`{"reference":"Organization/other"}`))), false},
		"one that is not known":  {batch(own, put(with(`{"reference":"Organization/unheard-of"}`))), false},
		"a doctor of no place":   {batch(own, put(with(`{"reference":"Practitioner/d"}`))), false},
		"a name and no more":     {batch(own, put(with(`{"display":"Dr A"}`))), false},
		"nobody is named at all": {batch(put(patient("1", mary, maryBorn))), true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.send(practice, c.bundle)
			if w.sees("J81012", mary) != c.want || (w.held(practice, feeds.Pending) == "") != c.want {
				t.Errorf("registered %v, held %q", w.sees("J81012", mary), w.held(practice, feeds.Pending))
			}
		})
	}
}
