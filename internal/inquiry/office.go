package inquiry

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Group is a part of an organisation's list.
type Group uint8

// Groups.
const (
	Open       Group = iota // asked and seen: the oldest first
	IsAnswered              // the newest first
	IsClosed                // the newest first
)

func groupOf(s State) Group {
	switch s {
	case Answered:
		return IsAnswered
	case Closed:
		return IsClosed
	}
	return Open
}

// Item is an inquiry in the list of the organisation that was asked: no names and
// no words.
type Item struct {
	Ref      string
	State    State
	At       time.Time // when it was asked
	Due      time.Time
	Answered time.Time
	Soon     bool // due before long: the reminder
	Late     bool // overdue
	Version  uint64
}

// Question is an inquiry as the organisation's privacy officer sees it: what was
// asked about, the person's words, and their name, so that the officer can find out
// and answer. Nothing of the record.
type Question struct {
	Ref  string
	Name string // of the person who asks
	Soon bool   // due before long
	Inquiry
}

// List returns a page of the inquiries that the caller's own organisation was
// asked, and the cursor of the next, or "". For its privacy officer only; an event
// about no person.
func (q *Inquiries) List(ctx context.Context, by identity.Caller, g Group, cursor string, limit int, requestID string) ([]Item, string, error) {
	after, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "This page link is not one of ours: begin from the first page.")
	}
	if len(after) == 0 {
		after = nil
	}
	f := access.Facts{Caller: by, AskedOf: by.Org, Known: true}
	if err := q.decide(ctx, f, "", "list of inquiries", requestID); err != nil {
		return nil, "", err
	}
	now := q.o.Now()
	items := []Item{}
	next, err := q.mirrors.List(ctx, store.Query{Partition: string(by.Org), Index: byGroup, Equal: []store.Value{store.Num(int64(g))},
		Reverse: g != Open, After: after, Limit: limit}, func(ref string, _ uint64, m mirror) bool {
		due := m.State.open()
		items = append(items, Item{Ref: ref, State: m.State, At: m.Asked, Due: m.Due, Answered: m.Answered, Version: m.Version,
			Soon: due && !now.Before(m.Due.Add(-q.o.Remind)), Late: due && !now.Before(m.Due)})
		return true
	})
	return items, base64.RawURLEncoding.EncodeToString(next), err
}

// See returns one inquiry to the privacy officer of the organisation that was asked;
// one that was not asked of it is access.Absent.
func (q *Inquiries) See(ctx context.Context, by identity.Caller, ref, requestID string) (Question, error) {
	person, id, s, err := q.door(ctx, by, ref, "inquiry read", requestID)
	if err != nil {
		return Question{}, err
	}
	return q.question(ctx, ref, person, s.inquiry(id))
}

// MarkSeen tells the person that their question is being looked into. version is
// that which the officer saw.
func (q *Inquiries) MarkSeen(ctx context.Context, by identity.Caller, ref string, version uint64, requestID string) (Question, error) {
	return q.move(ctx, by, ref, version, "inquiry seen", requestID, func(s *stored) error {
		switch s.State {
		case Seen:
			return store.ErrKeep
		case Asked:
			s.State, s.Seen = Seen, q.o.Now().UTC()
			return nil
		}
		return errs.Coded(errs.Unprocessable, CodeState, "This question is %s: it cannot be marked as seen.", s.State)
	})
}

// Answer answers an inquiry, once: what was answered stays, and the person may ask
// again. version is that which the officer saw.
func (q *Inquiries) Answer(ctx context.Context, by identity.Caller, ref string, version uint64, answer, requestID string) (Question, error) {
	answer, err := textOf(answer, MaxAnswer, "answer")
	if err != nil {
		return Question{}, err
	}
	if answer == "" {
		return Question{}, &errs.Error{Kind: errs.Invalid, Message: "Write an answer.", Path: "answer"}
	}
	return q.move(ctx, by, ref, version, "inquiry answered", requestID, func(s *stored) error {
		if !s.State.open() {
			return errs.Coded(errs.Unprocessable, CodeState, "This question is %s: it cannot be answered.", s.State)
		}
		now := q.o.Now().UTC()
		if s.Seen.IsZero() {
			s.Seen = now
		}
		s.State, s.Answer, s.Answered = Answered, answer, now
		s.By, s.ByName, s.ByRole = by.ID, by.Name, uint8(by.Role)
		return nil
	})
}

// move changes an inquiry for its privacy officer.
func (q *Inquiries) move(ctx context.Context, by identity.Caller, ref string, version uint64, what, requestID string, f func(*stored) error) (Question, error) {
	person, id, _, err := q.door(ctx, by, ref, what, requestID)
	if err != nil {
		return Question{}, err
	}
	inquiry, err := q.change(ctx, person, id, func(s *stored) error {
		if s.Version != version {
			return errs.New(errs.Precondition, "The question was changed since you read it: read it again.")
		}
		return f(s)
	})
	if err != nil {
		return Question{}, err
	}
	return q.question(ctx, ref, person, inquiry)
}

func (q *Inquiries) question(ctx context.Context, ref, person string, i Inquiry) (Question, error) {
	name, err := q.o.People.NameOf(ctx, person)
	if errs.KindOf(err) == errs.NotFound {
		err = nil // not known by a name any more: the question stands
	}
	soon := i.State.open() && !q.o.Now().Before(i.Due.Add(-q.o.Remind))
	return Question{Ref: ref, Name: name, Soon: soon, Inquiry: i}, err
}

// door decides whether the caller may see or answer an inquiry. Nothing of it is
// shown or changed before the decision is in the ledger.
func (q *Inquiries) door(ctx context.Context, by identity.Caller, ref, what, requestID string) (person, id string, s stored, err error) {
	person, id, ok := cutRef(ref)
	if ok {
		s, _, err = q.get(ctx, person, id)
		if ok = err == nil; !ok && errs.KindOf(err) != errs.NotFound {
			return "", "", s, err
		}
	}
	f := access.Facts{Caller: by, AskedOf: s.AskedOf, Known: ok}
	whose := person
	if !ok {
		whose = "" // a made-up reference may be anything
	}
	return person, id, s, q.decide(ctx, f, whose, what, requestID)
}

// MayAnswer tells whether List would allow it: for a menu. Nothing is shown or changed
// by that, so the ledger is not told.
func (q *Inquiries) MayAnswer(ctx context.Context, by identity.Caller) (bool, error) {
	g, err := q.grant(ctx, &access.Facts{Caller: by, AskedOf: by.Org, Known: true})
	return err == nil && g.Outcome == access.Allowed, err
}

// grant completes the facts, and decides.
func (q *Inquiries) grant(ctx context.Context, f *access.Facts) (access.Grant, error) {
	f.Now, f.Action = q.o.Now(), access.Answering
	var err error
	if f.Agreement, err = q.o.Partners.Agreement(ctx, f.Caller.Org); err != nil {
		return access.Grant{}, err
	}
	return access.Decide(*f), nil
}

// decide completes the facts, and returns once the decision is durable.
func (q *Inquiries) decide(ctx context.Context, f access.Facts, person, what, requestID string) error {
	c := &f.Caller
	g, err := q.grant(ctx, &f)
	if err != nil {
		return err
	}
	_, err = q.o.Ledger.Append(ctx, &ledger.Event{Time: f.Now, Request: requestID, Kind: c.Kind, Caller: c.ID, Name: c.Name, Role: c.Role, Org: c.Org,
		Client: c.Client, Action: f.Action, Outcome: g.Outcome, Basis: g.Basis, Person: person, What: what})
	if err != nil {
		return err
	}
	return g.Err()
}
