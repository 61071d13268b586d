package record

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Codes of what Apply and Identify refuse; a feed quarantines with them.
const (
	CodeTypeNotKept   = "TYPE_NOT_KEPT"
	CodeTooMany       = "TOO_MANY_ENTRIES"
	CodeTwice         = "OBJECT_TWICE"
	CodeNoNumber      = "NO_NHS_NUMBER"
	CodeBadNumber     = "INVALID_NHS_NUMBER"
	CodeUnknownPerson = "UNKNOWN_PERSON"
	CodeBirthDate     = "BIRTH_DATE_MISMATCH"
)

// tries bounds how often a change is decided anew because somebody else changed
// the same documents meanwhile.
const tries = 20

// Apply folds what a message says into a person's record, as one commit. It may be
// called again with the same change: the state of an entry is a function of the set
// of messages about its source object, so order, repeats and lateness make no
// difference (RULES 8). An object that lay in another person's record is taken from
// there before it is shown here.
//
// Errors: errs.Unprocessable with a code, of which nothing happened; anything else
// may be tried again.
func (r *Records) Apply(ctx context.Context, c Change) ([]Applied, error) {
	if len(c.Objects) > driver.MaxOps/2-100 {
		return nil, errs.Coded(errs.Unprocessable, CodeTooMany, "At most %d resources about one person in one message.", driver.MaxOps/2-100)
	}
	seen := make(map[string]bool, len(c.Objects))
	for _, o := range c.Objects {
		name := o.Type + "/" + o.SourceID
		if seen[name] {
			return nil, errs.Coded(errs.Unprocessable, CodeTwice, "A message may say one state of an object, not two.")
		}
		seen[name] = true
		if SectionFor(o.Type, c.Source.Kind) == 0 && !c.Person.IsDirectory() {
			return nil, errs.Coded(errs.Unprocessable, CodeTypeNotKept, "The record does not keep resources of this type.")
		}
	}
	for range tries {
		f, err := r.fold(ctx, c)
		if err == nil {
			err = f.commit(ctx)
		}
		var conflict *driver.ConflictError
		if errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return f.applied, nil
	}
	return nil, errs.New(errs.Unavailable, "The record is busy. Send the message again.")
}

// ApplyDirectory is Apply for what belongs to no person.
func (r *Records) ApplyDirectory(ctx context.Context, c Change) ([]Applied, error) {
	c.Person = DirectoryOf(c.Source.ID)
	return r.Apply(ctx, c)
}

// fold is a change worked out against what is stored.
type fold struct {
	r       *Records
	c       *Change
	objects []object
	applied []Applied
	taken   map[PersonID][]taken // objects to be hidden in others' records
	ops     []driver.Op          // of the person's commit
	finder  []finderEntry
	idents  map[string]bool // identifiers of a directory written already
}

// object is one object of the change and what is known of it.
type object struct {
	*Object
	entry    string
	order    order
	content  [32]byte
	version  string
	owner    PersonID // by the locator; "" if there is none
	ownerRev uint64
	from     PersonID // whom the owner had it from, if it moved
	yields   PersonID // whom it goes back to, of whom something later was said
	before   envelope // stored state, nil if there is none
	rev      uint64
	known    bool // this version is stored already, not as the current one
	knownRev uint64
	knownEnv envelope
}

func (r *Records) fold(ctx context.Context, c Change) (*fold, error) {
	f := &fold{r: r, c: &c, objects: make([]object, len(c.Objects)), applied: make([]Applied, len(c.Objects)), idents: map[string]bool{}}
	for i := range c.Objects {
		f.objects[i] = newObject(&c, &c.Objects[i])
	}
	if err := f.read(ctx); err != nil {
		return nil, err
	}
	t := newTies(r, c.Person)
	for i := range f.objects {
		if err := f.object(ctx, i, t); err != nil {
			return nil, err
		}
	}
	if err := f.vouched(ctx); err != nil {
		return nil, err
	}
	if err := f.who(ctx, t); err != nil {
		return nil, err
	}
	ops, err := t.ops(ctx)
	f.ops = append(f.ops, ops...)
	return f, err
}

func newObject(c *Change, o *Object) object {
	x := object{Object: o, entry: entryOf(c.Source.ID, o.Type, o.SourceID)}
	x.order = order{message: c.Message.Time.UnixMicro(), key: c.Message.Key}
	x.order.time = x.order.message
	if !o.Time.IsZero() {
		x.order.time = o.Time.UnixMicro()
	}
	// A version is what was said, and, where the sender says so, as of when: the same
	// again is the same version, so that a nightly repeat of all makes no new ones.
	h := sha256.New()
	var own [9]byte
	if !o.Time.IsZero() {
		binary.BigEndian.PutUint64(own[:], uint64(o.Time.UnixMicro()))
	}
	if o.Deleted {
		own[8] = 1
	}
	h.Write(own[:])
	h.Write(o.Resource.Raw())
	h.Sum(x.content[:0])
	x.version = encodeID(x.content[:])
	return x
}

