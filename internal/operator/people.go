package operator

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// Choice is a sharing choice as files and the socket have it.
type Choice struct {
	Tier    string    `json:"tier"` // share, emergency-only, none
	Windows []Window  `json:"windows,omitempty"`
	Since   time.Time `json:"since,omitzero"` // told, not set
	By      string    `json:"by,omitzero"`    // told, not set
}

// Window shares for a while though the tier says otherwise: for a period, or for
// one appointment, until a day after it, whenever that is.
type Window struct {
	Org         nhs.ODS   `json:"org,omitzero"`         // none: every organisation
	Appointment string    `json:"appointment,omitzero"` // its id in the record; instead of a period
	From        time.Time `json:"from,omitzero"`        // of an appointment's told, not set
	To          time.Time `json:"to,omitzero"`
}

// Decided is what decided about a person from a moment on, and who set it.
type Decided struct {
	At          time.Time       `json:"at"`
	By          string          `json:"by"`
	Person      record.PersonID `json:"person"` // of joined records, whose
	Choice      Choice          `json:"choice"`
	Restricted  bool            `json:"restricted,omitzero"`
	Sensitive   bool            `json:"sensitive,omitzero"`
	Invalidated bool            `json:"invalidated,omitzero"`
	JoinedTo    record.PersonID `json:"joined_to,omitzero"`
}

// Sensitivity says whether a record is one of staff or of a protected person,
// and which callers may see it nevertheless.
type Sensitivity struct {
	Sensitive bool     `json:"sensitive"`
	Cleared   []string `json:"cleared,omitempty"` // callers, as the ledger names them
}

func (c Choice) parse() (sharing.Choice, error) {
	tier, err := sharing.ParseTier(c.Tier)
	if err != nil {
		return sharing.Choice{}, err
	}
	parsed := sharing.Choice{Tier: tier}
	for _, w := range c.Windows {
		if w.Appointment != "" {
			if !w.To.IsZero() {
				return sharing.Choice{}, errs.New(errs.Invalid, "a window is for an appointment or for a period, not for both")
			}
			parsed.Windows = append(parsed.Windows, sharing.Window{Org: w.Org, Appointment: w.Appointment})
			continue
		}
		if w.From.IsZero() || !w.To.After(w.From) {
			return sharing.Choice{}, errs.New(errs.Invalid, "a window ends after it begins")
		}
		parsed.Windows = append(parsed.Windows, sharing.Window{Org: w.Org, From: w.From.UTC(), To: w.To.UTC()})
	}
	return parsed, nil
}

func choiceOf(c sharing.Choice) Choice {
	told := Choice{Tier: c.Tier.String(), Since: c.Since, By: c.By}
	for _, w := range c.Windows {
		told.Windows = append(told.Windows, Window{Org: w.Org, Appointment: w.Appointment, From: w.From, To: w.To})
	}
	return told
}

// caller is who acts: whom the socket found at its other end, or the operator at
// this machine.
func caller(ctx context.Context) identity.Caller {
	if c := identity.CallerFrom(ctx); c.Kind == identity.Operator {
		return c
	}
	return identity.Caller{Kind: identity.Operator, ID: "operator/local"}
}

// requestID names one operation in the ledger.
func requestID() string { return "op-" + rand.Text() }

// Sharing returns the sharing choice of a person.
func (s *Service) Sharing(ctx context.Context, n nhs.Number) (Choice, error) {
	c, err := s.o.Records.Sharing(ctx, caller(ctx), s.o.Records.PersonOf(n), requestID())
	if err != nil {
		return Choice{}, err
	}
	return choiceOf(c), nil
}

// SharingHistory returns every sharing choice and mark that was set for a person,
// the oldest first.
func (s *Service) SharingHistory(ctx context.Context, n nhs.Number) ([]Decided, error) {
	all, err := s.o.Records.SharingHistory(ctx, caller(ctx), s.o.Records.PersonOf(n), requestID())
	if err != nil {
		return nil, err
	}
	told := make([]Decided, len(all))
	for i, d := range all {
		told[i] = Decided{At: d.At, By: d.By, Person: d.Person, Choice: choiceOf(d.Sharing), Restricted: d.Restricted,
			Sensitive: d.Sensitive, Invalidated: d.Invalidated, JoinedTo: d.JoinedTo}
	}
	return told, nil
}

// SetSharing sets the sharing choice of a person: it holds for every request that
// begins after this returns.
func (s *Service) SetSharing(ctx context.Context, n nhs.Number, c Choice) error {
	parsed, err := c.parse()
	if err != nil {
		return err
	}
	by := caller(ctx)
	parsed.Since, parsed.By = s.o.Now().UTC(), by.ID
	return s.o.Records.SetSharing(ctx, by, s.o.Records.PersonOf(n), parsed, requestID())
}

// SetRestricted sets or takes away the mark of a restricted person (PDS code R).
func (s *Service) SetRestricted(ctx context.Context, n nhs.Number, restricted bool) error {
	return s.o.Records.SetRestricted(ctx, caller(ctx), s.o.Records.PersonOf(n), restricted, requestID())
}

// SetSensitive sets or takes away the mark of a sensitive person.
func (s *Service) SetSensitive(ctx context.Context, n nhs.Number, to Sensitivity) error {
	return s.o.Records.SetSensitive(ctx, caller(ctx), s.o.Records.PersonOf(n), to.Sensitive, to.Cleared, requestID())
}

// SetInvalidated marks a person's NHS number as no longer valid, or takes the mark
// away.
func (s *Service) SetInvalidated(ctx context.Context, n nhs.Number, invalidated bool) error {
	return s.o.Records.SetInvalidated(ctx, caller(ctx), s.o.Records.PersonOf(n), invalidated, requestID())
}

// Join makes two records read as one: from's goes on in into's.
func (s *Service) Join(ctx context.Context, from, into nhs.Number) error {
	if from == into {
		return errs.New(errs.Invalid, "a record cannot be joined to itself")
	}
	joined := s.o.Records.PersonOf(from)
	if err := s.o.Records.Join(ctx, caller(ctx), joined, s.o.Records.PersonOf(into), requestID()); err != nil {
		return err
	}
	return s.endSessions(ctx, joined)
}

// Split takes a joined record out of another again.
func (s *Service) Split(ctx context.Context, from, out nhs.Number) error {
	return s.o.Records.Split(ctx, caller(ctx), s.o.Records.PersonOf(from), s.o.Records.PersonOf(out), requestID())
}
