package record

import (
	"context"
	"crypto/sha256"

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
