package inquiry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

func TestAskedSeenAnsweredClosed(t *testing.T) {
	w := newWorld(t)
	seq := w.looked("pmary", nil)
	asked, err := w.asks("mary", seq, "  I was not there that day.\r\n")
	w.must(err)
	if asked.State != inquiry.Asked || asked.Words != "I was not there that day." || asked.AskedOf != hospital || !asked.Due.Equal(w.now.AddDate(0, 0, 28)) {
		t.Errorf("asked %+v", asked)
	}

	items := w.list(inquiry.Open)
	if len(items) != 1 || items[0].State != inquiry.Asked || items[0].Soon || items[0].Late {
		t.Fatalf("list %+v", items)
	}
	ref := items[0].Ref
	q, err := w.q.See(t.Context(), w.officer(hospital), ref, "r1")
	w.must(err)
	if q.Name != "Mary" || q.Words != asked.Words || q.Event.Name != "Dr A" || q.Event.Request != "r0" || !q.Event.Sections.Has(section.Medicines) {
		t.Errorf("question %+v", q)
	}
	w.now = w.now.Add(time.Hour)
	q, err = w.q.MarkSeen(t.Context(), w.officer(hospital), ref, q.Version, "r2")
	w.must(err)
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), ref, q.Version-1, "We looked into it.", "r3"); errs.KindOf(err) != errs.Precondition {
		t.Errorf("an answer to what was changed: %v", err)
	}
	q, err = w.q.Answer(t.Context(), w.officer(hospital), ref, q.Version, "Dr A prepared your clinic.", "r4")
	w.must(err)
	if d := cmp.Diff([]string{
		"cis2/9 answer allowed pmary inquiry read", "cis2/9 answer allowed pmary inquiry seen",
		"cis2/9 answer allowed pmary inquiry answered", "cis2/9 answer allowed pmary inquiry answered",
	}, w.trail()); d != "" {
		t.Errorf("ledger (-want +got):\n%s", d)
	}
	if _, err := w.q.Answer(t.Context(), w.officer(hospital), ref, q.Version, "Again.", "r5"); errs.CodeOf(err) != inquiry.CodeState {
		t.Errorf("a second answer: %v", err)
	}

	mine, err := w.q.OwnOne(t.Context(), w.resident("mary"), asked.ID)
	w.must(err)
	if mine.State != inquiry.Answered || mine.Answer != "Dr A prepared your clinic." || mine.By.Name != "Olive Officer" || mine.By.Role != identity.PrivacyOfficer {
		t.Errorf("own %+v", mine)
	}
	if len(w.told) != 1 || w.told[0].Kind != inquiry.IsAnswer || w.told[0].Inquiry != asked.ID {
		t.Errorf("told %+v", w.told)
	}
	if got := w.list(inquiry.IsAnswered); len(got) != 1 || len(w.list(inquiry.Open)) != 0 {
		t.Errorf("answered %+v", got)
	}
	closed, err := w.q.Close(t.Context(), w.resident("mary"), asked.ID)
	w.must(err)
	again, err := w.q.Close(t.Context(), w.resident("mary"), asked.ID)
	w.must(err)
	if closed.State != inquiry.Closed || again.Version != closed.Version || len(w.list(inquiry.IsClosed)) != 1 {
		t.Errorf("closed %+v, again %+v", closed, again)
	}
}
