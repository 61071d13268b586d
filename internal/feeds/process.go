package feeds

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// rounds bounds how often a message is applied again at once because what it
// waited for arrived meanwhile. Past that, the due queue comes back to it.
const rounds = 3

// process applies m, or those of its entries that only lists, and writes down what
// is held, and what is held no longer if there may be such (again). The caller
// holds m's lock. An error means that the store could not be used.
func (b *Inbox) process(ctx context.Context, from Sender, m *Message, only []int, again bool) (Outcome, error) {
	var arrived []string
	var used []driver.Ref
	for round := 1; ; round++ {
		clock := b.arrivals.now()
		out, err := b.apply(ctx, from, m, only)
		if err != nil {
			return Outcome{}, err
		}
		if again || len(out.Held) > 0 {
			refs, err := b.settle(ctx, m, only, out.Held)
			if err != nil {
				return Outcome{}, err
			}
			used = append(used, refs...)
		}
		arrived = append(arrived, out.Arrived...)
		if round < rounds && (b.arrivals.any(out.Held, clock) || round == 1 && b.elsewhere(out.Held)) {
			again = true
			continue
		}
		out.Arrived, out.used = arrived, used
		b.count(m, &out)
		return out, nil
	}
}

// apply is the format's Apply with failures that are not the store's made
// something that is held.
func (b *Inbox) apply(ctx context.Context, from Sender, m *Message, only []int) (Outcome, error) {
	if m.Reused {
		return whole(MessageIDReused, "another message with this identifier and time was received before, with other content", ""), nil
	}
	format, ok := b.o.Formats[m.Format]
	if !ok {
		return whole(ApplyFailed, "no format of this program understands the message", ""), nil
	}
	out, err := guarded(ctx, format, from, m, only)
	switch {
	case err == nil:
		return out, nil
	case isTransient(ctx, err):
		return Outcome{}, err
	}
	return whole(ApplyFailed, "the message could not be applied, for a reason of our own; it is tried again", ""), nil
}

// guarded is the format's Apply. A panic in it is a fault of ours about this one
// message, which is held: it must not end the process, which would come back to the
// message at every start. The stack goes to stderr; the panic's value may hold
// somebody's data.
func guarded(ctx context.Context, format Format, from Sender, m *Message, only []int) (out Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			debug.PrintStack()
			out, err = Outcome{}, fmt.Errorf("feeds: applying message %d panicked: %T", m.Seq, p)
		}
	}()
	return format.Apply(ctx, from, m, only)
}

// whole is the outcome of a message that is held as one.
func whole(code, words, await string) Outcome {
	return Outcome{Held: []Held{{Entry: Whole, Code: code, Words: words, Await: await, Fault: code == MessageIDReused}}}
}

func isTransient(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errs.KindOf(err) == errs.Unavailable || errors.Is(err, driver.ErrUnavailable) ||
		errors.Is(err, driver.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (b *Inbox) count(m *Message, out *Outcome) {
	for _, e := range out.Entries {
		if e.Held == 0 && !e.Ignored && e.Applied.Result != 0 {
			b.o.Metrics.Applied(m.Source, e.Applied.Result)
		}
	}
}

// covers reports whether an application of only (nil: all), which is sorted, judged
// the entry.
func covers(only []int, entry int) bool {
	if only == nil {
		return true
	}
	_, found := slices.BinarySearch(only, entry)
	return found
}
