// Package sharing is the person's choice about who sees their record: pure
// functions over dated decisions. RULES 2.
package sharing

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
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
	endTier
)

var tiers = [...]string{"unknown", "share", "emergency-only", "none"}

func (t Tier) String() string {
	if t >= endTier {
		return tiers[Unknown]
	}
	return tiers[t]
}

// ParseTier returns the tier of that name, which a person may choose.
func ParseTier(name string) (Tier, error) {
	for t := Share; t < endTier; t++ {
		if tiers[t] == name {
			return t, nil
		}
	}
	return Unknown, errs.New(errs.Invalid, "the sharing choice is one of share, emergency-only and none")
}

// Window shares for a period, with one organisation or all, though the tier says
// otherwise. A window for one appointment has no end of its own: it opens nothing
// before Choice.Resolve has been told until when the appointment keeps it open.
type Window struct {
	Org         nhs.ODS // empty: every organisation
	Appointment string  // id of the appointment that it was opened for; may be empty
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

// For returns the tier that holds for org at now. A window includes its first
// moment and not its last. Windows open nothing in a choice that was not read, or
// that this program does not know.
func (c Choice) For(org nhs.ODS, now time.Time) Tier {
	switch c.Tier {
	case Share:
		return Share
	case EmergencyOnly, None:
	default:
		return Unknown
	}
	for _, w := range c.Windows {
		if w.Appointment == "" && (w.Org == "" || w.Org == org) && !now.Before(w.From) && now.Before(w.To) {
			return Share
		}
	}
	return c.Tier
}

// Appointments returns the ids of the appointments that windows were opened for,
// where a window matters at all.
func (c Choice) Appointments() []string {
	if c.Tier == Share {
		return nil
	}
	var ids []string
	for _, w := range c.Windows {
		if w.Appointment != "" {
			ids = append(ids, w.Appointment)
		}
	}
	return ids
}

// Resolve returns the choice as it is at a moment at which until tells of each
// appointment when what was opened for it ends. The window of one that it does not
// name is shut.
func (c Choice) Resolve(until map[string]time.Time) Choice {
	windows := make([]Window, 0, len(c.Windows))
	for _, w := range c.Windows {
		if w.Appointment != "" {
			w.To = until[w.Appointment] // absent: the zero time, which is past
			w.Appointment = ""
		}
		windows = append(windows, w)
	}
	c.Windows = windows
	return c
}

// Stricter returns the stricter of two choices: joined people read as one under
// it. At no time and for no organisation does it share what either does not. Windows
// for appointments last only if the other shares: two cannot be made one.
func Stricter(a, b Choice) Choice {
	if rank(b.Tier) > rank(a.Tier) {
		a, b = b, a
	}
	if b.Tier != Share { // else b says nothing
		a.Windows = intersect(a.Windows, b.Windows)
	}
	return a
}

// rank orders tiers by strictness; what is not known is the strictest.
func rank(t Tier) int {
	if t == Unknown {
		return int(endTier)
	}
	return int(t)
}

func intersect(a, b []Window) []Window {
	var both []Window
	for _, x := range a {
		for _, y := range b {
			w := x
			if x.Appointment != "" || y.Appointment != "" {
				continue
			}
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
