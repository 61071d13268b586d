package operator

import (
	"net/http"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// fault is an error on its way over the socket.
type fault struct {
	Kind    string `json:"kind"`
	Code    string `json:"code,omitzero"`
	Message string `json:"message"`
	Path    string `json:"path,omitzero"`
	After   int    `json:"after,omitzero"` // seconds
}

// faultOf tells the operator the whole error: the socket is theirs alone, and
// they have to mend what we call internal.
func faultOf(err error) fault {
	e, ok := errs.As(err)
	if !ok {
		return fault{Kind: errs.Internal.String(), Message: err.Error()}
	}
	f := fault{Kind: e.Kind.String(), Code: e.Code, Message: e.Message, Path: e.Path, After: int(e.After / time.Second)}
	if cause := e.Unwrap(); cause != nil {
		f.Message = err.Error()
	}
	return f
}

func (f fault) err() error {
	e := &errs.Error{Code: f.Code, Message: f.Message, Path: f.Path, After: time.Duration(f.After) * time.Second}
	for k := errs.Internal; k <= errs.Precondition; k++ {
		if k.String() == f.Kind {
			e.Kind = k
		}
	}
	return e
}

// status is the HTTP status of a kind; the client goes by the kind itself.
func status(k errs.Kind) int {
	switch k {
	case errs.Invalid:
		return http.StatusBadRequest
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.Conflict:
		return http.StatusConflict
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	case errs.TooLarge:
		return http.StatusRequestEntityTooLarge
	case errs.Unsupported:
		return http.StatusUnsupportedMediaType
	case errs.Unprocessable:
		return http.StatusUnprocessableEntity
	case errs.RateLimited:
		return http.StatusTooManyRequests
	case errs.Precondition:
		return http.StatusPreconditionFailed
	}
	return http.StatusInternalServerError
}
