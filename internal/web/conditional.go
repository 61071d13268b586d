package web

import (
	"bytes"
	"strings"
	"time"
)

// AppendETag appends the weak entity tag of a version.
func AppendETag(dst []byte, version string) []byte {
	dst = append(dst, `W/"`...)
	dst = append(dst, version...)
	return append(dst, '"')
}

// Matches reports whether the value of an If-None-Match header names the version.
// Comparison is weak, as RFC 9110 says.
func Matches(header []byte, version string) bool {
	for len(header) > 0 {
		tag, rest, _ := bytes.Cut(header, []byte{','})
		header, tag = rest, bytes.TrimSpace(tag)
		if len(tag) == 1 && tag[0] == '*' {
			return true
		}
		tag = bytes.TrimPrefix(tag, []byte("W/"))
		if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' && string(tag[1:len(tag)-1]) == version {
			return true
		}
	}
	return false
}

// AppendHTTPDate appends t as HTTP writes it, without the cost of a layout.
func AppendHTTPDate(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(dst, t.Weekday().String()[:3]...)
	dst = append(dst, ',', ' ')
	dst = two(dst, day)
	dst = append(dst, ' ')
	dst = append(dst, month.String()[:3]...)
	dst = append(dst, ' ')
	dst = two(two(dst, year/100), year%100)
	dst = append(dst, ' ')
	dst = append(two(dst, hour), ':')
	dst = append(two(dst, minute), ':')
	return append(two(dst, second), " GMT"...)
}

// AppendInstant appends t as a FHIR instant to the millisecond, in UTC.
func AppendInstant(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	milli := t.Nanosecond() / int(time.Millisecond)
	dst = append(two(two(dst, year/100), year%100), '-')
	dst = append(two(dst, int(month)), '-')
	dst = append(two(dst, day), 'T')
	dst = append(two(dst, hour), ':')
	dst = append(two(dst, minute), ':')
	dst = append(two(dst, second), '.')
	return append(dst, byte('0'+milli/100), byte('0'+milli/10%10), byte('0'+milli%10), 'Z')
}

func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

// Accepts reports whether the value of an Accept header takes one of the given
// media types, which are in lower case. Nothing sent takes everything.
func Accepts(header string, types ...string) bool {
	if strings.TrimSpace(header) == "" {
		return true
	}
	for part := range strings.SplitSeq(header, ",") {
		media, params, _ := strings.Cut(part, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		if refused(params) {
			continue
		}
		for _, t := range types {
			group, _, _ := strings.Cut(t, "/")
			if media == t || media == "*/*" || media == group+"/*" {
				return true
			}
		}
	}
	return false
}

// refused reports whether a media range's parameters give it no weight.
func refused(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") && strings.Trim(value, "0.") == "" && value != "" {
			return true
		}
	}
	return false
}

// MediaType returns the media type of a Content-Type header in lower case, without
// its parameters, and whether its charset, if it names one, is UTF-8.
func MediaType(header string) (media string, utf8 bool) {
	media, params, _ := strings.Cut(header, ";")
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "charset") && !strings.EqualFold(strings.Trim(value, `"`), "utf-8") {
			return "", false
		}
	}
	return strings.ToLower(strings.TrimSpace(media)), true
}
