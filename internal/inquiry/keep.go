package inquiry

import (
	"context"
	"errors"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// get returns an inquiry; one that is not there is access.Absent.
func (q *Inquiries) get(ctx context.Context, person, id string) (s stored, rev uint64, err error) {
	if id == "" || len(id) > 100 {
		return s, 0, access.Absent()
	}
	s, rev, err = q.asked.Get(ctx, person, id)
	if errs.KindOf(err) == errs.NotFound {
		err = access.Absent()
	}
	return s, rev, err
}

func (q *Inquiries) tally(ctx context.Context, person string) (tally, uint64, error) {
	t, rev, err := q.tallies.Get(ctx, person, one)
	if errs.KindOf(err) == errs.NotFound {
		err = nil
	}
	if t.Open == nil {
		t.Open = map[string]bool{}
	}
	if t.Rounds == nil {
		t.Rounds = map[string]int{}
	}
	return t, rev, err
}

// commit writes an inquiry and its person's tally, whose revision was rev, at once.
func (q *Inquiries) commit(ctx context.Context, person, id string, kind store.OpKind, at uint64, s stored, t tally, rev uint64) error {
	write, err := q.asked.Op(kind, person, id, at, s)
	if err != nil {
		return err
	}
	how := store.Replace
	if rev == 0 {
		how = store.Insert
	}
	count, err := q.tallies.Op(how, person, one, rev, t)
	if err != nil {
		return err
	}
	return q.o.DB.Commit(ctx, person, []store.Op{write, count})
}

// change sets an inquiry to what f makes of it, with the tally, by compare-and-swap;
// f may run more than once. store.ErrKeep leaves it as it is.
func (q *Inquiries) change(ctx context.Context, person, id string, f func(*stored) error) (Inquiry, error) {
	for {
		s, at, err := q.get(ctx, person, id)
		if err != nil {
			return Inquiry{}, err
		}
		t, rev, err := q.tally(ctx, person)
		if err != nil {
			return Inquiry{}, err
		}
		if err := f(&s); errors.Is(err, store.ErrKeep) {
			return s.inquiry(id), nil
		} else if err != nil {
			return Inquiry{}, err
		}
		s.Version++
		s.Next = q.o.Now().UTC()
		if !s.State.open() {
			delete(t.Open, id)
		}
		err = q.commit(ctx, person, id, store.Replace, at, s, t, rev)
		if errs.KindOf(err) == errs.Conflict {
			continue
		}
		if err != nil {
			return Inquiry{}, err
		}
		q.settle(ctx, person, id)
		return s.inquiry(id), nil
	}
}

// settle does what follows from a change right away, as far as it can: what fails
// is due already, and Work does it again.
func (q *Inquiries) settle(ctx context.Context, person, id string) {
	s, rev, err := q.get(ctx, person, id)
	if err != nil || q.follow(ctx, person, id, &s) != nil {
		return
	}
	_ = q.asked.Replace(ctx, person, id, rev, s)
}

// follow brings about what follows from the state of an inquiry: that a due date
// passed, the mirror in the organisation's list, what the person is told. It may run
// more than once for the same.
func (q *Inquiries) follow(ctx context.Context, person, id string, s *stored) error {
	if now := q.o.Now(); s.State.open() && !s.Late && !now.Before(s.Due) {
		s.Late = true
		s.Version++
	}
	if s.Mirrored < s.Version {
		if err := q.mirror(ctx, person, id, s); err != nil {
			return err
		}
		s.Mirrored = s.Version
	}
	if s.State == Answered {
		if err := q.tell(ctx, person, id, s, IsAnswer, s.Answered); err != nil {
			return err
		}
	}
	if s.State.open() && s.Late {
		if err := q.tell(ctx, person, id, s, IsLate, s.Due); err != nil {
			return err
		}
	}
	s.Next = time.Time{}
	if s.State.open() && !s.Late {
		s.Next = s.Due
	}
	return nil
}

// mirror writes what the organisation's list shows, unless that is newer.
func (q *Inquiries) mirror(ctx context.Context, person, id string, s *stored) error {
	m := mirror{Form: form, State: s.State, Asked: s.Asked, Due: s.Due, Answered: s.Answered, Version: s.Version}
	return q.mirrors.Update(ctx, string(s.AskedOf), refOf(person, id), func(old mirror, exists bool) (mirror, error) {
		if exists && old.Version >= m.Version {
			return old, store.ErrKeep
		}
		return m, nil
	})
}

func (q *Inquiries) tell(ctx context.Context, person, id string, s *stored, kind NoticeKind, at time.Time) error {
	if s.Told&(1<<kind) != 0 {
		return nil
	}
	n := Notice{Key: "inquiry-" + id + "-" + string('0'+rune(kind)), Kind: kind, Inquiry: id, Org: s.AskedOf, At: at}
	if err := q.o.Notices.Inquiry(ctx, person, n); err != nil {
		return err
	}
	s.Told |= 1 << kind
	return nil
}

// lease is how long a worker has for one inquiry.
const lease = time.Minute

// Work does what is due: what a change left undone, and due dates that passed. It is
// called from time to time, on any instance; it returns how many it did.
func (q *Inquiries) Work(ctx context.Context, limit int) (int, error) {
	return q.o.DB.Work(ctx, store.Round{Queue: queue, Now: q.o.Now(), Lease: lease, Limit: limit}, func(ctx context.Context, d *store.Doc) ([]store.Op, error) {
		s, err := askedSchema().Unmarshal(d.Body)
		if err != nil {
			return nil, err
		}
		if err := q.follow(ctx, d.Partition, d.ID, &s); err != nil {
			return nil, err
		}
		op, err := q.asked.Op(store.Replace, d.Partition, d.ID, d.Rev, s)
		return []store.Op{op}, err
	})
}
