package record

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// withheld is what the person themself does not see of their record; nil hides
// nothing. To them it was never there, in reads, searches, versions, counts and
// pages alike: what is about third parties, would harm them or is for staff only
// (RULES 0), what was entered in error or deleted, and, for now, results that are
// not released (RULES 3).
//
// All of it is decided on envelopes. A report and the results that it is made of are
// entries of their own, and each may tell the other: so what is held is first
// gathered from the results that came lately, then looked up.
type withheld struct {
	release *releases
	now     time.Time

	gathered bool
	since    int64            // what came before it is not waiting; Unix microseconds, like all here
	seen     map[uint64]int64 // results that came since, by the hash of the entry: when this state of it came
	held     map[uint64]int64 // until when, by the hash of the entry
	parts    map[uint64]bool  // what belongs to a report that is held
	named    []named          // results by what their sources call them
}

// named is a result by one of its identifiers.
type named struct {
	name
	entry uint64
}

// usually is for how many results room is made at first.
const usually = 100

// never is until when an entry is held that is not for the person at all.
const never = math.MaxInt64

// hides reports whether the person does not see that state of an entry; current: it is
// not one of those before.
func (w *withheld) hides(e envelope, entry string, current bool) bool {
	if w == nil {
		return false
	}
	if e.sensitivity() != Normal || e.has(flagDeleted) || e.wrong() {
		return true
	}
	switch e.section() {
	case section.Results, section.Letters:
		return w.holds(e, entry, current)
	}
	return false
}

// holds reports whether a result or letter waits, by itself or with others.
func (w *withheld) holds(e envelope, entry string, current bool) bool {
	name := uint64(0)
	if len(w.held) > 0 {
		if name = hash(entry); w.held[name] > w.now.UnixMicro() {
			return true
		}
		if e.section() == section.Letters && w.ofHeld(e) {
			return true
		}
	}
	received := e.int(atReceived)
	if received <= w.since || current && w.seen[hash(entry)] == received { // the second: looked at as it was gathered
		return false
	}
	shown, _ := w.release.rules.Release(w.release.facts(e), w.now)
	return !shown
}

// cameSince reports whether the current state of a result came after the gathering:
// it may be of a report that came with it, which the next request will know.
func (w *withheld) cameSince(e envelope, entry string) bool {
	if w == nil || e.section() != section.Results || e.int(atReceived) <= w.since {
		return false
	}
	at, known := w.seen[hash(entry)]
	return !known || e.int(atReceived) > at
}

// ofHeld reports whether a document is of a report that is held.
func (w *withheld) ofHeld(e envelope) bool {
	if e.has(flagTold) && e.len(nStrings) == 0 {
		return false
	}
	_, links, names := e.told()
	for _, to := range w.resolve(links, names) {
		if w.held[to] > w.now.UnixMicro() {
			return true
		}
	}
	return false
}

// resolve adds to links what names mean, of the same source.
func (w *withheld) resolve(links []uint64, names []name) []uint64 {
	for _, n := range names {
		for i := range w.named {
			if w.named[i].name == n {
				links = append(links, w.named[i].entry)
			}
		}
	}
	return links
}

// prepare gathers what is held, once, where what is asked for may be.
func (v *View) prepare(ctx context.Context, typ string) error {
	if v.own == nil || v.own.gathered || typ != "" && SectionsOf(typ)&section.Of(section.Results, section.Letters) == 0 {
		return nil
	}
	return v.own.gather(ctx, v.r.o.Store, v.members)
}

// holder is an entry that names others, which wait with it, or it with them.
type holder struct {
	name  uint64
	links []uint64
	names []name
}

// gather reads the envelopes of all results. Looking at one that came long ago and
// is not labelled costs a comparison, unless something is held.
func (w *withheld) gather(ctx context.Context, store Documents, members []PersonID) error {
	w.since = w.now.Add(-w.release.rules.longest()).UnixMicro()
	w.held, w.seen = map[uint64]int64{}, make(map[uint64]int64, usually)
	var holders []holder
	err := eachResult(ctx, store, members, func(e envelope, entry string) {
		if w.late(e) {
			w.note(e, entry)
			holders = w.holder(holders, e, entry)
		}
	})
	if err == nil && len(w.held) > 0 { // perhaps of a report that came long ago, or with a result that did
		err = eachResult(ctx, store, members, func(e envelope, entry string) {
			if !w.late(e) && !e.has(flagDeleted|flagMoved) {
				holders = w.holder(holders, e, entry)
			}
		})
	}
	if err != nil {
		return err
	}
	for i := range holders {
		holders[i].links = w.resolve(holders[i].links, holders[i].names)
	}
	w.together(holders)
	w.gathered = true
	return nil
}

func eachResult(ctx context.Context, store Documents, members []PersonID, visit func(e envelope, entry string)) error {
	for _, p := range members {
		var fault error
		q := driver.Query{Collection: entries, Partition: string(p), Index: bySection, Equal: []driver.Value{driver.Num(int64(section.Results))}}
		_, err := store.Find(ctx, q, func(d *driver.Doc) bool {
			var e envelope
			if e, fault = open(d.Body); fault != nil {
				return false
			}
			visit(e, d.ID)
			return true
		})
		if err = cmp.Or(err, fault); err != nil {
			return err
		}
	}
	return nil
}

// late reports whether a result may be held by itself.
func (w *withheld) late(e envelope) bool {
	return (e.int(atReceived) > w.since || e.sensitivity() != Normal) && !e.has(flagDeleted|flagMoved)
}

// holder adds a result to those that name others, if it does, and notes by what
// identifiers it may be named itself.
func (w *withheld) holder(all []holder, e envelope, entry string) []holder {
	h := holder{name: hash(entry)}
	for tokens := e.tokens(); len(tokens) >= tokenLen; tokens = tokens[tokenLen:] {
		if tokens[0] == w.release.named {
			system, value := tokenHashes(tokens)
			if w.named == nil {
				w.named = make([]named, 0, usually)
			}
			w.named = append(w.named, named{name{hash(string(e.str(strSource))), system, value}, h.name})
		}
	}
	if _, h.links, h.names = e.told(); len(h.links)+len(h.names) == 0 {
		return all
	}
	return append(all, h)
}

// note takes down whether a result is held by itself.
func (w *withheld) note(e envelope, entry string) {
	name := hash(entry)
	w.seen[name] = e.int(atReceived)
	if e.sensitivity() != Normal {
		w.held[name] = never
	} else if shown, latest := w.release.rules.Release(w.release.facts(e), w.now); !shown {
		w.held[name] = latest.UnixMicro()
	}
}

// together holds what would tell what is held: the results that a report is made of
// wait with it, and a report with any of its results that waits by itself. Its other
// results do not.
func (w *withheld) together(holders []holder) {
	own := w.held
	up, down := map[uint64]int64{}, map[uint64]int64{}
	for changed := true; changed; {
		changed = false
		later := func(m map[uint64]int64, name uint64, until int64) {
			if until > m[name] {
				m[name], changed = until, true
			}
		}
		for _, h := range holders {
			for _, to := range h.links {
				later(up, h.name, max(own[to], up[to]))
				later(down, to, max(own[h.name], down[h.name]))
			}
		}
	}
	w.parts = map[uint64]bool{}
	for _, h := range holders {
		for _, to := range h.links {
			w.parts[to] = w.parts[to] || own[h.name] > 0 || up[h.name] > 0 || down[h.name] > 0
		}
	}
	for _, m := range []map[uint64]int64{up, down} {
		for name, until := range m {
			own[name] = max(own[name], until)
		}
	}
}
