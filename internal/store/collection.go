package store

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Schema says how values of T are kept in a collection.
type Schema[T any] struct {
	Collection string
	Marshal    func(v T) ([]byte, error)
	Unmarshal  func(body []byte) (T, error) // must copy what it keeps of body

	// What the store should know of a value; each may be nil.
	Keys    func(v T) [][]Value // one for each index of the collection's spec
	Due     func(v T) Due
	Expires func(v T) time.Time
}

// JSON returns a schema that keeps values as JSON, without indexes. Not for what is read
// at every request: give such a one a binary form.
func JSON[T any](collection string) Schema[T] {
	return Schema[T]{
		Collection: collection,
		Marshal:    func(v T) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) },
		Unmarshal: func(body []byte) (v T, err error) {
			err = json.Unmarshal(body, &v)
			return v, err
		},
	}
}

// Collection reads and writes values of one type.
type Collection[T any] struct {
	db *DB
	s  Schema[T]
}

// NewCollection returns a collection of db.
func NewCollection[T any](db *DB, s Schema[T]) *Collection[T] { return &Collection[T]{db, s} }

// Ref names a document of the collection.
func (c *Collection[T]) Ref(partition, id string) Ref {
	return Ref{Collection: c.s.Collection, Partition: partition, ID: id}
}

// Op returns an operation that writes v, to be committed with others. rev matters to
// Replace only.
func (c *Collection[T]) Op(kind OpKind, partition, id string, rev uint64, v T) (Op, error) {
	body, err := c.s.Marshal(v)
	if err != nil {
		return Op{}, err
	}
	d := Doc{Ref: c.Ref(partition, id), Rev: rev, Body: body}
	if c.s.Keys != nil {
		d.Keys = c.s.Keys(v)
	}
	if c.s.Due != nil {
		d.Due = c.s.Due(v)
	}
	if c.s.Expires != nil {
		d.Expires = c.s.Expires(v)
	}
	return Op{Kind: kind, Doc: d}, nil
}

// Get returns a value and its revision, or an error of kind NotFound.
func (c *Collection[T]) Get(ctx context.Context, partition, id string) (v T, rev uint64, err error) {
	var bad error
	err = c.db.Get(ctx, []Ref{c.Ref(partition, id)}, func(d *Doc) bool {
		rev = d.Rev
		v, bad = c.s.Unmarshal(d.Body)
		return true
	})
	switch {
	case err != nil:
		return v, 0, err
	case bad != nil:
		return v, 0, c.unreadable(bad)
	case rev == 0:
		return v, 0, errs.Wrap(errs.NotFound, driver.ErrNotFound, "no such document")
	}
	return v, rev, nil
}

func (c *Collection[T]) unreadable(err error) error {
	return kind(errors.Join(driver.ErrCorrupt, errors.New("a document of "+c.s.Collection+" cannot be decoded"), err))
}

// Insert adds a value; an error of kind Conflict says that there is one.
func (c *Collection[T]) Insert(ctx context.Context, partition, id string, v T) error {
	return c.write(ctx, Insert, partition, id, 0, v)
}

// Put sets a value, whatever is there.
func (c *Collection[T]) Put(ctx context.Context, partition, id string, v T) error {
	return c.write(ctx, Put, partition, id, 0, v)
}

// Replace sets a value that is at rev; otherwise the error is of kind Conflict.
func (c *Collection[T]) Replace(ctx context.Context, partition, id string, rev uint64, v T) error {
	return c.write(ctx, Replace, partition, id, rev, v)
}

func (c *Collection[T]) write(ctx context.Context, kind OpKind, partition, id string, rev uint64, v T) error {
	op, err := c.Op(kind, partition, id, rev, v)
	if err != nil {
		return err
	}
	return c.db.Commit(ctx, partition, []Op{op})
}

// Delete removes a value that is at rev.
func (c *Collection[T]) Delete(ctx context.Context, partition, id string, rev uint64) error {
	return c.db.Commit(ctx, partition, []Op{{Kind: Delete, Doc: Doc{Ref: c.Ref(partition, id), Rev: rev}}})
}

// ErrKeep is returned by the function of an Update that wants nothing changed.
var ErrKeep = errors.New("store: keep as it is")

// Update sets a value to what change makes of it, by compare-and-swap. change may run
// more than once and so has no effect but what it returns; its error ends the Update and
// is returned, but for ErrKeep.
func (c *Collection[T]) Update(ctx context.Context, partition, id string, change func(old T, exists bool) (T, error)) error {
	for {
		old, rev, err := c.Get(ctx, partition, id)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return err
		}
		next, err := change(old, rev != 0)
		if errors.Is(err, ErrKeep) {
			return nil
		}
		if err != nil {
			return err
		}
		kind := Replace
		if rev == 0 {
			kind = Insert
		}
		// Somebody wins each round, so this ends, and a caller who gives up says so by ctx.
		if err = c.write(ctx, kind, partition, id, rev, next); errs.KindOf(err) != errs.Conflict {
			return err
		}
	}
}

// List visits the values that q finds; Collection of q is set by List.
func (c *Collection[T]) List(ctx context.Context, q Query, visit func(id string, rev uint64, v T) bool) (cursor []byte, err error) {
	q.Collection = c.s.Collection
	var bad error
	cursor, err = c.db.Find(ctx, q, func(d *Doc) bool {
		var v T
		if v, bad = c.s.Unmarshal(d.Body); bad != nil {
			return false
		}
		return visit(d.ID, d.Rev, v)
	})
	if err == nil && bad != nil {
		err = c.unreadable(bad)
	}
	return cursor, err
}
