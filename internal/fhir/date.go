package fhir

import (
	"errors"
	"time"
)

// errDate does not say which date.
var errDate = errors.New("not a FHIR date: write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone")

// ParseDate reads a FHIR date, dateTime or instant as the stretch of time that
// its precision leaves open: from low up to, not including, high. A date
// without a time is that of UTC.
func ParseDate(s string) (low, high time.Time, err error) {
	d, ok := scanDate(s)
	if !ok {
		return time.Time{}, time.Time{}, errDate
	}
	low, high = d.bounds()
	return low, high, nil
}

// precision is how much of a date is there.
type precision uint8

const (
	byYear precision = iota + 1
	byMonth
	byDay
	bySecond
	byFraction
)

// date is a date, dateTime or instant taken apart.
type date struct {
	year, month, day int
	clock            clock
	zone             int // seconds east of UTC
	precision        precision
}

type clock struct {
	hour, minute, second int
	nanos                int
	unit                 int // nanoseconds that the last digit stands for; 0 without a fraction
}

func (d date) bounds() (low, high time.Time) {
	c := d.clock
	low = time.Date(d.year, time.Month(max(d.month, 1)), max(d.day, 1), c.hour, c.minute, c.second, c.nanos, time.UTC)
	switch d.precision {
	case byYear:
		return low, low.AddDate(1, 0, 0)
	case byMonth:
		return low, low.AddDate(0, 1, 0)
	case byDay:
		return low, low.AddDate(0, 0, 1)
	}
	low = low.Add(-time.Duration(d.zone) * time.Second)
	if d.precision == byFraction {
		return low, low.Add(time.Duration(c.unit))
	}
	return low, low.Add(time.Second)
}

// scanDate reads what a FHIR dateTime may be. Days must be in the calendar.
func scanDate[T string | []byte](s T) (d date, ok bool) {
	if len(s) < 4 {
		return d, false
	}
	if d.year, ok = digits(s[:4]); !ok || d.year == 0 {
		return d, false
	}
	if d.precision = byYear; len(s) == 4 {
		return d, true
	}
	if len(s) < 7 || s[4] != '-' {
		return d, false
	}
	if d.month, ok = digits(s[5:7]); !ok || d.month < 1 || d.month > 12 {
		return d, false
	}
	if d.precision = byMonth; len(s) == 7 {
		return d, true
	}
	if len(s) < 10 || s[7] != '-' {
		return d, false
	}
	if d.day, ok = digits(s[8:10]); !ok || d.day < 1 || d.day > daysIn(d.year, d.month) {
		return d, false
	}
	if d.precision = byDay; len(s) == 10 {
		return d, true
	}
	if s[10] != 'T' {
		return d, false
	}
	var n int
	if d.clock, n, ok = scanClock(s[11:]); !ok {
		return d, false
	}
	d.precision = bySecond
	if d.clock.unit > 0 {
		d.precision = byFraction
	}
	d.zone, ok = scanZone(s[11+n:])
	return d, ok
}

// scanClock reads hh:mm:ss with or without a fraction and returns its length.
func scanClock[T string | []byte](s T) (c clock, n int, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return c, 0, false
	}
	var ok1, ok2, ok3 bool
	c.hour, ok1 = digits(s[:2])
	c.minute, ok2 = digits(s[3:5])
	c.second, ok3 = digits(s[6:8]) // 60 is a leap second
	if !ok1 || !ok2 || !ok3 || c.hour > 23 || c.minute > 59 || c.second > 60 {
		return c, 0, false
	}
	if n = 8; len(s) == n || s[n] != '.' {
		return c, n, true
	}
	unit := int(time.Second)
	for n = 9; n < len(s) && s[n]-'0' <= 9; n++ {
		if unit > 1 { // more than nanoseconds is legal and cut off
			unit /= 10
			c.nanos += int(s[n]-'0') * unit
		}
	}
	c.unit = unit
	return c, n, n > 9
}

func scanZone[T string | []byte](s T) (seconds int, ok bool) {
	if len(s) == 1 && s[0] == 'Z' {
		return 0, true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return 0, false
	}
	h, ok1 := digits(s[1:3])
	m, ok2 := digits(s[4:6])
	if !ok1 || !ok2 || m > 59 || h > 14 || h == 14 && m > 0 {
		return 0, false
	}
	seconds = h*3600 + m*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func digits[T string | []byte](s T) (v int, ok bool) {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return 0, false
		}
		v = v*10 + int(s[i]-'0')
	}
	return v, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
