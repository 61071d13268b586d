// Package errs defines the error used wherever a caller must tell one failure
// from another. Plain errors wrapped with fmt.Errorf are right everywhere else:
// they reach the user as an internal error with no detail.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of an error. Kinds are part of the API: add at the end, and
// give each a row in the table of package api.
type Kind uint8

// Kinds of error.
const (
	Internal        Kind = iota // anything not classified
	Invalid                     // the request is malformed
	Unauthenticated             // no caller, or one that could not be verified
	NotFound                    // absent, or hidden from this caller
	Forbidden                   // this caller may know the thing exists, not use it
	Conflict                    // the thing changed since the caller read it
	Unavailable                 // try again later
	TooLarge                    // over a limit on size
	Unsupported                 // a media type, encoding or method that is not taken
	Unprocessable               // well-formed, and refused by a rule
	RateLimited                 // too many requests
	Precondition                // If-Match did not hold, or is missing where needed
)

var names = [...]string{"internal", "invalid", "unauthenticated", "not-found", "forbidden", "conflict", "unavailable",
	"too-large", "unsupported", "unprocessable", "rate-limited", "precondition"}

func (k Kind) String() string { return names[k] }

// Error carries a kind and a message fit for the person using the service. It
// never holds clinical content, nor anything that the caller sent.
type Error struct {
	Kind    Kind
	Code    string        // machine-readable, as RULES names it: NO_PATIENT_CONSENT; may be empty
	Message string        // what is wrong and what to do
	Path    string        // where in the input, as a FHIRPath or a field name; may be empty
	Action  string        // for STEP_UP_REQUIRED: what is to be confirmed; may be empty
	After   time.Duration // for Unavailable and RateLimited: when to try again
	err     error
}

// New returns an error of the given kind.
func New(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Coded is New with a machine-readable code.
func Coded(k Kind, code, format string, args ...any) error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap classifies err, keeping it for logs.
func Wrap(k Kind, err error, message string) error {
	return &Error{Kind: k, Message: message, err: err}
}

func (e *Error) Error() string {
	if e.err != nil {
		return e.Message + ": " + e.err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.err }

// As returns the outermost Error in err's chain.
func As(err error) (*Error, bool) { return errors.AsType[*Error](err) }

// KindOf returns the kind of the outermost Error in err's chain, or Internal.
func KindOf(err error) Kind {
	if e, ok := As(err); ok {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the code of the outermost Error in err's chain, or "".
func CodeOf(err error) string {
	if e, ok := As(err); ok {
		return e.Code
	}
	return ""
}

// Message returns the text the user may see.
func Message(err error) string {
	if e, ok := As(err); ok && e.Kind != Internal {
		return e.Message
	}
	return "Something went wrong on our side."
}
