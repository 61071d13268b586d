// Package driver is the contract between the store and its engines. The suite in
// storetest is its specification: what it does not check, no caller may assume.
//
// Documents live in partitions and are committed atomically within one; logs are
// append-only sequences beside them. Nothing here promises more than a
// replicated document database can give.
package driver

import (
	"context"
	"errors"
	"io"
	"time"
)

// Limits of one commit and one document.
const (
	MaxOps      = 2000
	MaxCommit   = 20 << 20 // bytes of all bodies of a commit: a body of 16 MB in parts, and what follows from it
	MaxBody     = 1 << 20  // bytes of one body; package store splits larger ones
	MaxRecord   = 16 << 20 // bytes of one log record
	MaxKey      = 1024     // bytes of a partition or an id; both are valid UTF-8 and not empty
	MaxIndexKey = 4096     // bytes of one encoded index key
)

// Spec declares a collection: engines make what it needs when they open.
type Spec struct {
	Name    string
	Indexes []Index
	// Clustered names the index in whose order an engine should lay the documents,
	// so that a range of it is read in one sweep. A hint: it changes no result.
	Clustered string
	// Small promises that no body is over MaxBody. It spares package store a look
	// for the parts of the body before, at each replacement and deletion.
	Small bool
	// Linearizable asks that a Get never returns what a deposed primary holds.
	Linearizable bool
}

// Index is an order over the documents of one partition.
type Index struct {
	Name   string
	Fields []Field
}

// Field is one part of an index key.
type Field struct {
	Kind Kind
	Desc bool
}

// Kind is the type of an index value.
type Kind uint8

// Kinds of index value.
const (
	String Kind = iota + 1 // any bytes, compared as bytes
	Int                    // int64; times are Int too, in Unix microseconds UTC
)

// Value is one index value. Use Str, Num or At.
type Value struct {
	Kind Kind
	S    string
	N    int64
}

// Str returns a string value.
func Str(s string) Value { return Value{Kind: String, S: s} }

// Num returns an integer value.
func Num(n int64) Value { return Value{Kind: Int, N: n} }

// At returns a time as an integer value: Unix microseconds.
func At(t time.Time) Value { return Value{Kind: Int, N: t.UnixMicro()} }

// Ref names a document.
type Ref struct{ Collection, Partition, ID string }

// Due says that a document waits in a queue until a time. The zero Due waits
// in none.
type Due struct {
	Queue string
	At    time.Time // stored to the microsecond
}

// Doc is a stored document.
type Doc struct {
	Ref
	Rev  uint64 // starts at 1 and grows by 1 with each replacement
	Body []byte
	// Keys holds one key for each index of the spec, in its order; a nil key keeps
	// the document out of that index. Given to write; nil in what is read, so a
	// replacement gives them anew.
	Keys [][]Value
	Due  Due
	// Expires is when the document becomes absent, for reads and for conditions; zero is
	// never. Stored to the microsecond.
	Expires time.Time
}

// OpKind says what an operation does.
type OpKind uint8

// Operations.
const (
	Insert     OpKind = iota + 1 // fails if the document exists
	Replace                      // fails unless the document is at Rev
	Delete                       // fails unless the document is at Rev
	Require                      // changes nothing; fails unless the document is at Rev (0: absent)
	Put                          // inserts or replaces, whatever is there
	Discard                      // deletes if there
	Reschedule                   // changes Due alone, and Rev; fails unless the document is at Rev
)

// Op is one operation of a commit. Doc.Partition is the commit's.
type Op struct {
	Kind OpKind
	Doc  Doc // Ref and, by kind, Rev, Body, Keys, Due, Expires
}

// ConflictError says that an operation's condition did not hold; nothing of the
// commit happened.
type ConflictError struct {
	Op  int // index of the first operation that failed
	Ref Ref // the document; not for logs: ids may name people
}

func (e *ConflictError) Error() string { return "store: conflict in " + e.Ref.Collection }

// Errors of an engine. Others are faults of the disk or the network and mean
// that the outcome is unknown or that nothing was done; callers may try again.
var (
	ErrNotFound    = errors.New("store: not found")
	ErrTooLarge    = errors.New("store: over a limit of the store")
	ErrUnavailable = errors.New("store: unavailable")  // disk full, server away; try again later
	ErrCorrupt     = errors.New("store: corrupt data") // a checksum or structure does not hold
	ErrClosed      = errors.New("store: closed")
	ErrCursor      = errors.New("store: not a cursor of this query")

	// ErrFenced: another owns a log, or appends to it. It comes with ErrUnavailable, and for every
	// append until the log is opened again.
	ErrFenced = errors.New("store: another writes to it; open it again to go on behind it")
)

