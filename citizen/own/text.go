package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// plural writes the plural of a noun, of which the last word may be an irregular
// one that this package uses.
func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ay"):
		return noun[:len(noun)-1] + "ies"
	case strings.HasSuffix(noun, "s") || strings.HasSuffix(noun, "x"):
		return noun + "es"
	}
	return noun + "s"
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// add appends texts that are neither empty nor there already.
func add(list []string, texts ...string) []string {
next:
	for _, t := range texts {
		if t == "" {
			continue
		}
		for _, old := range list {
			if old == t {
				continue next
			}
		}
		list = append(list, t)
	}
	return list
}

// paragraphs splits a text at its line breaks.
func paragraphs(s string) []string {
	if s == "" {
		return nil
	}
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// texts returns the strings of an array.
func texts(list fhir.Node) []string {
	var out []string
	for n := range list.Each() {
		out = add(out, n.Text())
	}
	return out
}

// notes returns the texts of Annotations.
func notes(list fhir.Node) []string {
	var out []string
	for n := range list.Each() {
		out = append(out, paragraphs(n.Get("text").Text())...)
	}
	return out
}

// capital writes the first letter large.
func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// small writes the first letter small, unless the word is an abbreviation.
func small(s string) string {
	if len(s) < 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'a' || s[1] > 'z' {
		return s
	}
	return string(s[0]-'A'+'a') + s[1:]
}

// flagged reports whether the value is the literal true.
func flagged(n fhir.Node) bool { return n.Kind() == fhir.Bool && string(n.Raw()) == "true" }

// digits returns a number as it was sent.
func digits(n fhir.Node) string {
	if n.Kind() != fhir.Number {
		return ""
	}
	return string(n.Raw())
}

// extension returns the first extension whose url ends with name, which finds that
// of UK Core, its forerunner Care Connect and their versions alike.
func extension(n fhir.Node, names ...string) fhir.Node {
	for e := range n.Get("extension").Each() {
		url := e.Get("url").Text()
		for _, name := range names {
			if i := strings.LastIndex(url, name); i >= 0 && strings.Trim(url[i+len(name):], "-0123456789.") == "" {
				return e
			}
		}
	}
	return fhir.Node{}
}
