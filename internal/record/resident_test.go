package record_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// resident is somebody with an account, who was proven at P9.
func (w *world) resident(who nhs.Number) identity.Caller {
	p := w.r.PersonOf(who)
	return identity.Caller{Kind: identity.Resident, ID: "a" + string(p), Person: string(p), Proofing: identity.P9, Session: "s", Expires: now.Add(1000 * time.Hour * 24)}
}

// all returns what a whole view shows, in pages of n: ids and bytes.
func (w *world) all(v *record.View, n int) []string {
	w.t.Helper()
	var out []string
	s := record.Search{Limit: n}
	for {
		next, err := v.Search(w.t.Context(), s, func(e record.Entry) bool {
			out = append(out, e.ID+" "+string(e.Body))
			return true
		})
		if err != nil {
			w.t.Fatal(err)
		}
		if next == "" {
			return out
		}
		s.After = next
	}
}

// flag is an entry with a label.
func flag(t testing.TB, id, label string) record.Object {
	return object(t, fmt.Sprintf(`{"resourceType":"Flag","id":%q,"meta":{"security":[{"system":"urn:x","code":%q}]},"status":"active","code":{"text":"flag %s"},"period":{"start":"2026-01-0%d"}}`, id, label, id, len(id)%9+1))
}

// labelled adds a label to a resource.
func labelled(t testing.TB, o record.Object, label string) record.Object {
	js := strings.Replace(string(o.Resource.Raw()), `{"resourceType"`, `{"meta":{"security":[{"code":"`+label+`"}]},"resourceType"`, 1)
	return object(t, js)
}

