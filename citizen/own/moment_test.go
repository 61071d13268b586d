package own

import (
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	r := testReader(t)
	for _, c := range []struct{ sent, text, zone, weekday, clock string }{
		{"2024", "2024", "", "2024", ""},
		{"2024-03", "March 2024", "", "March 2024", ""},
		{"2026-12-12", "12 December 2026", "", "Saturday 12 December 2026", ""},
		{"2026-12-12T09:30:00Z", "12 December 2026 at 9:30am", "GMT", "Saturday 12 December 2026", "9:30am"},
		{"2026-07-01T09:00:00Z", "1 July 2026 at 10am", "BST", "Wednesday 1 July 2026", "10am"},
		{"2026-07-01T23:30:00Z", "2 July 2026 at 12:30am", "BST", "Thursday 2 July 2026", "12:30am"},
		{"2026-01-01T12:00:00+00:00", "1 January 2026 at midday", "GMT", "Thursday 1 January 2026", "midday"},
		{"2026-01-01T00:00:00+00:00", "1 January 2026 at midnight", "GMT", "Thursday 1 January 2026", "midnight"},
		{"2026-01-01T17:05:09.5+02:00", "1 January 2026 at 3:05pm", "GMT", "Thursday 1 January 2026", "3:05pm"},
		{"2026-10-25T00:30:00Z", "25 October 2026 at 1:30am BST", "BST", "Sunday 25 October 2026", "1:30am BST"},
		{"2026-10-25T01:30:00Z", "25 October 2026 at 1:30am GMT", "GMT", "Sunday 25 October 2026", "1:30am GMT"},
		{"about Easter", "about Easter", "", "about Easter", ""},
	} {
		m := r.momentOf(c.sent)
		if m.Value != c.sent || m.Text != c.text || m.Zone != c.zone || m.weekday() != c.weekday || m.clock() != c.clock {
			t.Errorf("%s: %+v, %q, %q", c.sent, m, m.weekday(), m.clock())
		}
	}
	if m := r.momentOf(""); !m.IsZero() || m.String() != "" {
		t.Errorf("nothing recorded: %+v", m)
	}
}

func TestMomentAhead(t *testing.T) {
	r := testReader(t)
	for sent, want := range map[string]bool{
		"2026": true, "2026-05": true, "2026-05-03": true, "2026-05-02": false, "2026-04": false,
		"2026-05-03T09:00:00Z": true, "2026-05-03T08:59:58Z": false, "": false, "never": false,
	} {
		if got := r.momentOf(sent).ahead(now); got != want {
			t.Errorf("%q is ahead: %t", sent, got)
		}
	}
}

func TestSpans(t *testing.T) {
	r := testReader(t)
	for _, c := range []struct{ start, end, span, length, nights string }{
		{"2026-05-03", "2026-05-05", "3 May 2026 to 5 May 2026", "", "2 nights"},
		{"2026-05-03T08:00:00Z", "2026-05-03T08:15:00Z", "3 May 2026 at 9am to 9:15am", "15 minutes", ""},
		{"2026-05-03T08:00:00Z", "2026-05-03T10:30:00Z", "3 May 2026 at 9am to 11:30am", "2 hours 30 minutes", ""},
		{"2026-10-24T20:00:00Z", "2026-10-25T09:00:00Z", "24 October 2026 at 9pm to 25 October 2026 at 9am", "13 hours", "1 night"},
		{"2026-05", "", "May 2026", "", ""},
		{"", "2026-05", "until May 2026", "", ""},
		{"2026-05", "2026-05", "May 2026", "", ""},
	} {
		a, b := r.momentOf(c.start), r.momentOf(c.end)
		if s, l, n := span(a, b), length(a, b), nights(a, b); s != c.span || l != c.length || n != c.nights {
			t.Errorf("%s to %s: %q, %q, %q", c.start, c.end, s, l, n)
		}
	}
}

func TestNumbersInWords(t *testing.T) {
	for n, want := range map[int]string{0: "0 entries", 1: "1 entry", 999: "999 entries", 1000: "1,000 entries", 1234567: "1,234,567 entries"} {
		if got := count(n, "entry"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFreshness(t *testing.T) {
	r := testReader(t)
	got := r.Freshness([]Heard{
		{Source: "gp", At: now.Add(-48 * time.Minute)},
		{Source: "gp", At: now.AddDate(0, 0, -2), Late: true},
		{Source: "gp"},
	})
	want := []string{
		"The Cross Surgery last heard on 1 May 2026 at 10am; late, so something may be missing",
		"The Cross Surgery last heard today at 9:12am",
		"The Cross Surgery has not sent anything yet",
	}
	for i := range want {
		if got[i].Says != want[i] {
			t.Errorf("%q, want %q", got[i].Says, want[i])
		}
	}
}

func TestArrivals(t *testing.T) {
	got := testReader(t).Arrivals([]Arrived{
		{Type: "DiagnosticReport", Source: "gp", Received: now, By: now.AddDate(0, 0, 7)},
		{Type: "Observation", Received: now.Add(time.Hour)},
	})
	if want := "A test result arrived on 3 May 2026. You will be able to see it once a professional has released it."; got[0].Says != want {
		t.Errorf("%q", got[0].Says)
	}
	want := "A report from The Cross Surgery arrived on 3 May 2026. You will be able to see it by 10 May 2026 at the latest. A professional may talk to you about it before."
	if got[1].Says != want || got[1].By.Value != "2026-05-10" {
		t.Errorf("%q, by %q", got[1].Says, got[1].By.Value)
	}
}
