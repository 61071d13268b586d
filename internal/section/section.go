// Package section names the parts of a record that are the unit of permission
// for roles, mandates, agreements and holds.
package section

import (
	"iter"
	"math/bits"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// Section is one part of a record. The zero Section is no part of any.
type Section uint8

// The sections. Their order is stored: add at the end.
const (
	_ Section = iota
	Demographics
	Contacts
	Alerts
	Allergies
	Problems
	Medicines
	Immunisations
	Results
	Appointments
	Encounters
	Letters
	CarePlans
	SocialCare
	AboutMe
	Contributions
	end
)

var names = [...]string{"none", "demographics", "contacts", "alerts", "allergies", "problems", "medicines", "immunisations",
	"results", "appointments", "encounters", "letters", "care-plans", "social-care", "about-me", "contributions"}

func (s Section) String() string {
	if s >= end {
		return names[0]
	}
	return names[s]
}

// Parse returns the section of that name.
func Parse(name string) (Section, error) {
	for i := Demographics; i < end; i++ {
		if names[i] == name {
			return i, nil
		}
	}
	return 0, errs.New(errs.Invalid, "there is no such section; the sections are %s", strings.Join(names[1:], " "))
}

// Set is a set of sections; the zero Set is empty.
type Set uint32

// All holds every section.
const All Set = 1<<end - 2

// Of returns the set of the given sections.
func Of(ss ...Section) Set {
	var set Set
	for _, s := range ss {
		set |= 1 << s
	}
	return set &^ 1
}

// Has reports whether s is in the set.
func (set Set) Has(s Section) bool { return s != 0 && set&(1<<s) != 0 }

// Len returns how many sections are in the set.
func (set Set) Len() int { return bits.OnesCount32(uint32(set)) }

// Each yields the sections in order.
func (set Set) Each() iter.Seq[Section] {
	return func(yield func(Section) bool) {
		for s := Demographics; s < end; s++ {
			if set.Has(s) && !yield(s) {
				return
			}
		}
	}
}

// String lists the names, separated by spaces.
func (set Set) String() string { return string(set.Append(nil)) }

// Append appends String's text to dst.
func (set Set) Append(dst []byte) []byte {
	first := true
	for s := Demographics; s < end; s++ {
		if !set.Has(s) {
			continue
		}
		if !first {
			dst = append(dst, ' ')
		}
		dst, first = append(dst, names[s]...), false
	}
	return dst
}

// ParseSet reads what String writes.
func ParseSet(text string) (Set, error) {
	var set Set
	for name := range strings.FieldsSeq(text) {
		s, err := Parse(name)
		if err != nil {
			return 0, err
		}
		set |= Of(s)
	}
	return set, nil
}
