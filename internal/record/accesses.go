package record

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
)

// Looks lists the ledger's events about a person, newest first; *ledger.Ledger does.
type Looks interface {
	Accesses(ctx context.Context, person, cursor string, limit int) (page []ledger.Access, next string, err error)
}

// Accesses is who looked at one person's record, for one request of theirs. It has no
// other constructor than OpenAccesses.
type Accesses struct {
	looks   Looks
	members []PersonID
}

// OpenAccesses decides whether the caller may see who looked at a person's record,
// appends the decision to the ledger, and returns once it is durable: their having
// looked is the newest event of what they then see. It is for the person themself;
// never for those who care for them (RULES 4), nor for professionals.
func (r *Records) OpenAccesses(ctx context.Context, caller identity.Caller, p PersonID, requestID string) (*Accesses, error) {
	f := access.Facts{Now: r.o.Now(), Caller: caller, Action: access.SeeAccesses}
	members, err := r.facts(ctx, &f, p)
	if err != nil {
		return nil, err
	}
	grant := access.Decide(f)
	if _, err := r.o.Ledger.Append(ctx, event(f, grant, members[0], "who looked", requestID)); err != nil {
		return nil, err
	}
	if err := grant.Err(); err != nil {
		return nil, err
	}
	if r.o.Looks == nil {
		return nil, errs.New(errs.Unavailable, "Who looked cannot be listed here.")
	}
	return &Accesses{r.o.Looks, members}, nil
}

// Members returns whose events these are: the person's, then those of who was joined
// to them.
func (a *Accesses) Members() []PersonID { return slices.Clone(a.members) }

// Has reports whether an event is one of these: whoever asks for the proof of one by
// its number must be told of no other.
func (a *Accesses) Has(e *ledger.Event) bool {
	return e.Person != "" && slices.Contains(a.members, PersonID(e.Person))
}

// Page returns at most limit events, newest first, and the cursor for those before
// them, "" when there are no more; "" begins. A cursor is for the same person only;
// it says nothing that the person may not know.
func (a *Accesses) Page(ctx context.Context, cursor string, limit int) (page []ledger.Access, next string, err error) {
	if len(a.members) == 1 {
		return a.looks.Accesses(ctx, string(a.members[0]), cursor, limit)
	}
	at, err := parseCursors(cursor, len(a.members))
	if err != nil {
		return nil, "", err
	}
	of := make([][]ledger.Access, len(at))
	after := make([]string, len(at))
	for i, m := range a.members {
		if at[i].ended {
			continue
		}
		if of[i], after[i], err = a.looks.Accesses(ctx, string(m), at[i].cursor, limit); err != nil {
			return nil, "", err
		}
	}
	page, taken := newest(of, limit)
	more := false
	for i, m := range a.members {
		switch n := taken[i]; {
		case at[i].ended:
		case n == len(of[i]):
			at[i] = place{after[i], after[i] == ""}
		case n > 0:
			if at[i].cursor, err = a.cursorAfter(ctx, m, at[i].cursor, n, &of[i][n-1]); err != nil {
				return nil, "", err
			}
		}
		more = more || !at[i].ended
	}
	if !more {
		return page, "", nil
	}
	return page, formatCursors(at), nil
}

// mostNew is how many events may have come while a page was made.
const mostNew = 100

// cursorAfter returns the cursor behind an event, which was the n-th after a cursor a
// moment ago: the ledger says where a page ends, so this asks for one that ends there.
func (a *Accesses) cursorAfter(ctx context.Context, m PersonID, cursor string, n int, last *ledger.Access) (string, error) {
	for more := range mostNew {
		page, next, err := a.looks.Accesses(ctx, string(m), cursor, n+more)
		if err != nil {
			return "", err
		}
		if end := len(page) - 1; end >= 0 && page[end].Instance == last.Instance && page[end].Seq == last.Seq {
			return next, nil
		}
	}
	return "", errs.New(errs.Unavailable, "The list is changing at this moment. Try again.")
}

// newest merges lists that are newest first, and says how many of each it took.
func newest(of [][]ledger.Access, limit int) (page []ledger.Access, taken []int) {
	taken = make([]int, len(of))
	for len(page) < limit {
		best := -1
		for i, list := range of {
			if taken[i] < len(list) && (best < 0 || list[taken[i]].Time.After(of[best][taken[best]].Time)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		page = append(page, of[best][taken[best]])
		taken[best]++
	}
	return page, taken
}

// place is how far one member's events were listed.
type place struct {
	cursor string
	ended  bool
}

func formatCursors(at []place) string {
	parts := make([]string, len(at))
	for i, p := range at {
		if parts[i] = "c" + p.cursor; p.ended {
			parts[i] = "e"
		}
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\n")))
}

func parseCursors(s string, n int) ([]place, error) {
	at := make([]place, n)
	if s == "" {
		return at, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	parts := strings.Split(string(raw), "\n")
	if err != nil || len(parts) != n { // joined or split meanwhile, too
		return nil, badCursor()
	}
	for i, part := range parts {
		cursor, ok := strings.CutPrefix(part, "c")
		if !ok && part != "e" {
			return nil, badCursor()
		}
		at[i] = place{cursor, !ok}
	}
	return at, nil
}
