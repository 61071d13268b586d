package driver

import (
	"context"
	"fmt"
)

// Mover is an engine whose whole content can be taken out and put into another. Nobody else
// uses the store meanwhile; package migrate sees to that with the mark.
type Mover interface {
	Engine

	// Collections lists the collections that the store has, those that this program does
	// not know too.
	Collections(ctx context.Context) ([]string, error)

	// Count says about how many documents a collection has.
	Count(ctx context.Context, collection string) (int64, error)

	// Export visits at most limit documents of a collection, over all partitions and
	// also those that have expired, with their Keys, in an order of the engine's own. It
	// resumes after a place that it returned, nil for the first; nil is returned when there are
	// no more. A place outlives the process.
	Export(ctx context.Context, collection string, after []byte, limit int, visit Visit) (place []byte, err error)

	// Import puts documents, of any partitions, as they were exported: with their revisions, in the
	// place of what is there. They are durable when it returns; after an error some may be.
	Import(ctx context.Context, docs []Doc) error

	// Mark returns what SetMark noted about the store as a whole, "" for nothing. It is
	// no document, and no other method sees it.
	Mark(ctx context.Context) (string, error)

	// SetMark notes it durably.
	SetMark(ctx context.Context, mark string) error
}

// CheckImport refuses documents over the limits of a commit, one that is there twice, one without
// a revision, and keys that do not fit their indexes.
func (s *Schema) CheckImport(docs []Doc) error {
	if len(docs) > MaxOps {
		return fmt.Errorf("%w: %d documents in an import, %d are allowed", ErrTooLarge, len(docs), MaxOps)
	}
	size := 0
	seen := make(map[Ref]struct{}, len(docs))
	for i := range docs {
		if err := s.checkOp(&Op{Kind: Put, Doc: docs[i]}); err != nil {
			return err
		}
		if docs[i].Rev == 0 {
			return fmt.Errorf("store: document %d of an import has no revision", i)
		}
		if _, twice := seen[docs[i].Ref]; twice {
			return fmt.Errorf("store: document %d of an import is there a second time", i)
		}
		seen[docs[i].Ref] = struct{}{}
		size += len(docs[i].Body)
	}
	if size > MaxCommit {
		return fmt.Errorf("%w: %d bytes in an import, %d are allowed", ErrTooLarge, size, MaxCommit)
	}
	return nil
}
