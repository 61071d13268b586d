package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// identifierRef is where it is written which of a source's organisations, staff,
// places or medications has an identifier.
func identifierRef(source, typ, system, value string) driver.Ref {
	sum := sha256.Sum256([]byte(typ + "\x00" + system + "\x00" + value))
	return driver.Ref{Collection: byIdent, Partition: string(DirectoryOf(source)), ID: encodeID(sum[:])}
}

// identifiers returns the operations that make an object of the directory found by
// its identifiers. One that two objects have leads to the later said.
// seen holds what the commit writes already.
func identifiers(source string, o *object, seen map[string]bool) []driver.Op {
	var ops []driver.Op
	for id := range o.Resource.Get("identifier").Each() {
		ref := identifierRef(source, o.Type, id.Get("system").Text(), id.Get("value").Text())
		if id.Get("value").Text() == "" || seen[ref.ID] {
			continue
		}
		seen[ref.ID] = true
		ops = append(ops, driver.Op{Kind: driver.Put, Doc: driver.Doc{Ref: ref, Body: []byte(o.entry)}})
	}
	return ops
}

// FindIdentifier returns the id of what a source's directory holds under an
// identifier: how a conditional reference is resolved.
func (r *Records) FindIdentifier(ctx context.Context, source, typ, system, value string) (id string, ok bool, err error) {
	err = r.o.Store.Get(ctx, []driver.Ref{identifierRef(source, typ, system, value)}, func(d *driver.Doc) bool {
		id, ok = string(DirectoryOf(source))+"-"+string(d.Body), true
		return true
	})
	return id, ok, err
}

// Orgs are the ODS codes of organisations that references name by their literal, as
// the feed found them in the message or in the source's directory.
type Orgs map[string]nhs.ODS

// of returns the organisation that a reference names: by an ODS code itself, or by
// its literal; "" if that is not known.
func (o Orgs) of(ref fhir.Reference) nhs.ODS {
	if system, value := ref.Identified(); system == nhs.ODSSystem {
		if org, err := nhs.ParseODS(value); err == nil {
			return org
		}
	}
	return o[ref.Literal]
}

// ODSOf returns the ODS code that an Organization has among its identifiers, or "".
func ODSOf(organisation fhir.Node) nhs.ODS {
	for id := range organisation.Get("identifier").Each() {
		if !id.Get("system").Is(nhs.ODSSystem) {
			continue
		}
		if org, err := nhs.ParseODS(id.Get("value").Text()); err == nil {
			return org
		}
	}
	return ""
}

// DirectoryODS returns the ODS codes of organisations in a source's directory, by
// entry id, of those that are there and have one.
func (r *Records) DirectoryODS(ctx context.Context, source string, ids []string) (map[string]nhs.ODS, error) {
	partition := DirectoryOf(source)
	refs := make([]driver.Ref, 0, len(ids))
	for _, id := range ids {
		if p, entry, ok := SplitID(id); ok && p == partition {
			refs = append(refs, driver.Ref{Collection: entries, Partition: string(p), ID: entry})
		}
	}
	out := make(map[string]nhs.ODS, len(refs))
	var fault error
	err := r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(d.Body); fault != nil {
			return false
		}
		if e.has(flagDeleted | flagMoved) {
			return true
		}
		doc, err := fhir.Parse(bytes.Clone(e.json()))
		if err != nil {
			fault = err
			return false
		}
		if org := ODSOf(doc.Root()); org != "" {
			out[string(partition)+"-"+d.ID] = org
		}
		return true
	})
	return out, errors.Join(err, fault)
}
