package server_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

var john = testkit.Person{Number: nhs.MustNumber("9990000026"), Family: "Juniper", Born: "1961-07-08"}

// house is a world in which the hospital's Dr Adams reads Mary's record.
type house struct {
	*testkit.World
	practice, hospital *testkit.Source
	doc                *testkit.Professional
	mary               string // her id
}

func newHouse(t *testing.T, change ...func(*config.Config)) *house {
	t.Helper()
	w, practice, hospital := world(t, change...)
	h := &house{World: w, practice: practice, hospital: hospital, doc: w.Professional("adams", "R0D", identity.Clinician)}
	sends(t, practice, http.StatusOK, mary.Patient())
	sends(t, practice, http.StatusOK, john.Patient())
	sends(t, hospital, http.StatusOK, mary.Patient(), mary.Encounter("e1", testkit.Now.AddDate(0, -1, 0)), mary.Observation("o1", testkit.Now.AddDate(0, 0, -3), 131.25))
	sends(t, hospital, http.StatusOK, john.Patient(), john.Encounter("e2", testkit.Now.AddDate(0, -1, 0)), john.Observation("o2", testkit.Now.AddDate(0, 0, -3), 99))
	h.mary = person(t, h.doc, mary.Number)
	h.Events()
	return h
}

// reads expects a status of a look at Mary's results.
func (h *house) reads(when string, want int) string {
	h.T.Helper()
	a := h.doc.Gets("Observation?patient=" + h.mary)
	h.answered(when+": the reader", a, want)
	return string(a.Body)
}

// hears sends one more result of Mary's and expects a status.
func (h *house) hears(when, id string, want int) {
	h.T.Helper()
	h.answered(when+": the source", h.hospital.Sends(testkit.Bundle(testkit.Now, mary.Observation(id, testkit.Now, 7))), want)
}

// answered expects a status, and that a 503 says when to come back.
func (h *house) answered(who string, a testkit.Answer, want int) {
	h.T.Helper()
	if a.Status != want || want == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
		h.T.Errorf("%s: %d, want %d; Retry-After %q: %s", who, a.Status, want, a.Header.Get("Retry-After"), a.Body)
	}
}

// operator expects what /readyz and the log say, "" being ok and nothing.
func (h *house) operator(when, unready, logged string) {
	h.T.Helper()
	a := h.Ops("readyz")
	if ok := unready == ""; ok != (a.Status == http.StatusOK) || !strings.Contains(string(a.Body), unready) {
		h.T.Errorf("%s: readyz %d, want %q: %s", when, a.Status, unready, a.Body)
	}
	if !strings.Contains(h.Log.String(), logged) {
		h.T.Errorf("%s: the log does not say %q", when, logged)
	}
	if strings.Contains(h.Log.String(), mary.Family) || strings.Contains(h.Log.String(), mary.Number.Digits()) {
		h.T.Errorf("%s: the log names her", when)
	}
}

// counts expects that a metric is not 0.
func (h *house) counts(metric string) {
	h.T.Helper()
	text := string(h.Ops("metrics").Body)
	if !strings.Contains(text, "\n"+metric+" ") || strings.Contains(text, "\n"+metric+" 0\n") {
		h.T.Errorf("%s has not counted", metric)
	}
}

const unavailable = http.StatusServiceUnavailable

// A part of the store has no room, or may be read only: what needs it gets 503 and is
// kept by who sent it, what does not need it goes on, and all goes on by itself when
// there is room again.
func TestAPartOfTheDiskIsFullOrReadOnly(t *testing.T) {
	for _, fault := range []syscall.Errno{syscall.ENOSPC, syscall.EROFS} {
		for part, want := range map[string]struct {
			reads, hears    int
			unready, metric string
		}{
			testkit.Documents: {http.StatusOK, unavailable, "store: the last write failed", "dcr_store_commit_failures_total"},
			"inbox-main":      {http.StatusOK, unavailable, "inbox: the last write failed", "dcr_inbox_append_failures_total"},
			"ledger-main":     {unavailable, http.StatusOK, "ledger: the last write failed", "dcr_ledger_append_failures_total"},
		} {
			t.Run(part+" "+fault.Error(), func(t *testing.T) {
				h := newHouse(t)
				h.Faults.Fail(part, fault)
				h.reads("full", want.reads)
				h.hears("full", "o3", want.hears)
				h.operator("full", want.unready, fault.Error())
				h.counts(want.metric)
				h.Faults.Fail(part, nil)
				h.hears("room again", "o3", http.StatusOK)
				if body := h.reads("room again", http.StatusOK); !strings.Contains(body, `"value":131.25`) || !strings.Contains(body, `"value":7`) {
					t.Errorf("something is lost: %s", body)
				}
				h.operator("room again", "", "")
			})
		}
	}
}

