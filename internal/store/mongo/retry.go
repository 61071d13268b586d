package mongo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Labels that a server or the driver puts on an error.
const (
	labelTransient     = "TransientTransactionError"
	labelUnknownCommit = "UnknownTransactionCommitResult"
	labelRetryable     = "RetryableWriteError"
)

// Codes of errors by which nothing was done and which pass when it is tried again.
const (
	codeLockTimeout       = 24
	codeMaxTimeExpired    = 50
	codeWriteConflict     = 112
	codeNoSuchTransaction = 251
)

// verdict is what to do about an error.
type verdict uint8

const (
	final       verdict = iota // it stands
	again                      // nothing was done: do all of it again
	commitAgain                // whether it was committed is not known: commit once more
)

// decide judges an error of an operation or of a commit. The label of an unknown outcome comes
// first: what may have been committed must not be done a second time.
func decide(err error) verdict {
	if errors.Is(err, errRetry) {
		return again
	}
	var server mongo.ServerError
	if !errors.As(err, &server) {
		return final
	}
	if server.HasErrorLabel(labelUnknownCommit) {
		if server.HasErrorCode(codeMaxTimeExpired) {
			return final // the time that there was is up
		}
		return commitAgain
	}
	if server.HasErrorLabel(labelTransient) {
		return again
	}
	for _, code := range []int{codeWriteConflict, codeLockTimeout, codeNoSuchTransaction} {
		if server.HasErrorCode(code) {
			return again
		}
	}
	return final
}

// errRetry says that a transaction saw something that cannot be unless another wrote meanwhile.
var errRetry = errors.New("changed while it was written")

// Pauses between attempts: long enough for the other to finish, apart enough not to meet again.
const (
	firstPause = 2 * time.Millisecond
	longPause  = 200 * time.Millisecond
)

// pause is how long to wait after an attempt, counted from 0; random is in [0, 1).
func pause(attempt int, random float64) time.Duration {
	d := longPause
	if attempt < 10 {
		d = min(firstPause<<attempt, longPause)
	}
	return time.Duration(float64(d) * (0.5 + random/2))
}

// retry does something until it is done, an error stands, or the time is up. f has no effect when
// it fails with an error of the verdict again.
func retry(ctx context.Context, which verdict, f func() error) error {
	for attempt := 0; ; attempt++ {
		err := f()
		if err == nil || decide(err) != which {
			return err
		}
		timer := time.NewTimer(pause(attempt, rand.Float64()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}

// Codes of errors that tell of the cluster's state, not of the request: no primary, going down, a
// majority out of reach, a full disk, out of time.
var passing = []int{
	6, 7, 24, 46, 50, 64, 89, 91, 100, 112, 133, 134, 189, 202, 239, 246, 251, 262, 317, 365, 384, 462,
	9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436, 14031,
}

const (
	codeUnauthorized = 13
	codeAuthFailed   = 18
)

// fault gives an error of the driver the store's sense. The text of a server's error is left out:
// it may quote keys, which may name people.
func fault(what string, err error) error {
	if err == nil || isOwn(err) {
		return err
	}
	var server mongo.ServerError
	isServer := errors.As(err, &server)
	switch {
	case errors.Is(err, mongo.ErrClientDisconnected):
		return driver.ErrClosed
	case errors.Is(err, errRetry):
		return fmt.Errorf("%w: %s: %w", driver.ErrUnavailable, what, err)
	case isServer && server.HasErrorCode(codeUnauthorized):
		return fmt.Errorf("store: %s: the MongoDB user lacks the right to do it: see the rights in the guide on MongoDB", what)
	case isServer && server.HasErrorCode(codeAuthFailed):
		return fmt.Errorf("store: %s: MongoDB does not accept the user and password", what)
	case mongo.IsNetworkError(err), mongo.IsTimeout(err), isContext(err):
		return fmt.Errorf("%w: %s: MongoDB does not answer", driver.ErrUnavailable, what)
	case isServer && passes(server):
		return fmt.Errorf("%w: %s: MongoDB answers with %s", driver.ErrUnavailable, what, codes(server))
	case isServer:
		return fmt.Errorf("store: %s: MongoDB answers with %s", what, codes(server))
	}
	return fmt.Errorf("%w: %s: %w", driver.ErrUnavailable, what, err)
}

// isOwn tells an error that has the store's sense already.
func isOwn(err error) bool {
	for _, own := range []error{driver.ErrClosed, driver.ErrCorrupt, driver.ErrUnavailable, driver.ErrTooLarge, driver.ErrCursor} {
		if errors.Is(err, own) {
			return true
		}
	}
	return errors.As(err, new(*driver.ConflictError))
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func passes(server mongo.ServerError) bool {
	for _, label := range []string{labelTransient, labelUnknownCommit, labelRetryable} {
		if server.HasErrorLabel(label) {
			return true
		}
	}
	var w mongo.WriteException
	if errors.As(server, &w) && w.WriteConcernError != nil {
		return true // it was written and not confirmed
	}
	var b mongo.BulkWriteException
	if errors.As(server, &b) && b.WriteConcernError != nil {
		return true
	}
	return slices.ContainsFunc(passing, server.HasErrorCode)
}

func codes(server mongo.ServerError) string {
	var command mongo.CommandError
	if errors.As(server, &command) && command.Name != "" {
		return fmt.Sprintf("error %d (%s)", command.Code, command.Name)
	}
	list := server.ErrorCodes()
	if len(list) == 0 {
		return "an error without a code"
	}
	return fmt.Sprintf("error %d", list[0])
}

// readFault is fault for what a caller may interrupt.
func readFault(ctx context.Context, what string, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return fault(what, err)
}
