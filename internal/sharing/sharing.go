// Package sharing is the person's choice about who sees their record: pure
// functions over dated decisions. RULES 2.
package sharing

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Tier is how far a record is shared. Stored: add at the end. The zero Tier is a
// choice that was not read, and shares nothing.
type Tier uint8

// Tiers.
const (
	Unknown       Tier = iota
	Share              // the default
	EmergencyOnly      // professionals only by break-glass for an emergency or safeguarding
	None               // sealed: no professional at all
)

// Window shares for a period, with one organisation or all, though the tier says
// otherwise. A window for one appointment ends 24 hours after it.
type Window struct {
	Org         nhs.ODS // empty: every organisation
	Appointment string  // entry id of the appointment it was opened for; may be empty
	From, To    time.Time
}

// Choice is a person's sharing choice as it stands.
type Choice struct {
	Tier    Tier
	Windows []Window
	Since   time.Time
	By      string // who set it
}

// Default is the choice of a person who made none.
func Default() Choice { return Choice{Tier: Share} }

// For returns the tier that holds for org at now.
func (c Choice) For(org nhs.ODS, now time.Time) Tier {
	if c.Tier == Share || c.Tier == Unknown {
		return c.Tier
	}
	for _, w := range c.Windows {
		if (w.Org == "" || w.Org == org) && !now.Before(w.From) && now.Before(w.To) {
			return Share
		}
	}
	return c.Tier
}

// Stricter returns the stricter of two choices, window by window: joined people
// read as one under it.
func Stricter(a, b Choice) Choice {
	if rank(b.Tier) > rank(a.Tier) {
		return b
	}
	if rank(a.Tier) > rank(b.Tier) {
		return a
	}
	a.Windows = intersect(a.Windows, b.Windows)
	return a
}

func rank(t Tier) int {
	if t == Unknown {
		return int(None) + 1
	}
	return int(t)
}

func intersect(a, b []Window) []Window {
	var both []Window
	for _, x := range a {
		for _, y := range b {
			w := x
			if x.Org != "" && y.Org != "" && x.Org != y.Org {
				continue
			}
			if w.Org == "" {
				w.Org = y.Org
			}
			if y.From.After(w.From) {
				w.From = y.From
			}
			if y.To.Before(w.To) {
				w.To = y.To
			}
			if w.From.Before(w.To) {
				both = append(both, w)
			}
		}
	}
	return both
}
