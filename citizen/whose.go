package citizen

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Whose says whose looks are listed. Those of others are all that the caller did not do
// themself: of staff, systems and carers, and what was refused to anybody.
type Whose uint8

// Whose looks there are.
const (
	LooksOfAll Whose = iota
	LooksOfOthers
	LooksOfOwn
)

// ParseWhose reads whose looks are asked for; "" is all, so that nothing is left out
// unasked.
func ParseWhose(text string) (Whose, error) {
	switch text {
	case "", "all":
		return LooksOfAll, nil
	case "others":
		return LooksOfOthers, nil
	case "own":
		return LooksOfOwn, nil
	}
	return LooksOfAll, &errs.Error{Kind: errs.Invalid, Message: "whose is others, own or all.", Path: "whose"}
}

// Bounds of what one request looks through.
const (
	mostLooked = 1000 // events, give or take a step
	lookStep   = 100
)

// picked is a page of the events that were wanted.
type picked struct {
	events []ledger.Access
	next   string // "": there are no more of them
	cut    int    // how many were looked through, if that is why it is not full
}

// pick returns at most limit of the events that are wanted, from a cursor on. It looks
// ahead, so that the next page is not empty; only where very many in a row are not wanted
// does it stop, and leaves the rest to that page.
func pick(ctx context.Context, a *record.Accesses, cursor string, limit int, wanted func(*ledger.Event) bool) (picked, error) {
	p := picked{next: cursor}
	looked := 0
	for step := limit; looked < mostLooked; step = lookStep { // all of the first step has room
		chunk, after, err := a.Page(ctx, p.next, step)
		if err != nil {
			return picked{}, err
		}
		looked += len(chunk)
		if n := until(chunk, limit-len(p.events)+1, wanted); n < len(chunk) { // there is another page
			if len(p.events) < limit {
				chunk, p.next, err = a.Page(ctx, p.next, n)
				p.take(chunk, wanted)
			}
			return p, err
		}
		p.take(chunk, wanted)
		if p.next = after; after == "" {
			return p, nil
		}
	}
	if len(p.events) < limit {
		p.cut = looked
	}
	return p, nil
}

// until counts the events before the nth that is wanted.
func until(chunk []ledger.Access, nth int, wanted func(*ledger.Event) bool) int {
	for i := range chunk {
		if wanted(&chunk[i].Event) {
			if nth--; nth == 0 {
				return i
			}
		}
	}
	return len(chunk)
}

func (p *picked) take(chunk []ledger.Access, wanted func(*ledger.Event) bool) {
	for i := range chunk {
		if wanted(&chunk[i].Event) {
			p.events = append(p.events, chunk[i])
		}
	}
}
