package own

import (
	"bytes"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Outline is the Gathering that Summary needs, and no more: of most entries of a record
// a summary counts all and shows the newest few. What it must know of the others - the
// type, the date, whether they are of now - the View tells without the body; so their
// bodies are not parsed, which was most of what a summary cost.
//
// It is for the resident's own View, which visits nothing that was entered in error (for
// letters see rankUnread): a body that is not read cannot say so. Entries may come in any
// order, but only where the newest come first, as a View visits a section, are few bodies
// read.
type Outline struct {
	gathered Gathering
	reader   *Reader
	has      Has
	// What could be shown of the entries that need not be read, if there were no others:
	// of a section, and among the newest of all.
	top    [section.Contributions + 1][]glance
	latest []glance

	// Medicines are told in one another, which only their bodies say. So they are kept,
	// and measured by themselves, until it is known that there are such.
	kept      []keptBody
	medicines []glance
	joined    bool

	passed [section.Contributions + 1]tally // what was counted, and forgotten
}

// keptBody is a body that may have to be read yet, of an entry by its place.
type keptBody struct {
	entry int
	body  []byte
}

// Has reports whether the entry that is being visited has one of the codes, by their
// 64-bit FNV-1a hashes, as that search parameter; ok is false where that is not known.
type Has func(p fhir.Param, codes map[uint64]bool) (has, ok bool)

// Outline returns an empty one.
func (r *Reader) Outline(has Has) *Outline { return &Outline{reader: r, has: has} }

// Add takes in an entry, as Gathering's does.
func (o *Outline) Add(e Entry, body []byte) error {
	latest := &o.latest
	if e.Section == section.Medicines {
		if err := o.join(body); err != nil {
			return err
		}
		latest = &o.medicines
	}
	rank, ok := o.rankUnread(&e, body)
	switch {
	case !ok || int(e.Section) >= len(o.top) || o.mayShow(e.Section, rank, e.Date, latest):
		return o.gathered.Add(e, body)
	case e.Section != section.Medicines:
		o.passed[e.Section].count(rank > 0)
	case o.joined:
		return o.gathered.Add(e, body)
	default:
		e.rank = rank
		o.kept = append(o.kept, keptBody{len(o.gathered.entries), o.gathered.copied(body)})
		o.gathered.add(e)
	}
	return nil
}

// join reads what was kept once a medicine says that it is told in another.
func (o *Outline) join(body []byte) error {
	if o.joined || !bytes.Contains(body, []byte("basedOn")) {
		return nil
	}
	o.joined = true
	for _, k := range o.kept {
		if err := o.gathered.parse(&o.gathered.entries[k.entry], k.body); err != nil {
			return err
		}
	}
	return nil
}

// Summary is the Reader's, of all that was taken in.
func (o *Outline) Summary(news News) Summary {
	g := o.reader.glanceAll(o.gathered.Entries())
	for sec, t := range o.passed {
		g.sections[sec].total += t.total
		g.sections[sec].now += t.now
	}
	return o.reader.summary(g, news)
}

// mayShow reports whether an entry is among the first of those that came so far. If
// not, it is not among the first of all either.
func (o *Outline) mayShow(sec section.Section, rank int, at time.Time, latest *[]glance) bool {
	x := glance{rank: rank, at: at}
	behind := func(list []glance, n int) bool { return len(list) == n && !x.before(list[n-1]) }
	show := false
	if top := &o.top[sec]; (rank > 0 || !split(sec)) && !behind(*top, topRows) {
		*top, show = insert(*top, x, topRows), true
	}
	x.rank = 0
	if !at.After(o.reader.o.Now) && !behind(*latest, latestRows) {
		*latest, show = insert(*latest, x, latestRows), true
	}
	return show
}

// rankUnread is rank for an entry whose body need not be read for it: what is told of
// it is certain by its type, its dates and its codes.
func (o *Outline) rankUnread(e *Entry, body []byte) (rank int, ok bool) {
	if e.Date.IsZero() {
		return 0, false
	}
	now := o.reader.o.Now
	switch e.Type {
	case "Observation", "DiagnosticReport":
		return 1, true // all of them count
	case "Encounter":
		return 0, !e.End.IsZero() // has ended
	case "Appointment":
		const zones = 24 * time.Hour // whatever zone the sender meant
		return 0, !e.End.IsZero() && e.End.Add(zones).Before(now) && e.Date.Add(zones).Before(now)
	case "DocumentReference":
		// The View leaves out what docStatus says is a mistake, but not all of what was
		// kept before its envelope told so.
		return 1, !bytes.Contains(body, []byte("d-in-error")) && !bytes.Contains(body, []byte(`\u`))
	case "Immunization":
		return 1, o.hasNot(vaccineParam, absentHashes)
	case "Condition":
		if !o.hasNot(codeParam, absentHashes) || !o.hasNot(certaintyParam, refutedHashes) {
			return 0, false
		}
		if past, ok := o.has(clinicalParam, pastHashes); past || !ok {
			return 0, ok
		}
		active, ok := o.has(clinicalParam, activeHashes)
		return 1, active && ok
	case "MedicationRequest":
		if !o.hasNot(codeParam, absentHashes) {
			return 0, false
		}
		active, ok := o.has(statusParam, currentHashes)
		if active {
			rank = 1
		}
		return rank, ok
	}
	return 0, false
}

// hasNot reports whether it is known that the entry has none of the codes.
func (o *Outline) hasNot(p fhir.Param, codes map[uint64]bool) bool {
	has, ok := o.has(p, codes)
	return ok && !has
}

// Search parameters and codes that rank and absent go by.
var (
	codeParam, vaccineParam   = param("code"), param("vaccine-code")
	statusParam               = param("status")
	clinicalParam             = param("clinical-status")
	certaintyParam            = param("verification-status")
	currentHashes             = hashes("active", "on-hold")
	activeHashes              = hashes("active", "recurrence", "relapse")
	pastHashes, refutedHashes = hashes("inactive", "resolved", "remission"), hashes("refuted")
	absentHashes              = hashes(slices.Collect(maps.Keys(absentCodes))...)
)

func param(name string) fhir.Param {
	p, _ := fhir.ParseParam(name)
	return p
}

func hashes(codes ...string) map[uint64]bool {
	out := make(map[uint64]bool, len(codes))
	for _, code := range codes {
		out[hash(code)] = true
	}
	return out
}

func hash(code string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(code))
	return h.Sum64()
}
