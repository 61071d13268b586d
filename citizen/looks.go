package citizen

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/inquiry"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Look is an event of the access ledger in the words of whose record it is about.
type Look struct {
	ID string `json:"id"`
	ledger.Told
	Sentence string `json:"sentence"`
	Asked    string `json:"asked,omitzero"` // id of the newest question that was asked about it
}

// LooksQuery asks for a page of who looked: at most Limit events, the newest first, from
// a cursor on; "" begins.
type LooksQuery struct {
	Whose  Whose
	Cursor string
	Limit  int
}

// Looks is a page of who looked.
type Looks struct {
	Looks []Look
	Next  string
	// LookedThrough is set where the page is shorter than asked for, and not the last,
	// because so many events in a row were not of those that were asked for.
	LookedThrough int
}

// Looks returns events about the caller's record. That the caller looked is the newest of
// them.
func (s *Service) Looks(ctx context.Context, c identity.Caller, requestID string, q LooksQuery) (Looks, error) {
	a, err := s.accesses(ctx, c, requestID)
	if err != nil {
		return Looks{}, err
	}
	tell := s.teller(ctx, c)
	page, err := tell.page(a, q)
	if err != nil {
		return Looks{}, err
	}
	asked, err := s.asked(ctx, c)
	if err != nil {
		return Looks{}, err
	}
	out := Looks{Looks: make([]Look, 0, len(page.events)), Next: page.next, LookedThrough: page.cut}
	for _, e := range page.events {
		id := ledger.AuditID(e.Instance, e.Seq)
		out.Looks = append(out.Looks, tell.look(id, e.Event, asked[id]))
	}
	return out, tell.fault
}

// page reads the events that are asked for.
func (t *teller) page(a *record.Accesses, q LooksQuery) (picked, error) {
	if q.Whose == LooksOfAll {
		events, next, err := a.Page(t.ctx, q.Cursor, q.Limit)
		return picked{events: events, next: next}, err
	}
	return pick(t.ctx, a, q.Cursor, q.Limit, func(e *ledger.Event) bool { return t.to.Own(e) == (q.Whose == LooksOfOwn) })
}

func (s *Service) accesses(ctx context.Context, c identity.Caller, requestID string) (*record.Accesses, error) {
	return s.o.Records.OpenAccesses(ctx, c, record.PersonID(c.Person), requestID)
}

// asked returns the newest question about each event that there is one of.
func (s *Service) asked(ctx context.Context, c identity.Caller) (map[string]string, error) {
	all, err := s.o.Inquiries.Own(ctx, c)
	out := make(map[string]string, len(all))
	for i := len(all) - 1; i >= 0; i-- { // the newest are first, and so win
		out[ledger.AuditID(all[i].Instance, all[i].Seq)] = all[i].ID
	}
	return out, err
}

// teller tells events to the caller, and remembers what organisations are called.
type teller struct {
	s     *Service
	ctx   context.Context
	to    ledger.Reader
	names map[nhs.ODS]string
	fault error
}

func (s *Service) teller(ctx context.Context, c identity.Caller) *teller {
	t := &teller{s: s, ctx: ctx, names: map[nhs.ODS]string{}}
	t.to = ledger.Reader{Account: c.ID, Names: t.name}
	return t
}

func (t *teller) name(org nhs.ODS) string {
	name, ok := t.names[org]
	if !ok && org != "" && t.fault == nil {
		a, err := t.s.o.Partners.Agreement(t.ctx, org)
		name, t.names[org], t.fault = a.Name, a.Name, err
	}
	return name
}

func (t *teller) look(id string, e ledger.Event, asked string) Look {
	told := ledger.Tell(e, t.to)
	return Look{ID: id, Told: told, Sentence: told.Sentence(), Asked: asked}
}

// LookProof is an event and the proof that it is in the ledger.
type LookProof struct {
	Look
	Proof string `json:"-"` // the document of internal/ledger
	Key   string `json:"-"` // the ledger's public key
}

// Look returns one event about the caller's record, with its proof. An event about
// somebody else is as one that there is not.
func (s *Service) Look(ctx context.Context, c identity.Caller, requestID, id string) (LookProof, error) {
	a, err := s.accesses(ctx, c, requestID)
	if err != nil {
		return LookProof{}, err
	}
	instance, seq, ok := ledger.ParseAuditID(id)
	if !ok {
		return LookProof{}, access.Absent()
	}
	e, err := a.Access(ctx, instance, seq)
	if err != nil {
		return LookProof{}, err
	}
	proof, err := a.Proof(ctx, instance, seq)
	if err != nil {
		return LookProof{}, err
	}
	text, err := proof.Portable().Encode()
	if err != nil {
		return LookProof{}, err
	}
	asked, err := s.asked(ctx, c)
	if err != nil {
		return LookProof{}, err
	}
	tell := s.teller(ctx, c)
	return LookProof{Look: tell.look(id, e, asked[id]), Proof: string(text), Key: proof.Key}, tell.fault
}

// Question is "why did you look?" and what came of it.
type Question struct {
	inquiry.Inquiry
	Look   Look
	Office string // what the organisation that was asked is called
}

// Ask asks the organisation of an event why it looked; words may be empty.
func (s *Service) Ask(ctx context.Context, c identity.Caller, requestID, look, words string) (Question, error) {
	a, err := s.accesses(ctx, c, requestID)
	if err != nil {
		return Question{}, err
	}
	instance, seq, ok := ledger.ParseAuditID(look)
	if !ok {
		return Question{}, access.Absent()
	}
	q, err := s.o.Inquiries.Ask(ctx, c, a, instance, seq, words)
	return s.question(ctx, c, q, err)
}

// Questions returns all that the caller has asked, the newest first.
func (s *Service) Questions(ctx context.Context, c identity.Caller) ([]Question, error) {
	all, err := s.o.Inquiries.Own(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make([]Question, 0, len(all))
	tell := s.teller(ctx, c)
	for _, q := range all {
		out = append(out, tell.question(q))
	}
	return out, tell.fault
}

// Question returns one question of the caller's.
func (s *Service) Question(ctx context.Context, c identity.Caller, id string) (Question, error) {
	q, err := s.o.Inquiries.OwnOne(ctx, c, id)
	return s.question(ctx, c, q, err)
}

// CloseQuestion ends a question: the answer is enough, or the caller takes it back.
func (s *Service) CloseQuestion(ctx context.Context, c identity.Caller, id string) (Question, error) {
	q, err := s.o.Inquiries.Close(ctx, c, id)
	return s.question(ctx, c, q, err)
}

func (s *Service) question(ctx context.Context, c identity.Caller, q inquiry.Inquiry, err error) (Question, error) {
	if err != nil {
		return Question{}, err
	}
	tell := s.teller(ctx, c)
	return tell.question(q), tell.fault
}

func (t *teller) question(q inquiry.Inquiry) Question {
	out := Question{Inquiry: q, Look: t.look(ledger.AuditID(q.Instance, q.Seq), q.Event, q.ID), Office: t.name(q.AskedOf)}
	if out.Office == "" {
		out.Office = string(q.AskedOf)
	}
	return out
}