// read gets what is stored of the objects: whose they are, their state, and whether
// a state that is not the current one is known.
func (f *fold) read(ctx context.Context) error {
	at := make(map[string]int, len(f.objects))
	refs := make([]driver.Ref, 0, 2*len(f.objects))
	for i := range f.objects {
		o := &f.objects[i]
		refs = append(refs, locatorRef(f.c.Source.ID, o.Type, o.SourceID))
		at[refs[i].ID] = i
	}
	err := f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		o := &f.objects[at[d.ID]]
		o.owner, o.from = decodeLocator(d.Body)
		o.ownerRev = d.Rev
		return true
	})
	if err != nil {
		return err
	}
	refs = refs[:0]
	for i := range f.objects {
		o := &f.objects[i]
		at[o.entry] = i
		refs = append(refs, driver.Ref{Collection: entries, Partition: string(f.c.Person), ID: o.entry})
	}
	var fault error
	err = f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		o := &f.objects[at[d.ID]]
		o.before, fault = open(append([]byte(nil), d.Body...))
		o.rev = d.Rev
		return fault == nil
	})
	if err == nil {
		err = fault
	}
	if err != nil {
		return err
	}
	return f.readVersions(ctx)
}

func (f *fold) readVersions(ctx context.Context) error {
	at := map[string]int{}
	var refs []driver.Ref
	for i := range f.objects {
		o := &f.objects[i]
		if o.before == nil || string(o.before.str(strVersion)) == o.version {
			continue
		}
		id := o.entry + "." + o.version
		at[id] = i
		refs = append(refs, driver.Ref{Collection: versions, Partition: string(f.c.Person), ID: id})
	}
	if len(refs) == 0 {
		return nil
	}
	var fault error
	err := f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		o := &f.objects[at[d.ID]]
		o.known, o.knownRev = true, d.Rev
		o.knownEnv, fault = open(append([]byte(nil), d.Body...))
		return fault == nil
	})
	if err == nil {
		err = fault
	}
	return err
}

// state makes the stored form of an object's new state.
func (f *fold) state(o *object) *state {
	c := f.c
	id := string(c.Person) + "-" + o.entry
	s := &state{section: SectionFor(o.Type, c.Source.Kind), order: o.order, received: c.Message.Received, seq: c.Message.Seq, id: id}
	s.strings = [nStrings]string{strType: o.Type, strVersion: o.version, strSource: c.Source.ID, strSourceID: o.SourceID, strVia: o.Via}
	if o.Deleted {
		s.flags = flagDeleted
		if o.before != nil {
			s.section, s.low, s.high = o.before.section(), o.before.time(atLow), o.before.time(atHigh)
			s.security = o.before.sensitivity() // what was withheld is not told of by its end
			if o.Via == "" {
				s.strings[strVia] = string(o.before.str(strVia))
			}
		}
		return s
	}
	x := fhir.Extract(o.Resource)
	s.low, s.high = x.Date, x.DateEnd
	if x.StandIn {
		s.flags |= flagUndated
	}
	for _, t := range x.Tokens {
		s.tokens = appendToken(s.tokens, t)
	}
	if len(s.tokens) > maxTokens*tokenLen {
		s.tokens = s.tokens[:maxTokens*tokenLen]
	}
	f.label(s, o)
	s.strings[strOrgs] = orgsString(ties(o.Resource, o.Orgs, c.Source, x.Date, x.DateEnd))
	meta := fhir.Meta(o.Resource.Get("meta"), o.version, stamp(c.Message.Received), "urn:dcr:source:"+c.Source.ID)
	s.json = fhir.Splice(make([]byte, 0, len(o.Resource.Raw())+len(meta)+64), o.Resource, fhir.Edits{ID: id, Meta: meta, Refs: o.Refs})
	return s
}

// maxTokens bounds the tokens of one entry.
const maxTokens = 4000

func (s *state) entryOp(p PersonID, o *object) driver.Op {
	kind := driver.Insert
	if o.rev != 0 {
		kind = driver.Replace
	}
	return driver.Op{Kind: kind, Doc: driver.Doc{Ref: driver.Ref{Collection: entries, Partition: string(p), ID: o.entry}, Rev: o.rev, Body: s.encode(), Keys: s.keys()}}
}

// versionOp keeps a state that is not the current one.
func versionOp(p PersonID, entry string, e envelope, kind driver.OpKind, rev uint64) driver.Op {
	o := e.order()
	return driver.Op{Kind: kind, Doc: driver.Doc{
		Ref: driver.Ref{Collection: versions, Partition: string(p), ID: entry + "." + string(e.str(strVersion))}, Rev: rev, Body: e,
		Keys: [][]driver.Value{{driver.Str(entry), driver.Num(o.time), driver.Num(o.message)}},
	}}
}

func locatorRef(source, typ, sourceID string) driver.Ref {
	return driver.Ref{Collection: locators, Partition: source, ID: typ + "/" + sourceID}
}

// encodeLocator and decodeLocator keep whose an object is, and whom they had it
// from, where it moved.
func encodeLocator(owner, from PersonID) []byte {
	if from == "" {
		return []byte(owner)
	}
	return []byte(owner + " " + from)
}

func decodeLocator(b []byte) (owner, from PersonID) {
	o, f, _ := strings.Cut(string(b), " ")
	return PersonID(o), PersonID(f)
}

// Locate returns whose the source's objects are, of those that are known.
func (r *Records) Locate(ctx context.Context, source, typ string, sourceIDs []string) (map[string]PersonID, error) {
	refs := make([]driver.Ref, len(sourceIDs))
	for i, id := range sourceIDs {
		refs[i] = locatorRef(source, typ, id)
	}
	out := make(map[string]PersonID, len(refs))
	err := r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		out[d.ID[len(typ)+1:]], _ = decodeLocator(d.Body)
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("locate: %w", err)
	}
	return out, nil
}