// A resident reads their own record whatever hides them from professionals, and
// nobody else's; the ledger says which.
func TestResidentsReadTheirOwn(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	must(t, w.r.SetSharing(t.Context(), operator, m, sharing.Choice{Tier: sharing.None}, "r"))
	must(t, w.r.SetSensitive(t.Context(), operator, m, true, nil, "r"))
	must(t, w.r.SetRestricted(t.Context(), operator, m, true, "r"))
	must(t, w.r.SetInvalidated(t.Context(), operator, m, true, "r"))
	v := w.mustOpen(w.resident(mary), m, "")
	if got := w.all(v, 0); len(got) != 2 || !strings.Contains(got[0], "1 High Street") {
		t.Errorf("shows %v", got)
	}
	if e := w.trail[len(w.trail)-1]; e.Basis != access.Self || e.Kind != identity.Resident || e.Person != string(m) {
		t.Errorf("ledger: %+v", e)
	}
	absent, _ := errs.As(access.Absent())
	p5 := w.resident(mary)
	p5.Proofing = identity.P5
	for name, open := range map[string]func() error{
		"another's": func() error { _, err := w.open(w.resident(mary), j, ""); return err },
		"nobody's": func() error {
			_, err := w.open(w.resident(mary), w.r.PersonOf(nhs.MustNumber("9990000042")), "")
			return err
		},
		"no id":           func() error { _, err := w.open(w.resident(mary), "", ""); return err },
		"their own at P5": func() error { _, err := w.open(p5, m, ""); return err },
		"another's entry": func() error {
			_, err := w.r.OpenID(t.Context(), w.resident(mary), "Encounter", record.EntryID(j, hospital.ID, "Encounter", "enc-Jones"), "x", "r")
			return err
		},
		"of a person not known": func() error {
			_, err := w.open(w.resident(nhs.MustNumber("9990000042")), w.r.PersonOf(nhs.MustNumber("9990000042")), "")
			return err
		},
	} {
		if got, ok := errs.As(open()); !ok || got.Kind != absent.Kind || got.Code != absent.Code || got.Message != absent.Message {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// An account whose person was joined to another reads the record that goes on, also
// by its old id; after the split its own again, and nothing of the other's.
func TestResidentsThroughJoinAndSplit(t *testing.T) {
	w := newWorld(t)
	m, j := w.knows(mary, "Smith"), w.knows(john, "Jones")
	must(t, w.r.Join(t.Context(), operator, j, m, "r"))
	for _, as := range []nhs.Number{mary, john} {
		for _, p := range []record.PersonID{m, j} {
			v := w.mustOpen(w.resident(as), p, "Encounter")
			if got := w.search(v, record.Search{Type: "Encounter"}); len(got) != 2 || v.Person() != m {
				t.Errorf("%v", got)
			}
		}
	}
	must(t, w.r.Split(t.Context(), operator, m, j, "r"))
	if got := w.search(w.mustOpen(w.resident(john), j, "Encounter"), record.Search{Type: "Encounter"}); len(got) != 1 {
		t.Errorf("after the split: %v", got)
	}
	if _, err := w.open(w.resident(john), m, "Encounter"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the other's after the split: %v", err)
	}
}

// Of somebody who has died, or whom their practice deactivated, sessions count no
// more; professionals keep what they may read.
func TestResidentsWhoEnded(t *testing.T) {
	for name, member := range map[string]string{"died on": `"deceasedDateTime":"2026-03-01"`, "died": `"deceasedBoolean":true`, "deactivated": `"active":false`} {
		w := newWorld(t)
		m := w.knows(mary, "Smith")
		w.mustOpen(w.resident(mary), m, "")
		gone := strings.Replace(string(patient(t, mary, "Smith").Resource.Raw()), `{"resourceType"`, `{`+member+`,"resourceType"`, 1)
		w.sends(practice, mary, 5, object(t, gone))
		if _, err := w.open(w.resident(mary), m, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%s: %v", name, err)
		}
		if s, err := w.r.Standing(t.Context(), m); err != nil || !s.Ended || !s.Known || s.Person != m {
			t.Errorf("%s: %+v %v", name, s, err)
		}
		w.mustOpen(w.doctor(practice.Org), m, "")
		w.sends(practice, mary, 6, patient(t, mary, "Smith"))
		w.mustOpen(w.resident(mary), m, "")
	}
}

// What is withheld leaves no trace: a record with it reads, to the byte, like one
// into which it never came: searches, pages of any size, ids, versions, histories.
func TestWithheldEntriesLeaveNoTrace(t *testing.T) {
	with, without := newWorld(t), newWorld(t)
	var hidden []record.Object
	for i, label := range []string{"third-party", "serious-harm", "staff-only", "NOPAT", "TBOO"} {
		hidden = append(hidden, flag(t, strings.Repeat("h", i+1), label),
			labelled(t, observation(t, fmt.Sprint("o", i), "1", "2026-01-0"+fmt.Sprint(i+1), "1"), label))
	}
	wrong := strings.Replace(string(observation(t, "wrong", "1", "2026-01-03", "9").Resource.Raw()), "final", "entered-in-error", 1)
	hidden = append(hidden, object(t, wrong), object(t, `{"resourceType":"AllergyIntolerance","id":"no","verificationStatus":{"coding":[{"code":"entered-in-error"}]},"code":{"text":"x"}}`),
		object(t, `{"resourceType":"Goal","id":"g","lifecycleStatus":"entered-in-error","description":{"text":"x"}}`),
		object(t, `{"resourceType":"DocumentReference","id":"dw","status":"current","docStatus":"entered-in-error","content":[{"attachment":{"title":"t"}}]}`))
	for _, w := range []*world{with, without} {
		w.knows(mary, "Smith")
		w.sends(hospital, mary, 2, observation(t, "a", "1", "2026-01-02", "1"), observation(t, "b", "1", "2026-01-04", "2"), flag(t, "ffffff", "N"))
	}
	hidden = append(hidden, object(t, `{"resourceType":"DocumentReference","id":"d","status":"current","securityLabel":[{"coding":[{"code":"NOPAT"}]}],"content":[{"attachment":{"title":"t"}}]}`))
	with.sends(hospital, mary, 3, hidden...)
	m := with.r.PersonOf(mary)
	shown := without.all(without.mustOpen(without.resident(mary), m, ""), 0)
	for n := range 5 {
		if d := cmp.Diff(shown, with.all(with.mustOpen(with.resident(mary), m, ""), n)); d != "" {
			t.Errorf("in pages of %d: %s", n, d)
		}
	}
	for _, o := range hidden {
		id := record.EntryID(m, hospital.ID, o.Type, o.SourceID)
		with.isAbsent(id, o.Type)
	}
	// Professionals see them.
	if got := with.all(with.mustOpen(with.doctor(hospital.Org), m, ""), 0); len(got) != len(shown)+len(hidden) {
		t.Errorf("a professional sees %d", len(got))
	}
}

// isAbsent checks every way in which a resident might read an entry.
func (w *world) isAbsent(id, typ string) {
	w.t.Helper()
	p, _, _ := record.SplitID(id)
	v := w.mustOpen(w.resident(mary), p, typ)
	visit := func(e record.Entry) { w.t.Errorf("%s is shown: %s", id, e.Body) }
	version := ""
	pro := w.mustOpen(w.doctor(hospital.Org), p, typ)
	_ = pro.Read(w.t.Context(), typ, id, func(e record.Entry) { version = e.Version })
	_, history := v.History(w.t.Context(), typ, id, 0, "", func(e record.Entry) bool { visit(e); return true })
	for way, err := range map[string]error{"read": v.Read(w.t.Context(), typ, id, visit), "version": v.Version(w.t.Context(), typ, id, version, visit), "history": history} {
		if errs.KindOf(err) != errs.NotFound {
			w.t.Errorf("%s of %s: %v", way, id, err)
		}
	}
	for _, s := range []record.Search{{Type: typ}, {Type: typ, IDs: []string{id}}, {Type: typ, Ascending: true, Limit: 1}, {}} {
		next, err := v.Search(w.t.Context(), s, func(e record.Entry) bool {
			if e.ID == id {
				visit(e)
			}
			return true
		})
		if err != nil || s.Limit == 1 && next != "" && typ == "Goal" {
			w.t.Errorf("search: %q %v", next, err)
		}
	}
}

// States of an entry are shown by what each says: one that was labelled is not in
// the history of one that is not any more; one that ends withheld has none, and its
// end tells nothing.
func TestWithheldStates(t *testing.T) {
	w := newWorld(t)
	m := w.knows(mary, "Smith")
	plain := func(id, value string) record.Object { return observation(t, id, "1", "2026-01-02", value) }
	w.sends(hospital, mary, 2, plain("a", "1"), plain("b", "1"), labelled(t, plain("c", "1"), "third-party"))
	w.sends(hospital, mary, 3, labelled(t, plain("a", "2"), "third-party"), plain("b", "2"), record.Object{Type: "Observation", SourceID: "c", Deleted: true})
	w.sends(hospital, mary, 4, plain("a", "3"), labelled(t, plain("b", "3"), "staff-only"))
	v := w.mustOpen(w.resident(mary), m, "Observation")
	var got []string
	_, err := v.History(t.Context(), "Observation", record.EntryID(m, hospital.ID, "Observation", "a"), 0, "", func(e record.Entry) bool {
		d, _ := fhir.Parse(append([]byte(nil), e.Body...))
		got = append(got, string(d.Root().Path("valueQuantity", "value").Raw()))
		return true
	})
	if d := cmp.Diff([]string{"3", "1"}, got); err != nil || d != "" {
		t.Errorf("history of a: %v %s", err, d)
	}
	w.isAbsent(record.EntryID(m, hospital.ID, "Observation", "b"), "Observation")
	w.isAbsent(record.EntryID(m, hospital.ID, "Observation", "c"), "Observation")
}
