package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Access is an event about a person, with whose log it is in and its number there.
type Access struct {
	Instance string
	Seq      uint64
	Event
}

// Accesses returns the events about a person in the logs of all instances, newest
// first, at most limit of them, and the cursor for those before them, or "" when there
// are none. cursor is "" for the newest. Who may ask is not decided here.
//
// The pages together are the list as it was when the first was asked for: the cursor
// says of each log how far it was told, and of what came since nothing is in it. Within
// a log the order is the log's, between them that of time.
func (l *Ledger) Accesses(ctx context.Context, person, cursor string, limit int) (page []Access, next string, err error) {
	if l.o.Docs == nil {
		return nil, "", errNoIndex
	}
	at, err := decodeCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	parts, err := l.parts(ctx)
	if err != nil {
		return nil, "", err
	}
	var all []*strand
	for _, p := range parts {
		s := &strand{part: p, person: person, before: p.Log.Len()}
		if cursor != "" {
			s.before = min(s.before, at[p.Instance]) // 0: it was not there
		}
		if s.seqs, err = (index{l.o.Docs, p}).seqs(ctx, person, s.before, limit+1); err == nil {
			err = s.advance(ctx)
		}
		if err != nil {
			return nil, "", fmt.Errorf("ledger: accesses: %w", err)
		}
		all = append(all, s)
	}
	for len(page) < limit {
		s := newest(all)
		if s == nil {
			return page, "", nil
		}
		page = append(page, *s.head)
		s.before = s.head.Seq
		if err := s.advance(ctx); err != nil {
			return nil, "", fmt.Errorf("ledger: accesses: %w", err)
		}
	}
	if newest(all) == nil {
		return page, "", nil
	}
	return page, encodeCursor(all), nil
}

// strand is what one log has about a person, newest first.
type strand struct {
	part   Part
	person string
	before uint64   // all from here on has been told
	seqs   []uint64 // not yet read
	head   *Access  // the next to be told; nil: there is none
}

// advance reads the next event. A retired one is passed over.
func (s *strand) advance(ctx context.Context) error {
	s.head = nil
	for len(s.seqs) > 0 && s.head == nil {
		seq := s.seqs[0]
		s.seqs = s.seqs[1:]
		err := s.part.eachPayload(ctx, seq, seq+1, func(seq uint64, payload []byte) (bool, error) {
			if payload == nil {
				return false, nil
			}
			e, err := decodeEvent(payload)
			if err == nil && e.Person == s.person {
				s.head = &Access{s.part.Instance, seq, e}
			}
			return false, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newest returns the strand whose next event is the latest, or nil.
func newest(all []*strand) (best *strand) {
	for _, s := range all {
		if s.head != nil && (best == nil || s.head.Time.After(best.head.Time)) {
			best = s
		}
	}
	return best
}

func encodeCursor(all []*strand) string {
	var b strings.Builder
	for _, s := range all {
		if s.before > 0 {
			fmt.Fprintf(&b, "%s:%d,", s.part.Instance, s.before)
		}
	}
	return base64.RawURLEncoding.EncodeToString([]byte(b.String()))
}

func decodeCursor(cursor string) (map[string]uint64, error) {
	text, bad := base64.RawURLEncoding.DecodeString(cursor)
	at := map[string]uint64{}
	for _, log := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' }) {
		instance, before, _ := strings.Cut(log, ":")
		n, err := strconv.ParseUint(before, 10, 63)
		bad = errors.Join(bad, err, driver.CheckLogName(LogName(instance)))
		at[instance] = n
	}
	if bad != nil || cursor != "" && len(at) == 0 {
		return nil, errs.New(errs.Invalid, "the cursor is not one that this service gave")
	}
	return at, nil
}
