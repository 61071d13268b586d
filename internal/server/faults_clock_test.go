package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// The service's clock is an hour ahead or behind. Professionals' tokens do not hold,
// with words that name the clocks or the age; sources are heard, and what they say is
// in the right order; choices hold. With the right time all goes on.
func TestTheClockJumps(t *testing.T) {
	for name, tt := range map[string]struct {
		by   time.Duration
		says string
	}{
		"ahead": {time.Hour, "The token has expired"},
		"back":  {-time.Hour, "the clocks of its issuer and this service differ"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.answered("before: a source", h.hospital.Sends(testkit.Bundle(testkit.Now, ruth.Patient(), ruth.Encounter("e4", testkit.Now.AddDate(0, -1, 0)), ruth.Observation("o4", testkit.Now, 88))), http.StatusAccepted)
			h.Jump(tt.by)
			if body := h.reads("jumped", http.StatusUnauthorized); !strings.Contains(body, tt.says) || strings.Contains(body, "131.25") {
				t.Errorf("the reader: %s", body)
			}
			h.hears("jumped", "o3", http.StatusOK)
			sends(t, h.practice, http.StatusOK, ruth.Patient()) // releases what waited, whatever is due by the clock
			h.operator("jumped", "", `"status":401`)
			h.Jump(-tt.by)
			h.Pass(time.Minute)
			h.answered("a correction", h.hospital.Sends(testkit.Bundle(h.Clock(), mary.Observation("o3", testkit.Now, 8))), http.StatusOK)
			if body := h.reads("right again", http.StatusOK); strings.Contains(body, `"value":7,`) || !strings.Contains(body, `"value":8,`) {
				t.Errorf("the later state is not the one that is shown: %s", body)
			}
			if a := h.doc.Gets("Observation?patient=" + person(t, h.doc, ruth.Number)); a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"value":88`) {
				t.Errorf("what waited: %d %s", a.Status, a.Body)
			}
		})
	}
}

// All clocks jump. A window of sharing is open by the clock, and nothing else of the
// choice changes; a page link lasts its hour and no longer; the ledger goes on in its
// own order, whatever the times say, and verifies.
func TestAllClocksJump(t *testing.T) {
	h := newHouse(t)
	window := operator.Window{Org: "R0D", From: testkit.Now.Add(-time.Minute), To: testkit.Now.Add(30 * time.Minute)}
	if err := h.Operator().SetSharing(t.Context(), mary.Number, operator.Choice{Tier: "none", Windows: []operator.Window{window}}); err != nil {
		t.Fatal(err)
	}
	h.hears("before", "o3", http.StatusOK)
	_, link, found := strings.Cut(string(h.doc.Gets("Observation?_count=1&patient="+h.mary).Body), `"relation":"next","url":"http://localhost:8080/fhir/R4/`)
	link, _, _ = strings.Cut(link, `"`)
	if !found {
		t.Fatal("no link to the next page")
	}
	next := func(when string, want int) { t.Helper(); h.answered(when+": the next page", h.doc.Gets(link), want) }
	next("in time", http.StatusOK)
	h.Pass(time.Hour)
	h.reads("after the window", http.StatusForbidden)
	next("after the window", http.StatusBadRequest)
	h.Pass(-time.Hour)
	h.reads("in the window", http.StatusOK)
	next("in the window", http.StatusOK)
	h.Pass(-time.Hour)
	h.reads("before the window", http.StatusForbidden)
	h.Restart()
	h.Pass(time.Hour)
	h.reads("in the window again", http.StatusOK)

	events, put := h.Events(), 0
	for i := range events {
		if i > 0 && events[i].Time.Before(events[i-1].Time) {
			put++
		}
	}
	if put != 2 {
		t.Errorf("the clock was put back twice, the ledger has %d", put)
	}
	report, err := h.Operator().VerifyLedger(t.Context(), func(int64, int64) {})
	if err != nil || !report["main"].OK {
		t.Errorf("the ledger: %+v %v", report, err)
	}
	page, err := h.Operator().Accesses(t.Context(), mary.Number, "", 100)
	if err != nil || len(page.Events) < len(events) {
		t.Errorf("%d of %d events are found by her: %v", len(page.Events), len(events), err)
	}
}
