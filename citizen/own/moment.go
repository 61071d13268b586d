package own

import (
	"strconv"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// Moment is a date or time at the precision at which it was recorded: 2024-03 is
// "March 2024" and never the first of March. Times are those of London.
type Moment struct {
	Value string `json:"value"`          // as recorded, or RFC 3339
	Text  string `json:"text"`           // "12 December 2026", "12 December 2026 at 9:30am"
	Zone  string `json:"zone,omitempty"` // GMT or BST, where there is a time

	at, until time.Time // the first instant that it may be, and the first that it may not be any more
	timed     bool
}

// At returns the first instant that the moment may be, for ordering; zero when
// nothing is recorded.
func (m Moment) At() time.Time { return m.at }

// IsZero reports whether nothing is recorded.
func (m Moment) IsZero() bool { return m.Value == "" }

// String is Text, so that a template may print a Moment as it is.
func (m Moment) String() string { return m.Text }

// moment reads a date, dateTime or instant.
func (r *Reader) moment(n fhir.Node) Moment { return r.momentOf(n.Text()) }

// momentOf reads what FHIR writes. What is no date is shown as it was sent.
func (r *Reader) momentOf(s string) Moment {
	if s == "" {
		return Moment{}
	}
	low, high, err := fhir.ParseDate(s)
	if err != nil {
		return Moment{Value: s, Text: s}
	}
	m := Moment{Value: s}
	y, mo, d := low.Date()
	switch len(s) {
	case len("2006"):
		m.Text = strconv.Itoa(y)
	case len("2006-01"):
		m.Text = mo.String() + " " + strconv.Itoa(y)
	case len("2006-01-02"):
		m.Text = dayText(y, mo, d)
	default:
		m.setTime(low.In(r.london))
		m.until = high
		return m
	}
	m.at = time.Date(y, mo, d, 0, 0, 0, 0, r.london)
	y, mo, d = high.Date()
	m.until = time.Date(y, mo, d, 0, 0, 0, 0, r.london)
	return m
}

// instant is the moment t, to the minute in words.
func (r *Reader) instant(t time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	m := Moment{Value: t.UTC().Format(time.RFC3339)}
	m.setTime(t.In(r.london))
	m.until = t.Add(time.Second)
	return m
}

// setTime sets all but Value of a moment with a time of day.
func (m *Moment) setTime(t time.Time) {
	m.at, m.timed = t, true
	m.Zone, _ = t.Zone()
	y, mo, d := t.Date()
	m.Text = dayText(y, mo, d) + " at " + clockOf(t)
}

// clockOf is the time of day in the style of the NHS. In the hour that there is
// twice when the clocks go back it says which one.
func clockOf(t time.Time) string {
	h, m, _ := t.Clock()
	s := clockText(h, m)
	if h == 1 && (t.Add(time.Hour).Hour() == 1 || t.Add(-time.Hour).Hour() == 1) {
		zone, _ := t.Zone()
		s += " " + zone
	}
	return s
}

// dayText writes 12 December 2026.
func dayText(y int, m time.Month, d int) string {
	return strconv.Itoa(d) + " " + m.String() + " " + strconv.Itoa(y)
}

// clockText writes 9:30am, 9am, midday and midnight.
func clockText(h, m int) string {
	if m == 0 && h == 0 {
		return "midnight"
	}
	if m == 0 && h == 12 {
		return "midday"
	}
	half := "am"
	if h >= 12 {
		half = "pm"
	}
	if h = h % 12; h == 0 {
		h = 12
	}
	s := strconv.Itoa(h)
	if m > 0 {
		s += ":" + string([]byte{byte('0' + m/10), byte('0' + m%10)})
	}
	return s + half
}

// weekday writes Tuesday 3 May 2026; of a moment less exact than a day, its Text.
func (m Moment) weekday() string {
	if !m.timed && len(m.Value) != len("2006-01-02") || m.at.IsZero() {
		return m.Text
	}
	y, mo, d := m.at.Date()
	return m.at.Weekday().String() + " " + dayText(y, mo, d)
}

// clock writes the time of day of a moment that has one.
func (m Moment) clock() string {
	if !m.timed {
		return ""
	}
	return clockOf(m.at)
}

// date writes the moment without its time of day.
func (m Moment) date() string {
	if !m.timed {
		return m.Text
	}
	y, mo, d := m.at.Date()
	return dayText(y, mo, d)
}

// on writes "on 3 May 2026", "in March 2024" or "in 2024".
func (m Moment) on() string {
	if !m.timed && len(m.Value) < len("2006-01-02") {
		return "in " + m.Text
	}
	return "on " + m.date()
}

// year is the year in London, or 0.
func (m Moment) year() int {
	if m.at.IsZero() {
		return 0
	}
	return m.at.Year()
}

// ahead reports whether the moment is not over at now.
func (m Moment) ahead(now time.Time) bool { return m.until.After(now) }

// period reads a Period.
func (r *Reader) period(n fhir.Node) (start, end Moment) {
	return r.moment(n.Get("start")), r.moment(n.Get("end"))
}

// choice reads the date of a choice element: nameDateTime, else namePeriod's
// start, else nameInstant or nameDate.
func (r *Reader) choice(n fhir.Node, name string) Moment {
	for _, t := range []string{"DateTime", "Date", "Instant"} {
		if d := n.Get(name + t); d.Exists() {
			return r.moment(d)
		}
	}
	p := n.Get(name + "Period")
	if s := p.Get("start"); s.Exists() {
		return r.moment(s)
	}
	return r.moment(p.Get("end"))
}

// span writes the time from start to end.
func span(start, end Moment) string {
	switch {
	case start.IsZero() && end.IsZero():
		return ""
	case end.IsZero():
		return start.Text
	case start.IsZero():
		return "until " + end.Text
	case start.Text == end.Text:
		return start.Text
	case start.timed && end.timed && start.date() == end.date():
		return start.Text + " to " + end.clock()
	}
	return start.Text + " to " + end.Text
}

// length writes how long it is from start to end.
func length(start, end Moment) string {
	if !start.timed || !end.timed || !end.at.After(start.at) {
		return ""
	}
	minutes := int(end.at.Sub(start.at).Minutes())
	switch h, m := minutes/60, minutes%60; {
	case minutes == 0 || h >= 24:
		return ""
	case h == 0:
		return count(m, "minute")
	case m == 0:
		return count(h, "hour")
	default:
		return count(h, "hour") + " " + count(m, "minute")
	}
}

// nights counts the nights between two days that are known.
func nights(start, end Moment) string {
	if start.at.IsZero() || end.at.IsZero() || len(start.Value) < 10 || len(end.Value) < 10 {
		return ""
	}
	n := int(dayNumber(end.at) - dayNumber(start.at))
	if n <= 0 {
		return ""
	}
	return count(n, "night")
}

// dayNumber counts days, so that the hours of a change of clocks make no difference.
func dayNumber(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}

// count writes "1 night" and "2 nights".
func count(n int, noun string) string {
	if n != 1 {
		noun = plural(noun)
	}
	return number(n) + " " + noun
}

// number writes 12,345.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
