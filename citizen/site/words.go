package site

import (
	"strings"
	"time"
)

// day says a day as people here write it.
func (s *Site) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.london).Format("2 January 2006")
}

// at says a day and a time: "3 May 2026 at 9:30am".
func (s *Site) at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(s.london)
	return t.Format("2 January 2006") + " at " + clock(t)
}

// on is at with the day of the week: "Tuesday 3 May 2026 at 9:30am".
func (s *Site) on(t time.Time) string {
	return t.In(s.london).Format("Monday ") + s.at(t)
}

func clock(t time.Time) string {
	switch {
	case t.Hour() == 0 && t.Minute() == 0:
		return "midnight"
	case t.Hour() == 12 && t.Minute() == 0:
		return "midday"
	}
	return strings.Replace(t.Format("3:04pm"), ":00", "", 1)
}

// paragraphs are a text's, without those that are empty.
func paragraphs(text string) []string {
	var out []string
	for _, p := range strings.Split(text, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
