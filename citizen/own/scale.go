package own

import (
	"math"
	"time"
)

// scale places times and values in the picture of a trend.
type scale struct {
	from, to  time.Time
	low, high float64
}

func scaleOf(lines map[string][]plot) scale {
	s := scale{low: math.Inf(1), high: math.Inf(-1)}
	for _, line := range lines {
		for _, p := range line {
			if s.from.IsZero() || p.When.at.Before(s.from) {
				s.from = p.When.at
			}
			if p.When.at.After(s.to) {
				s.to = p.When.at
			}
			s.low, s.high = min(s.low, p.number), max(s.high, p.number)
		}
	}
	return s
}

// x is in the middle when there is one moment only.
func (s scale) x(m Moment) float64 {
	const width = trendWidth - 2*trendEdge
	whole := s.to.Sub(s.from)
	if whole <= 0 {
		return trendWidth / 2
	}
	return tenth(trendEdge + width*float64(m.at.Sub(s.from))/float64(whole))
}

// y is in the middle when all values are the same.
func (s scale) y(v float64) float64 {
	const height = trendHeight - 2*trendEdge
	if s.high <= s.low {
		return trendHeight / 2
	}
	return tenth(trendEdge + height*(s.high-v)/(s.high-s.low))
}

func tenth(v float64) float64 { return math.Round(v*10) / 10 }

// words is the text equivalent of the picture.
func (t *Trend) words() string {
	if len(t.Lines) == 0 {
		return "There are no values that can be drawn as a line."
	}
	var s string
	for _, l := range t.Lines {
		if s != "" {
			s += " "
		}
		s += l.words()
	}
	if t.LeftOut > 0 {
		s += " " + capital(count(t.LeftOut, "value")) + " could not be drawn: see the list."
	}
	return s
}

func (l *Line) words() string {
	name := ""
	if l.Name != "" {
		name = l.Name + ": "
	}
	first, last := l.Points[0], l.Points[len(l.Points)-1]
	if len(l.Points) == 1 {
		return name + "1 value, " + last.Value + " " + last.When.on() + "."
	}
	low, high := first, first
	for _, p := range l.Points {
		if p.Y > low.Y {
			low = p
		}
		if p.Y < high.Y {
			high = p
		}
	}
	s := name + count(len(l.Points), "value") + " from " + first.When.date() + " to " + last.When.date() + ". The latest is " + last.Value
	if last.Flag.Level != "" {
		s += " (" + small(last.Flag.Words) + ")"
	}
	s += "; the one before was " + l.Points[len(l.Points)-2].Value + ". "
	if low.Value == high.Value {
		return s + "All are the same."
	}
	return s + "The lowest was " + low.Value + " " + low.When.on() + ", the highest " + high.Value + " " + high.When.on() + "."
}
