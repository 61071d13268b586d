package fhirbundle

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// applyWhole applies a transaction: all of it, or nothing. What it says of the
// directory is committed first; should the rest fail, that alone does no harm.
func (j *job) applyWhole(ctx context.Context) error {
	if h := j.refused(); h != nil {
		j.holdWhole(*h)
		return nil
	}
	directory, people := j.groups()
	if err := j.commit(ctx, directory, true); err != nil {
		return j.wholeFailed(err)
	}
	for _, group := range people { // one at most
		if err := j.commit(ctx, group, true); err != nil {
			return j.wholeFailed(err)
		}
	}
	j.report()
	return nil
}

func (j *job) wholeFailed(err error) error {
	h, ok := j.judged(err)
	if !ok {
		return err
	}
	via := ""
	for i := range j.entries {
		via = cmp.Or(via, j.entries[i].via)
	}
	j.holdWhole(j.mended(h, via))
	return nil
}

// refused says why a transaction cannot be applied, if so: faults first, for they
// are told to the sender, then what it may wait for.
func (j *job) refused() *feeds.Held {
	people, names := map[record.PersonID]int{}, map[string]bool{}
	var faults, waits *feeds.Held
	for i := range j.entries {
		e := &j.entries[i]
		if e.ignored {
			continue
		}
		switch {
		case e.held == nil:
		case !e.held.Fault:
			waits = first(waits, e.held)
		case faults == nil:
			faults = first(faults, e.held)
		default:
			faults.Issues = append(faults.Issues, e.held.Issues...)
		}
		if e.about != "" {
			people[e.about]++
		}
		name := e.typ + "/" + e.sourceID
		if names[name] && faults == nil {
			faults = &feeds.Held{Code: InvalidRequest, Fault: true, Words: "the transaction names an object twice"}
		}
		names[name] = true
	}
	if len(people) > 1 {
		return &feeds.Held{Code: TwoPeople, Fault: true, Words: "a transaction must be about one person: send one for each, or a batch"}
	}
	for _, n := range people {
		if n > mostObjects && faults == nil {
			faults = &feeds.Held{Code: record.CodeTooMany, Fault: true, Words: "a transaction has too many entries to be applied at once: send several, or a batch"}
		}
	}
	if faults != nil {
		return faults
	}
	return waits
}

func first(have, h *feeds.Held) *feeds.Held {
	if have != nil {
		return have
	}
	c := *h
	return &c
}

func (j *job) holdWhole(h feeds.Held) {
	h.Entry, h.Type = feeds.Whole, ""
	j.out = feeds.Outcome{Held: []feeds.Held{h}, Entries: make([]feeds.Entry, len(j.entries))}
	for i := range j.entries {
		j.out.Entries[i] = feeds.Entry{Type: j.entries[i].typ, Held: 1}
	}
}

// applyEach applies what can be applied, entry by entry as far as it matters.
func (j *job) applyEach(ctx context.Context) error {
	directory, people := j.groups()
	for _, group := range append([][]*entry{directory}, people...) {
		for len(group) > 0 {
			n := distinct(group)
			if err := j.commit(ctx, group[:n], false); err != nil {
				return err
			}
			group = group[n:]
		}
	}
	j.report()
	return nil
}

// distinct returns how many of the first entries go into one commit: none names an
// object that one before it named.
func distinct(group []*entry) int {
	names := make(map[string]struct{}, len(group))
	for i, e := range group {
		name := e.typ + "/" + e.sourceID
		if _, twice := names[name]; twice || i == mostObjects {
			return i
		}
		names[name] = struct{}{}
	}
	return len(group)
}

// groups sorts what is to be applied by whom it is about, in the order in which
// they first appear.
func (j *job) groups() (directory []*entry, people [][]*entry) {
	at := map[record.PersonID]int{}
	for i := range j.entries {
		e := &j.entries[i]
		switch {
		case !e.live() || e.existing != "":
		case e.directory:
			directory = append(directory, e)
		default:
			g, ok := at[e.person]
			if !ok {
				g = len(people)
				at[e.person] = g
				people = append(people, nil)
			}
			people[g] = append(people[g], e)
		}
	}
	for _, group := range people { // Patients first: what is about them is taken by what they say
		slices.SortStableFunc(group, func(x, y *entry) int { return cmp.Compare(rank(x), rank(y)) })
	}
	return directory, people
}

func rank(e *entry) int {
	if e.typ == patientType {
		return 0
	}
	return 1
}

// commit applies a group as one change. If the record refuses it, the entries are
// tried in halves until those that it refuses are alone, and held; a transaction
// is not.
func (j *job) commit(ctx context.Context, group []*entry, atomic bool) error {
	if len(group) == 0 {
		return nil
	}
	c := j.changeOf(group)
	apply := j.records.Apply
	if group[0].directory {
		apply = j.records.ApplyDirectory
	}
	applied, err := apply(ctx, c)
	if err == nil {
		for i, e := range group {
			e.applied = applied[i]
			j.arrived(e)
		}
		return nil
	}
	h, ok := j.judged(err)
	if !ok || atomic {
		return err
	}
	if len(group) == 1 {
		group[0].hold(j.mended(h, group[0].via))
		return nil
	}
	half := len(group) / 2
	if err := j.commit(ctx, group[:half], false); err != nil {
		return err
	}
	return j.commit(ctx, group[half:], false)
}

// changeOf makes one change of entries that are about one person.
func (j *job) changeOf(group []*entry) record.Change {
	c := record.Change{Person: group[0].person, Source: j.source, Objects: make([]record.Object, len(group)),
		Message: record.Message{Seq: j.m.Seq, Key: j.m.Key, Time: j.m.When(), Received: j.m.Received}}
	for i, e := range group {
		c.Objects[i] = j.change(e)
	}
	return c
}

// mended lets what came by a Patient that is now somebody else wait for that Patient:
// the source may say that it was the one before after all.
func (j *job) mended(h feeds.Held, via string) feeds.Held {
	if h.Code == record.CodePatientMoved && via != "" {
		h.Await = feeds.AwaitObject(j.source.ID, patientType, via)
	}
	return h
}

// judged is heldOf for an error of applying.
func (j *job) judged(err error) (feeds.Held, bool) {
	if errors.Is(err, driver.ErrTooLarge) {
		return feeds.Held{Code: record.CodeTooMany, Fault: true, Words: "this is too large to be applied at once: send it in parts"}, true
	}
	return heldOf(err)
}

// arrived notes what others may have waited for.
func (j *job) arrived(e *entry) {
	if e.directory {
		return
	}
	if e.typ == patientType {
		j.out.Arrived = append(j.out.Arrived, feeds.AwaitPerson(e.person, e.resource.Get("birthDate").Text()), feeds.AwaitPatient(j.source.ID, e.person))
	}
	j.out.Arrived = append(j.out.Arrived, feeds.AwaitObject(j.source.ID, e.typ, e.sourceID))
}

// report says of each entry what became of it.
func (j *job) report() {
	j.out.Entries = make([]feeds.Entry, len(j.entries))
	for i := range j.entries {
		e := &j.entries[i]
		o := &j.out.Entries[i]
		*o = feeds.Entry{Type: e.typ, Applied: e.applied, Ignored: e.ignored || e.skipped}
		if e.existing != "" && e.live() {
			o.Applied = record.Applied{ID: e.existing, Result: record.Unchanged}
		}
		if e.held != nil && !o.Ignored {
			j.out.Held = append(j.out.Held, *e.held)
			o.Held = len(j.out.Held)
		}
	}
}
