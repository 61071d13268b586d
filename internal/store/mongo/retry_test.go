package mongo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

func TestWhatIsDoneAboutAnError(t *testing.T) {
	command := func(code int32, labels ...string) error { return mongo.CommandError{Code: code, Labels: labels} }
	write := func(code int, labels ...string) error {
		return mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: code}}, Labels: labels}
	}
	bulk := func(code int, labels ...string) error {
		return mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{{WriteError: mongo.WriteError{Code: code}}}, Labels: labels}
	}
	for name, c := range map[string]struct {
		err  error
		want verdict
	}{
		"a write conflict":                         {command(112), again},
		"a write conflict in a write":              {write(112), again},
		"a write conflict in a bulk":               {bulk(112), again},
		"a lock that was not had":                  {command(24), again},
		"a transaction that is no more":            {command(251, labelTransient), again},
		"the same without a label":                 {command(251), again},
		"transient by label alone":                 {command(189, labelTransient), again},
		"transient in a write":                     {write(91, labelTransient), again},
		"wrapped":                                  {fmt.Errorf("insert: %w", command(112)), again},
		"a commit of unknown outcome":              {command(91, labelUnknownCommit), commitAgain},
		"unknown goes before transient":            {command(251, labelUnknownCommit, labelTransient), commitAgain},
		"unknown in a write concern":               {mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}, Labels: []string{labelUnknownCommit}}, commitAgain},
		"unknown, and the time is up":              {command(50, labelUnknownCommit), final},
		"a key that is there":                      {write(11000), final},
		"no right":                                 {command(13), final},
		"no longer primary, outside a transaction": {command(10107, labelRetryable), final},
		"not of the server":                        {errors.New("no"), final},
		"a conflict of our own":                    {&driver.ConflictError{}, final},
	} {
		if got := decide(c.err); got != c.want {
			t.Errorf("%s: verdict %d, want %d", name, got, c.want)
		}
	}
}

func TestRetrying(t *testing.T) {
	busy, unknown, stands := mongo.CommandError{Code: 112}, mongo.CommandError{Labels: []string{labelUnknownCommit}}, mongo.CommandError{Code: 13}
	for name, c := range map[string]struct {
		which verdict
		errs  []error
		tries int
		want  error
	}{
		"until it is done":                  {again, []error{busy, busy, busy, nil}, 4, nil},
		"changed meanwhile":                 {again, []error{errRetry, nil}, 2, nil},
		"until an error stands":             {again, []error{busy, stands, nil}, 2, stands},
		"a conflict stands":                 {again, []error{&driver.ConflictError{Op: 3}, nil}, 1, &driver.ConflictError{Op: 3}},
		"a commit until it is known":        {commitAgain, []error{unknown, unknown, nil}, 3, nil},
		"a commit that did not happen":      {commitAgain, []error{unknown, busy, nil}, 2, busy},
		"what may have happened stays so":   {again, []error{unknown, nil}, 1, unknown},
		"a changed document is no commit's": {commitAgain, []error{errRetry, nil}, 1, errRetry},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			err := retry(t.Context(), c.which, func() error { tries++; return c.errs[tries-1] })
			if tries != c.tries || fmt.Sprint(err) != fmt.Sprint(c.want) {
				t.Errorf("%s: %d tries, %v; want %d, %v", name, tries, err, c.tries, c.want)
			}
		})
	}
}

func TestRetryingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began, tries := time.Now(), 0
		err := retry(ctx, again, func() error { tries++; return mongo.CommandError{Code: 112} })
		if took := time.Since(began); took != 10*time.Second || tries < 50 || tries > 150 {
			t.Errorf("%d tries in %v", tries, took)
		}
		if !errors.Is(fault("commit", err), driver.ErrUnavailable) {
			t.Errorf("%v", err)
		}
	})
}

func TestPauses(t *testing.T) {
	for attempt := range 70 {
		short, long := pause(attempt, 0), pause(attempt, 0.999)
		if short < firstPause/2 || long > longPause || short >= long || attempt > 10 && short != longPause/2 {
			t.Errorf("attempt %d: between %v and %v", attempt, short, long)
		}
	}
}

func TestErrorsHaveTheStoresSense(t *testing.T) {
	name := "Dora Dorset"
	quoting := func(code int) error {
		return mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: code, Message: `dup key: { _id: "` + name + `" }`}}}
	}
	conflict := &driver.ConflictError{Op: 2}
	for what, c := range map[string]struct{ err, want error }{
		"no primary":          {mongo.CommandError{Code: 10107, Name: "NotWritablePrimary"}, driver.ErrUnavailable},
		"disk full":           {mongo.CommandError{Code: 14031, Name: "OutOfDiskSpace"}, driver.ErrUnavailable},
		"not confirmed":       {mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 79}}, driver.ErrUnavailable},
		"bulk, not confirmed": {mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 79}}, driver.ErrUnavailable},
		"a cut connection":    {mongo.CommandError{Labels: []string{"NetworkError"}, Wrapped: &net.OpError{Op: "read", Err: errors.New("reset")}}, driver.ErrUnavailable},
		"late":                {context.DeadlineExceeded, driver.ErrUnavailable},
		"closed":              {mongo.ErrClientDisconnected, driver.ErrClosed},
		"a conflict":          {conflict, conflict},
		"damage":              {fmt.Errorf("%w: a body", driver.ErrCorrupt), driver.ErrCorrupt},
	} {
		if got := fault("commit", c.err); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
	for _, code := range []int{13, 18, 121, 11000} {
		got := fault("commit", quoting(code))
		if got == nil || errors.Is(got, driver.ErrUnavailable) || strings.Contains(got.Error(), name) {
			t.Errorf("code %d: %v", code, got)
		}
	}
	if fault("commit", nil) != nil {
		t.Error("no error is one")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := readFault(gone, "read", mongo.CommandError{Code: 11601}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone: %v", err)
	}
}
