package own

import (
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Trend is the values of one test over time, as points and as the geometry of a
// small line in an SVG of Width by Height.
type Trend struct {
	Key     string `json:"key"`
	Title   string `json:"title"`
	Meaning string `json:"meaning,omitempty"`
	Codes   []Code `json:"codes,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Lines   []Line `json:"lines"`
	// Band is the usual range that the latest value was reported with; zero where
	// there is none, or it lies outside the picture.
	Band Band `json:"band,omitzero"`
	// Says is the text equivalent: "5 values from March 2022 to May 2026. ..."
	Says string `json:"says"`
	// LeftOut counts values that are no number or have another unit: they are in
	// the list of results and not in the picture.
	LeftOut int `json:"leftOut"`
}

// Line is one line of a trend; of blood pressure there are two.
type Line struct {
	Name     string  `json:"name,omitempty"`
	Polyline string  `json:"polyline"` // points="..."; one point only when there is one value
	Points   []Point `json:"points"`   // the oldest first
}

// Point is one value.
type Point struct {
	ID    string  `json:"id"` // of the result
	When  Moment  `json:"when"`
	Value string  `json:"value"` // with unit
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Flag  Flag    `json:"flag,omitzero"`
}

// Band is the usual range in the picture.
type Band struct {
	Y      float64 `json:"y"`
	Height float64 `json:"height"`
	Words  string  `json:"words"`
}

// The picture's size, and what is kept free at its edges, in SVG units.
const (
	trendWidth  = 320
	trendHeight = 96
	trendEdge   = 8
)

// TrendOf makes the values over time of the test that the result of that id is of;
// ok is false when there is no such result. An address names the result, since the
// test would be clinical content.
func (r *Reader) TrendOf(entries []Entry, id string) (t Trend, ok bool) {
	for i := range entries {
		if e := &entries[i]; e.ID == id && e.Section == section.Results && e.Resource.Type() == "Observation" {
			return r.Trend(entries, keyOf(e.Resource.Get("code")))
		}
	}
	return Trend{}, false
}

// Trend makes the values of one test over time. key is a Result's Key; ok is false
// when no result has it. Cancelled results and those that may still change are left
// out.
func (r *Reader) Trend(entries []Entry, key string) (t Trend, ok bool) {
	t = Trend{Key: key, Width: trendWidth, Height: trendHeight, Lines: []Line{}}
	var found []Result
	for e := range r.facts(&Page{}, section.Results, entries) {
		if e.typ == "Observation" && hasKey(e.Resource.Get("code"), key) {
			found = append(found, r.result(e))
		}
	}
	if len(found) == 0 {
		return t, false
	}
	soonest(found, func(o *Result) Moment { return o.When })
	last := &found[len(found)-1]
	t.Title, t.Meaning, t.Codes = last.Title, last.Meaning, last.Codes
	t.Unit = last.Unit
	lines := plotted(found, &t)
	t.draw(lines, last)
	t.Says = t.words()
	return t, true
}

func hasKey(code fhir.Node, key string) bool {
	if keyOf(code) == key {
		return true
	}
	for c := range code.Get("coding").Each() {
		if s, ok := strings.CutPrefix(key, c.Get("system").Text()); ok && s == "|"+c.Get("code").Text() {
			return true
		}
	}
	return false
}

// plot is a value to be drawn.
type plot struct {
	Point
	number float64
}

// plotted takes the numbers out of results: one line, or one for each part.
func plotted(found []Result, t *Trend) map[string][]plot {
	lines := map[string][]plot{}
	names := []string{}
	take := func(name, number, unit, value string, o *Result, f Flag) bool {
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || o.When.at.IsZero() || o.Provisional || t.Unit != "" && unit != t.Unit {
			return false
		}
		if t.Unit == "" {
			t.Unit = unit
		}
		if _, there := lines[name]; !there {
			names = append(names, name)
		}
		lines[name] = append(lines[name], plot{Point{ID: o.ID, When: o.When, Value: value, Flag: f}, n})
		return true
	}
	for i := range found {
		o := &found[i]
		taken := take("", o.Number, o.Unit, o.Value, o, o.Flag)
		for _, p := range o.Parts {
			taken = take(p.Title, p.Number, p.Unit, p.Value, o, p.Flag) || taken
		}
		if !taken {
			t.LeftOut++
		}
	}
	for _, name := range names {
		t.Lines = append(t.Lines, Line{Name: name})
	}
	return lines
}

// draw places the points: time from left to right, values from bottom to top.
func (t *Trend) draw(lines map[string][]plot, last *Result) {
	s := scaleOf(lines)
	for i := range t.Lines {
		l := &t.Lines[i]
		var b []byte
		for j, p := range lines[l.Name] {
			p.X, p.Y = s.x(p.When), s.y(p.number)
			l.Points = append(l.Points, p.Point)
			if j > 0 {
				b = append(b, ' ')
			}
			b = strconv.AppendFloat(b, p.X, 'f', -1, 64)
			b = strconv.AppendFloat(append(b, ','), p.Y, 'f', -1, 64)
		}
		l.Polyline = string(b)
	}
	if low, high, ok := bounds(last.Range); ok && len(t.Lines) == 1 {
		top, bottom := s.y(min(high, s.high)), s.y(max(low, s.low))
		if bottom > top {
			t.Band = Band{Y: top, Height: tenth(bottom - top), Words: last.Range}
		}
	}
}

// bounds reads the plain form of usualRange.
func bounds(usual string) (low, high float64, ok bool) {
	s, ok := strings.CutPrefix(usual, "Usual range: ")
	if !ok || strings.Contains(s, ";") {
		return 0, 0, false
	}
	a, b, ok := strings.Cut(s, " to ")
	if !ok {
		return 0, 0, false
	}
	b, _, _ = strings.Cut(strings.TrimSuffix(b, "%"), " ")
	low, err1 := strconv.ParseFloat(a, 64)
	high, err2 := strconv.ParseFloat(b, 64)
	return low, high, err1 == nil && err2 == nil
}