// Query reads one partition of a collection by one index: equalities on its first
// fields, then at most one range on the field after them. Results come in the
// index's order, ties by id; Reverse turns all of it round.
type Query struct {
	Collection, Partition string
	Index                 string // "" reads in the order of ids
	Equal                 []Value
	From, To              *Value // From <= v < To as values, whatever Desc says; either may be nil
	Reverse               bool
	After                 []byte // resume after this cursor, as Find returned it
	Limit                 int    // documents visited; 0 means no limit
}

// Visit receives a document. d itself and its Body belong to the engine and are
// valid only until Visit returns (strings may be kept): copy, do not block, and
// call nothing of the store. Returning false stops the reading.
type Visit func(d *Doc) bool

// Engine keeps documents and logs. All methods may be called concurrently. Whoever
// waits for a commit or an append waits no longer than ctx allows: then the outcome
// is unknown, and the error is that of ctx.
type Engine interface {
	// Get visits those of refs that exist, in the order of refs. Those of one partition
	// are read at one moment, but for those of Linearizable collections: each of these is
	// read by itself, after the others. No error for absent documents.
	Get(ctx context.Context, refs []Ref, visit Visit) error

	// Find visits the documents of q and returns a cursor that resumes after the
	// last one visited, or nil when there is none after it. A cursor stays valid under
	// writes: what was visited and not moved is not visited again, what was there
	// all the time and not moved is not missed.
	Find(ctx context.Context, q Query, visit Visit) (after []byte, err error)

	// Commit applies all of ops, or none, durably; a failed condition is a
	// *ConflictError. ops may name a document once only.
	Commit(ctx context.Context, partition string, ops []Op) error

	// Due visits at most limit documents due in queue not after before, oldest
	// first, over all partitions and collections. A worker claims one by a
	// Reschedule that moves its Due ahead: the revision decides who has it.
	Due(ctx context.Context, queue string, before time.Time, limit int, visit Visit) error

	// Sweep removes documents that expired before now, at most limit of them, and
	// returns how many. It only tidies: reads never see them anyway.
	Sweep(ctx context.Context, now time.Time, limit int) (int, error)

	// Log opens the log of that name (letters, digits and dashes), making it if it
	// is new. The engine keeps it open until Close.
	Log(ctx context.Context, name string) (Log, error)

	// Own opens a log to append to it alone: from when it returns on, each append through a
	// handle that there was before fails with ErrFenced, whichever process has it, and what such
	// a one appended before is in Len. It does not ask whether the owner before is still alive:
	// who may own a log is for its callers to agree on.
	Own(ctx context.Context, name string) (Log, error)

	// Logs lists the names of the logs there are.
	Logs(ctx context.Context) ([]string, error)

	// Check reads everything and verifies checksums and that indexes and documents
	// agree; the error names the first fault. progress may be nil.
	Check(ctx context.Context, progress func(done, total int64)) error

	// Close waits for what is under way.
	Close() error
}

// Backuper is an engine that can copy itself while it runs.
type Backuper interface {
	// Backup writes a copy, consistent for the documents and, for each log, at least
	// as long as every record acknowledged before the call, as a tar stream.
	Backup(ctx context.Context, w io.Writer, progress func(done, total int64)) error
}

// Exclusive is an engine that one process at a time can open.
type Exclusive interface {
	// Opening names this opening of the store: whoever noted another in it is gone.
	Opening() string
}

// Log is an append-only sequence of records numbered from 0.
type Log interface {
	// Append adds the records in order, next to each other, and returns the number
	// of the first once all are durable. After an error it is unknown whether they
	// are there, or only the first of them, and the records may be read for some time
	// yet: they may be reused after a success only.
	Append(ctx context.Context, records ...[]byte) (first uint64, err error)

	// Read visits the records from number from on, in order, until visit returns
	// false or the log ends; none from Len on is no error. The bytes are valid until
	// visit returns. A record that does not match its checksum is ErrCorrupt.
	Read(ctx context.Context, from uint64, visit func(n uint64, record []byte) bool) error

	// Len returns the number of durable records. Of a log that another process appends to, it
	// is what it was when the log was last opened or read.
	Len() uint64
}