// A message that was kept while the documents had no room is applied at the next start,
// whether or not its source sends it again.
func TestWhatWasKeptOnAFullDiskIsApplied(t *testing.T) {
	h := newHouse(t)
	h.Faults.Fail(testkit.Documents, syscall.ENOSPC)
	h.hears("full", "o3", unavailable)
	_ = h.Server.Stop(t.Context()) // it cannot write down how far it was
	h.Faults.Fail(testkit.Documents, nil)
	if err := h.TryStart(); err != nil {
		t.Fatal(err)
	}
	if body := h.reads("room again", http.StatusOK); !strings.Contains(body, `"value":7`) {
		t.Errorf("what was kept is not applied: %s", body)
	}
}

// A start without room says so, and nothing is left running.
func TestAStartOnAFullDisk(t *testing.T) {
	h := newHouse(t)
	h.Stop()
	h.Faults.Fail(testkit.Documents, syscall.ENOSPC)
	if err := h.TryStart(); !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "open the record: ") {
		t.Errorf("%v", err)
	}
	h.Faults.Fail(testkit.Documents, nil)
	if err := h.TryStart(); err != nil {
		t.Fatal(err)
	}
	h.reads("room again", http.StatusOK)
}

// A store that does not answer: who needs it gets 503 within DCR_ANSWER_TIMEOUT,
// however many they are, and when it answers again everything goes on by itself.
func TestTheStoreHangs(t *testing.T) {
	const all = 16
	for name, tt := range map[string]struct {
		parts        []string
		reads, hears int
		unready      string
	}{
		"all of it":  {[]string{testkit.Reading, testkit.Documents, "inbox-main", "ledger-main"}, unavailable, unavailable, "store: "},
		"reading":    {[]string{testkit.Reading}, unavailable, unavailable, "store: "},
		"committing": {[]string{testkit.Documents}, http.StatusOK, unavailable, "store: the last write failed"},
		"the inbox":  {[]string{"inbox-main"}, http.StatusOK, unavailable, "inbox: the last write failed"},
		"the ledger": {[]string{"ledger-main"}, unavailable, http.StatusOK, "ledger: the last write failed"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(c *config.Config) { c.Limits.Answer = 50 * time.Millisecond })
			release := h.Faults.Hang(tt.parts...)
			defer release()
			var callers sync.WaitGroup
			for range all {
				callers.Go(func() { h.reads("hanging", tt.reads) })
			}
			h.hears("hanging", "o3", tt.hears)
			callers.Wait()
			h.operator("hanging", tt.unready, "deadline exceeded")
			release()
			h.hears("it answers", "o3", http.StatusOK)
			if body := h.reads("it answers", http.StatusOK); !strings.Contains(body, `"value":7`) {
				t.Errorf("something is lost: %s", body)
			}
			h.operator("it answers", "", "")
		})
	}
}

// A slow disk: callers wait for it, and nothing fails.
func TestASlowDiskOnlyTakesLonger(t *testing.T) {
	const all = 16
	reads := func(h *house, _ string) { h.reads("slow", http.StatusOK) }
	hears := func(h *house, id string) { h.hears("slow", id, http.StatusOK) }
	for part, tt := range map[string]struct {
		call func(h *house, id string)
		wait int // at once, at least: messages about one person wait for each other too
	}{
		"ledger-main":     {reads, all},
		"inbox-main":      {hears, 2},
		testkit.Documents: {hears, 1},
	} {
		t.Run(part, func(t *testing.T) {
			h := newHouse(t)
			release := h.Faults.Hang(part)
			defer release()
			var callers sync.WaitGroup
			for i := range all {
				callers.Go(func() { tt.call(h, "slow-"+string(rune('a'+i))) })
			}
			h.Faults.Await(tt.wait)
			h.operator("slow", "", "")
			release()
			callers.Wait()
			h.operator("fast again", "", "")
			if strings.Contains(h.Log.String(), `"level":"ERROR"`) {
				t.Errorf("something failed: %s", h.Log.String())
			}
		})
	}
}
