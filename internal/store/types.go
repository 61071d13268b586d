package store

import "github.com/dorsetcarerecord/dcr/internal/store/driver"

// The types are package driver's, where their rules are written.

type (
	// Spec declares a collection.
	Spec = driver.Spec
	// Value is one value of an index key.
	Value = driver.Value
	// Ref names a document.
	Ref = driver.Ref
	// Due says in which queue a document waits, and until when.
	Due = driver.Due
	// Doc is a stored document.
	Doc = driver.Doc
	// Op is one operation of a commit.
	Op = driver.Op
	// OpKind says what an operation does.
	OpKind = driver.OpKind
	// Query reads one partition by one index.
	Query = driver.Query
	// Visit receives a document, which is valid until it returns.
	Visit = driver.Visit
	// Log is an append-only sequence of records.
	Log = driver.Log
	// ConflictError says that the condition of an operation did not hold.
	ConflictError = driver.ConflictError
)

// Operations of a commit.
const (
	Insert     = driver.Insert
	Replace    = driver.Replace
	Delete     = driver.Delete
	Require    = driver.Require
	Put        = driver.Put
	Discard    = driver.Discard
	Reschedule = driver.Reschedule
)

// MaxBody is the size of the largest body that a document may have.
const MaxBody = 16 << 20

// Str returns a string value of an index key.
func Str(s string) Value { return driver.Str(s) }

// Num returns an integer value of an index key.
func Num(n int64) Value { return driver.Num(n) }
