package inquiry

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Codes that a refusal carries.
const (
	CodeAsked   = "ALREADY_ASKED"
	CodeTooMany = "TOO_MANY_OPEN"
	CodeState   = "INVALID_STATE_TRANSITION"
)

// Ask asks the organisation of an event why it looked. Residents ask, about events
// of theirs: looks is the door through which they saw it. One event has one open
// inquiry at a time, and a person so many of them; what they ask in their own words
// may be empty.
func (q *Inquiries) Ask(ctx context.Context, by identity.Caller, looks Looks, instance string, seq uint64, words string) (Inquiry, error) {
	if err := q.resident(by); err != nil {
		return Inquiry{}, err
	}
	words, err := textOf(words, MaxWords, "words")
	if err != nil {
		return Inquiry{}, err
	}
	e, err := looks.Access(ctx, instance, seq)
	if err != nil {
		return Inquiry{}, err
	}
	org, err := q.whom(e)
	if err != nil {
		return Inquiry{}, err
	}
	now := q.o.Now().UTC()
	s := stored{Form: form, Instance: instance, Seq: seq, Event: keep(e), Words: words, State: Asked, AskedOf: org, Asked: now, Due: now.Add(q.o.Answer),
		Version: 1, Next: now}
	about := ledger.AuditID(instance, seq)
	for {
		t, rev, err := q.tally(ctx, by.Person)
		if err != nil {
			return Inquiry{}, err
		}
		if err := q.mayAsk(t, about); err != nil {
			return Inquiry{}, err
		}
		s.Round = t.Rounds[about] + 1
		id := about + "." + strconv.Itoa(s.Round)
		t.Rounds[about], t.Open[id] = s.Round, true
		err = q.commit(ctx, by.Person, id, store.Insert, 0, s, t, rev)
		if errs.KindOf(err) == errs.Conflict {
			continue
		}
		if err != nil {
			return Inquiry{}, err
		}
		q.settle(ctx, by.Person, id)
		return s.inquiry(id), nil
	}
}

// whom returns the organisation that answers for an event.
func (q *Inquiries) whom(e ledger.Event) (nhs.ODS, error) {
	switch {
	case e.Kind == identity.Resident:
		return "", errs.New(errs.Unprocessable, "This was done with an account of a person, not by an organisation. If it was not you, log out everywhere and call your GP practice.")
	case e.Org != "":
		return e.Org, nil
	case q.o.Office != "":
		return q.o.Office, nil
	}
	return "", errs.New(errs.Unprocessable, "There is no organisation to ask about this. Call the programme office.")
}

func (q *Inquiries) mayAsk(t tally, about string) error {
	if t.Open[about+"."+strconv.Itoa(t.Rounds[about])] {
		return errs.Coded(errs.Conflict, CodeAsked, "You have asked about this already, and the answer is not there yet.")
	}
	if t.Rounds[about] >= q.o.Again {
		return errs.Coded(errs.Unprocessable, CodeTooMany, "You have asked about this %d times. If the answers do not help, write to the organisation's data protection officer.", q.o.Again)
	}
	if len(t.Open) >= q.o.Open {
		return errs.Coded(errs.Unprocessable, CodeTooMany, "You have %d questions that are not answered yet, which is the most at a time. Wait for an answer, or withdraw one.", q.o.Open)
	}
	return nil
}

// Own returns all inquiries of the resident, the newest first.
func (q *Inquiries) Own(ctx context.Context, by identity.Caller) ([]Inquiry, error) {
	if err := q.resident(by); err != nil {
		return nil, err
	}
	var all []Inquiry
	_, err := q.asked.List(ctx, store.Query{Partition: by.Person}, func(id string, _ uint64, s stored) bool {
		at := len(all)
		for at > 0 && all[at-1].At.Before(s.Asked) {
			at--
		}
		all = append(all, Inquiry{})
		copy(all[at+1:], all[at:])
		all[at] = s.inquiry(id)
		return true
	})
	return all, err
}

// OwnOne returns one inquiry of the resident; what is not theirs is access.Absent.
func (q *Inquiries) OwnOne(ctx context.Context, by identity.Caller, id string) (Inquiry, error) {
	if err := q.resident(by); err != nil {
		return Inquiry{}, err
	}
	s, _, err := q.get(ctx, by.Person, id)
	if err != nil {
		return Inquiry{}, err
	}
	return s.inquiry(id), nil
}

// Close ends an inquiry: the answer is enough, or the resident takes the question
// back. Closing one that is closed changes nothing.
func (q *Inquiries) Close(ctx context.Context, by identity.Caller, id string) (Inquiry, error) {
	if err := q.resident(by); err != nil {
		return Inquiry{}, err
	}
	return q.change(ctx, by.Person, id, func(s *stored) error {
		if s.State == Closed {
			return store.ErrKeep
		}
		s.State, s.Closed = Closed, q.o.Now().UTC()
		return nil
	})
}

// resident refuses everybody but a resident who reads their own record.
func (q *Inquiries) resident(by identity.Caller) error {
	if by.Kind != identity.Resident || by.Person == "" || by.Proofing != identity.P9 || !q.o.Now().Before(by.Expires) {
		return access.Absent()
	}
	return nil
}

// textOf checks what people wrote: some lines of text, and no more than limit.
func textOf(text string, limit int, path string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	bad := func(words string, args ...any) error {
		e, _ := errs.As(errs.New(errs.Invalid, words, args...))
		e.Path = path
		return e
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return "", bad("The text holds characters that cannot be shown.")
	}
	if utf8.RuneCountInString(text) > limit {
		return "", bad("The text is longer than %d characters.", limit)
	}
	return text, nil
}
