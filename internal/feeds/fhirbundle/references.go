package fhirbundle

import (
	"context"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// target is what a reference means. The zero id and query mean that it is
// nothing of the source's that we could know.
type target struct {
	entry int // index of the entry it is, or -1
	typ   string
	id    string // of the source
	query query  // conditional, and not in the Bundle
}

// references are those of the entry's resource, read once.
func (e *entry) references() []fhir.Reference {
	if !e.refsRead {
		e.refs, e.refsRead = fhir.References(e.resource), true
	}
	return e.refs
}

// resolve says what a literal reference means in this Bundle, and beyond it in what
// the source sends: a relative one is always the source's own, never ours.
func (j *job) resolve(literal, typ string) target {
	if i, ok := j.byURL[literal]; ok {
		return j.at(i)
	}
	if strings.IndexByte(literal, '?') >= 0 {
		return j.resolveQuery(literal)
	}
	if id, ok := strings.CutPrefix(literal, "urn:uuid:"); ok {
		return j.known(typ, bounded(id))
	}
	if strings.Contains(literal, ":") {
		rest, ok := strings.CutPrefix(literal, j.base)
		if j.base == "" || !ok {
			if versionless, _, ok := strings.Cut(literal, "/_history/"); ok {
				return j.resolve(versionless, typ)
			}
			return target{entry: -1}
		}
		literal = rest
	}
	named, id := fhir.SplitReference(literal)
	return j.known(named, id)
}

func (j *job) at(i int) target {
	e := &j.entries[i]
	return target{entry: i, typ: e.typ, id: e.sourceID}
}

// known is the source's object of that name, in the Bundle or not.
func (j *job) known(typ, id string) target {
	if typ == "" || id == "" {
		return target{entry: -1}
	}
	if i, ok := j.byRef[typ+"/"+id]; ok {
		return j.at(i)
	}
	return target{entry: -1, typ: typ, id: id}
}

// resolveQuery finds the one entry of the Bundle that a conditional reference
// means, if there is one.
func (j *job) resolveQuery(literal string) target {
	q, ok := conditional(literal)
	if !ok {
		return target{entry: -1}
	}
	return j.identifiedBy(q)
}

func (j *job) identifiedBy(q query) target {
	if j.byQuery == nil {
		j.indexIdentifiers()
	}
	t := target{entry: -1, typ: q.typ, query: q}
	if i, ok := j.byQuery[q]; ok && i >= 0 {
		t.entry, t.id = i, j.entries[i].sourceID
	}
	return t
}

// indexIdentifiers notes which entry a query by identifier means; -1 where it is
// several, and so none.
func (j *job) indexIdentifiers() {
	j.byQuery = map[query]int{}
	for i := range j.entries {
		e := &j.entries[i]
		for _, q := range queriesFor(e.typ, e.resource) {
			if was, known := j.byQuery[q]; known && was != i {
				j.byQuery[q] = -1
				continue
			}
			j.byQuery[q] = i
		}
	}
}

// lookUp asks the source's directory for what conditional references and
// ifNoneExist name.
func (j *job) lookUp(ctx context.Context) error {
	for i := range j.entries {
		e := &j.entries[i]
		if !e.live() {
			continue
		}
		if e.directory && e.noneExist.value != "" {
			if err := j.find(ctx, e.noneExist); err != nil {
				return err
			}
			e.existing = j.found[e.noneExist]
		}
		for _, r := range e.references() {
			if strings.IndexByte(r.Literal, '?') < 0 {
				continue
			}
			if t := j.resolve(r.Literal, r.Type); t.entry < 0 && record.IsDirectoryType(t.typ) {
				if err := j.find(ctx, t.query); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// find reads the entry that the directory has under an identifier, once.
func (j *job) find(ctx context.Context, q query) error {
	if _, asked := j.found[q]; asked {
		return nil
	}
	id, ok, err := j.records.FindIdentifier(ctx, j.source.ID, q.typ, q.system, q.value)
	if err != nil {
		return err
	}
	j.found[q] = ""
	if ok {
		j.found[q] = id
	}
	return nil
}

// literal is what a reference of an entry becomes in the record; "" leaves it as
// the source wrote it.
func (j *job) literal(e *entry, r fhir.Reference) string {
	if r.Literal == "" {
		return ""
	}
	t := j.resolve(r.Literal, r.Type)
	directory := record.IsDirectoryType(t.typ)
	switch {
	case t.entry < 0 && j.number[t.query].via != "":
		return "Patient/" + string(j.number[t.query].person)
	case t.entry < 0 && t.query.value != "":
		if id := j.found[t.query]; id != "" {
			return t.typ + "/" + id
		}
		return ""
	case t.id == "":
		return ""
	case t.entry >= 0 && j.entries[t.entry].existing != "":
		return t.typ + "/" + j.entries[t.entry].existing
	case directory:
		return t.typ + "/" + record.EntryID(record.DirectoryOf(j.source.ID), j.source.ID, t.typ, t.id)
	case t.typ == patientType:
		p := j.patient[t.id]
		if t.entry >= 0 {
			p = j.entries[t.entry].person
		}
		if p == "" {
			return ""
		}
		return "Patient/" + string(p)
	case record.SectionsOf(t.typ) == 0:
		return ""
	}
	p := e.person
	if t.entry >= 0 && j.entries[t.entry].person != "" {
		p = j.entries[t.entry].person
	}
	if p == "" {
		return ""
	}
	return t.typ + "/" + record.EntryID(p, j.source.ID, t.typ, t.id)
}

// change makes the object that the record is given of an entry.
func (j *job) change(e *entry) record.Object {
	resource, references := e.resource, e.references()
	if again := j.identified(e); again.Exists() { // in which literals mean what they meant
		resource, references = again, fhir.References(again)
	}
	var refs map[int]string
	for _, r := range references {
		if to := j.literal(e, r); to != "" && to != r.Literal {
			if refs == nil {
				refs = make(map[int]string, len(references))
			}
			refs[r.Offset()] = to
		}
	}
	return record.Object{Type: e.typ, SourceID: e.sourceID, Resource: resource, Refs: refs, Orgs: j.orgs, Via: e.via, Deleted: e.deleted,
		Time: j.m.Believe(instant(e.resource.Path("meta", "lastUpdated")))}
}
