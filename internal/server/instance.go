package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/instance"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// join takes this instance's name among the others on the store, before anything of its
// own is opened.
func (s *Server) join(ctx context.Context, p *parts) error {
	var err error
	p.member, err = instance.Join(ctx, instance.Options{Store: p.db, Name: s.o.Config.Instance, Now: s.o.Now, Opening: p.db.Opening()})
	if err != nil {
		return err
	}
	s.onStop("instance", p.member.Leave)
	return nil
}

// holdsLease is for /readyz. A lease that has run out may still be renewed: nobody may
// have noticed, or the clock may have been put ahead.
func (s *Server) holdsLease(ctx context.Context) error {
	if err := s.parts.member.Lost(); err != nil {
		return err
	}
	if !s.parts.member.Overdue() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return s.renew(ctx)
}

// renew renews the lease and takes notice of the others.
func (s *Server) renew(ctx context.Context) error {
	err := s.parts.member.Renew(ctx, func(ctx context.Context, others []instance.Other) error {
		if len(others) == 0 {
			s.parts.inbox.Unshare()
			return nil
		}
		return s.parts.inbox.Share(ctx)
	})
	if errors.Is(err, instance.ErrLost) {
		s.lose(err)
	}
	return err
}

// renewSoon is renew for the background: that the store could not be written is told by
// others, and by this once the lease has run out.
func (s *Server) renewSoon(ctx context.Context) error {
	err := s.renew(ctx)
	if err != nil && !s.parts.member.Overdue() && s.parts.member.Lost() == nil {
		return nil
	}
	return err
}

// lose ends this instance: nothing is written in the ledger any more, so nothing is
// answered, and Run returns.
func (s *Server) lose(err error) {
	s.parts.ledger.Fence(err)
	select {
	case s.lost <- err:
	default:
	}
}

// fenced is called when an append finds that another has a log of this instance's.
func (s *Server) fenced() {
	go func() { // not within the append: a lease is read and written
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		if s.parts == nil || errors.Is(s.renew(ctx), instance.ErrLost) {
			return
		}
		s.lose(fmt.Errorf("%w: another appends to the logs of the instance %q. Nothing is answered here any more. "+
			"Give each dcrd on a store a name of its own (DCR_INSTANCE), then start this one again", instance.ErrLost, s.o.Config.Instance))
	}()
}

var errLives = errors.New("the instance lives")

// own opens a log of an instance, which is this one or is gone, to append to it alone.
// Who is alive is looked at and the log taken in one step: one that comes back joins
// before it takes its own.
func (s *Server) own(ctx context.Context, p *parts, name, log string) (l driver.Log, err error) {
	for {
		done, err := p.member.Do(ctx, "own-"+log, instance.Life, func(ctx context.Context) error {
			if name != s.o.Config.Instance {
				if err := s.renew(ctx); err != nil {
					return err
				}
				if p.lives(name) {
					return errLives
				}
			}
			l, err = p.db.Own(ctx, log)
			return err
		})
		if done || err != nil {
			return l, err
		}
		wait := time.NewTimer(50 * time.Millisecond)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		}
	}
}

func (p *parts) lives(name string) bool {
	return slices.ContainsFunc(p.member.Others(), func(o instance.Other) bool { return o.Name == name && !o.Gone })
}

// takeOver finishes what instances left that are gone, so that nothing which they
// acknowledged is lost. What is unfinished is looked up before who lives: an instance
// joins before it receives.
func (s *Server) takeOver(ctx context.Context) error {
	p := s.parts
	names, err := p.inbox.Unfinished(ctx)
	if err != nil {
		return err
	}
	if err := s.renew(ctx); err != nil {
		return err
	}
	gone := slices.DeleteFunc(p.member.Others(), func(o instance.Other) bool { return !o.Gone })
	for _, o := range gone {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	var failed []error
	for _, name := range slices.Compact(names) {
		if p.lives(name) {
			continue
		}
		done, err := p.member.Do(ctx, "finish-"+name, time.Minute, func(ctx context.Context) error { return s.finish(ctx, name) })
		if err != nil || !done {
			failed = append(failed, err)
			continue
		}
		for _, o := range gone {
			if o.Name == name {
				failed = append(failed, p.member.Bury(ctx, o))
			}
		}
	}
	return errors.Join(failed...)
}

// finish takes over from one instance. Should it only have slept, it can append no more.
func (s *Server) finish(ctx context.Context, name string) error {
	log, err := s.own(ctx, s.parts, name, ledger.LogName(name))
	if err == nil {
		var n int
		if n, err = s.parts.inbox.Adopt(ctx, name); err == nil {
			s.log.Info("took over from another instance", "from", name, "messages", n, "events", log.Len())
		}
	}
	if errors.Is(err, errLives) {
		return nil
	}
	return err
}

// takeOverAndReceive takes over, and opens the inbox once that has succeeded and those
// that were here before know of this one. It fails only in the log and in /readyz.
func (s *Server) takeOverAndReceive(ctx context.Context) {
	if err := s.takeOver(ctx); err != nil {
		if ctx.Err() == nil && s.parts.member.Lost() == nil {
			s.log.Error("what another instance left could not be taken over; it is tried again", "err", err)
		}
		return
	}
	if len(s.parts.member.Unnoticed()) == 0 {
		s.receiving.Store(true)
	}
}

// receives says why nothing is received from sources yet, if so.
func (s *Server) receives(context.Context) error {
	if s.receiving.Load() {
		return nil
	}
	waits := "what others left is finished first"
	if s.parts != nil {
		if names := s.parts.member.Unnoticed(); len(names) > 0 {
			waits = "waiting for " + strings.Join(names, ", ") + " to take notice"
		}
	}
	err := errs.New(errs.Unavailable, "this service has joined the others on its store only just, and takes messages in a few seconds: send it again (%s)", waits)
	if e, ok := errs.As(err); ok {
		e.After = instance.Every
	}
	return err
}
