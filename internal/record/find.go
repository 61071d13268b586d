package record

import (
	"context"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Find looks people up, which needs a role and no relationship (RULES 3). Each
// person returned or withheld is an event in the ledger, and a search that finds
// nobody is one too. withheld says that somebody was found who chose not to be
// shown: no more is told of them. A resident finds themself, and for anybody else
// nobody.
func (r *Records) Find(ctx context.Context, caller identity.Caller, requestID string, who Who) (found []Known, withheld bool, err error) {
	candidates, err := r.candidates(ctx, who)
	if err != nil {
		return nil, false, err
	}
	if caller.Kind == identity.Resident {
		if candidates, err = r.onlySelf(ctx, PersonID(caller.Person), candidates); err != nil {
			return nil, false, err
		}
	}
	f := access.Facts{Caller: caller, Action: access.Find, Asked: section.Of(section.Demographics), ByNumber: !who.Number.IsZero(), Now: r.o.Now()}
	if len(candidates) == 0 {
		candidates = []PersonID{""}
	}
	asked := map[PersonID]bool{}
	var refusal error
	for _, p := range candidates {
		facts := f
		members, err := r.facts(ctx, &facts, p)
		if err != nil {
			return nil, false, err
		}
		if asked[members[0]] { // joined records are found once
			continue
		}
		asked[members[0]] = true
		grant := access.Decide(facts)
		// Whoever must not learn of a person is told nothing of them in the ledger either.
		if _, err := r.o.Ledger.Append(ctx, event(facts, grant, members[0], patientType, requestID)); err != nil {
			return nil, false, err
		}
		switch grant.Outcome {
		case access.Allowed:
			known, err := r.person(ctx, members[0])
			if err != nil {
				return nil, false, err
			}
			found = append(found, known.known(members[0], grant.Reduced))
		case access.NoConsent:
			withheld = true
		case access.Refused:
			refusal = grant.Err()
		}
	}
	return found, withheld, refusal
}

// onlySelf returns those who are the resident, or go on in the same record as they
// do. That a search met others is no event of theirs, for it told nothing of them.
func (r *Records) onlySelf(ctx context.Context, self PersonID, candidates []PersonID) ([]PersonID, error) {
	mine, _, _, err := r.surviving(ctx, self)
	if err != nil {
		return nil, err
	}
	var own []PersonID
	for _, p := range candidates {
		theirs, _, _, err := r.surviving(ctx, p)
		if err != nil {
			return nil, err
		}
		if theirs == mine {
			own = append(own, p)
		}
	}
	return own, nil
}

// candidates returns who may be meant.
func (r *Records) candidates(ctx context.Context, who Who) ([]PersonID, error) {
	if !who.Number.IsZero() {
		return []PersonID{r.PersonOf(who.Number)}, nil
	}
	family, given, postcode := spelling(who.Family), spelling(who.Given), spelling(who.Postcode)
	var out []PersonID
	var fault error
	_, err := r.o.Store.Find(ctx, driver.Query{Collection: finder, Partition: who.BirthDate}, func(d *driver.Doc) bool {
		rd, _ := packed.NewReader(d.Body, finderFormat)
		f, g, pc := rd.String(), rd.String(), rd.String()
		if fault = rd.Close(); fault != nil {
			return false
		}
		if f == family && (given == "" || strings.HasPrefix(g, given)) && (postcode == "" || strings.HasPrefix(pc, postcode)) {
			out = append(out, PersonID(d.ID))
		}
		return len(out) < r.o.FindMax
	})
	if err == nil {
		err = fault
	}
	return out, err
}

const finderFormat = 1

// finderEntry is a change of who somebody is, for those who look for them.
type finderEntry struct {
	p       PersonID
	was, is person
}

// find brings the finder up to what was committed. It comes after the commit and
// may be done again: a message that is applied again does it again.
func (r *Records) find(ctx context.Context, changes []finderEntry) error {
	for _, c := range changes {
		if c.was.birthDate != "" && c.was.birthDate != c.is.birthDate {
			gone := driver.Op{Kind: driver.Discard, Doc: driver.Doc{Ref: driver.Ref{Collection: finder, Partition: c.was.birthDate, ID: string(c.p)}}}
			if err := r.o.Store.Commit(ctx, c.was.birthDate, []driver.Op{gone}); err != nil {
				return err
			}
		}
		if c.is.birthDate == "" {
			continue
		}
		body := packed.AppendString([]byte{finderFormat}, spelling(c.is.family))
		body = packed.AppendString(body, spelling(strings.Join(c.is.given, " ")))
		body = packed.AppendString(body, spelling(c.is.postcode))
		op := driver.Op{Kind: driver.Put, Doc: driver.Doc{Ref: driver.Ref{Collection: finder, Partition: c.is.birthDate, ID: string(c.p)}, Body: body}}
		if err := r.o.Store.Commit(ctx, c.is.birthDate, []driver.Op{op}); err != nil {
			return err
		}
	}
	return nil
}

// spelling makes spellings alike that people take for the same: no case, accents,
// spaces or punctuation.
func spelling(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
