// Package instance tells the dcrds on one store apart: each has a name and a lease on
// it, which it renews while it lives. Whoever would take a name that is held is refused;
// whoever lost its own stops; and what one that is gone left undone, the others find out
// about and share by leases on the work.
//
// Leases are for finding out who lives. That nobody else writes is not left to clocks:
// a log has one owner (driver.Engine.Own), and documents have revisions.
package instance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Store is what the leases stand on; a store.DB is one.
type Store interface {
	Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error
	Commit(ctx context.Context, partition string, ops []driver.Op) error
}

// Life is how long a lease lasts that is not renewed. A pause of that length, of the
// process or of the store, makes an instance one that is gone; so it is not shorter. What
// a killed one received and had not applied waits as long; so it is not longer.
const Life = 10 * time.Second

// Every is how often a lease is renewed.
const Every = 2 * time.Second

const (
	collection = "instance" // one document of all members; one for each work that is leased
	partition  = "all"
	membersID  = "members"
	form       = 1
)

// Specs declares the collection of the leases.
func Specs() []driver.Spec {
	return []driver.Spec{{Name: collection, Small: true, Linearizable: true}}
}

// Errors that end an instance; they come with words for its operator.
var (
	ErrHeld = errors.New("another dcrd has this instance's name")
	ErrLost = errors.New("this instance's lease was lost")
)

// Options of a member; all but Opening are required.
type Options struct {
	Store Store
	Name  string
	Now   func() time.Time
	// Opening names this opening of a store that one process at a time can open: whoever
	// is listed with another is gone, however long its lease.
	Opening string
}

// Member is this instance among those on the store. Its methods may be called
// concurrently.
type Member struct {
	o     Options
	token string

	renewing sync.Mutex
	mu       sync.Mutex
	joined   uint64
	others   []Other // as of the last renewal
	until    time.Time
	lost     error
}

// Other is another member.
type Other struct {
	Name    string
	Gone    bool // its lease ran out
	noticed bool // it knows that this one is there
	token   string
}

// members is what is stored of all.
type members struct {
	Form  int      `json:"form"`
	Joins uint64   `json:"joins"`
	All   []member `json:"members"`
	rev   uint64
}

type member struct {
	Name    string    `json:"name"`
	Token   string    `json:"token"`
	Opening string    `json:"opening,omitzero"`
	Where   string    `json:"where"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Joined  uint64    `json:"joined"` // how many had joined by then
	Seen    uint64    `json:"seen"`   // how many joinings it has taken notice of
}

// Join takes the name, or says why it cannot: ErrHeld.
func Join(ctx context.Context, o Options) (*Member, error) {
	m := &Member{o: o, token: rand.Text()}
	err := change(ctx, o.Store, func(all *members) error {
		now := o.Now()
		all.All = slices.DeleteFunc(all.All, func(x member) bool { return o.Opening != "" && x.Opening != o.Opening })
		if i := all.named(o.Name); i >= 0 {
			if x := all.All[i]; now.Before(x.Until) {
				return fmt.Errorf("%w: %s has had the name %q on this store since %s. Give each dcrd on a store a name of its own (DCR_INSTANCE), or stop the other. "+
					"If it was killed, its lease ends at %s: start this one then", ErrHeld, x.Where, o.Name, stamp(x.Since), stamp(x.Until))
			}
			all.All = slices.Delete(all.All, i, i+1)
		}
		all.Joins++
		m.joined, m.until = all.Joins, now.Add(Life)
		all.All = append(all.All, member{Name: o.Name, Token: m.token, Opening: o.Opening, Where: where(), Since: now, Until: m.until, Joined: all.Joins, Seen: all.Joins})
		m.note(all, now)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("instance %s: %w", o.Name, err)
	}
	return m, nil
}

func where() string {
	host, err := os.Hostname()
	if err != nil {
		host = "a dcrd"
	}
	return fmt.Sprintf("%s (process %d)", host, os.Getpid())
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// note keeps what is listed of the others.
func (m *Member) note(all *members, now time.Time) {
	m.others = nil
	for _, x := range all.All {
		if x.Token != m.token {
			m.others = append(m.others, Other{Name: x.Name, token: x.Token, Gone: !now.Before(x.Until), noticed: x.Seen >= m.joined})
		}
	}
}

// Renew renews the lease and looks who else is there. notice is called with the others
// before they are told that this one has taken notice of them; if it fails they are not,
// and what it failed for is returned. ErrLost is for good.
func (m *Member) Renew(ctx context.Context, notice func(ctx context.Context, others []Other) error) error {
	m.renewing.Lock()
	defer m.renewing.Unlock()
	if err := m.Lost(); err != nil {
		return err
	}
	var told error
	err := change(ctx, m.o.Store, func(all *members) error {
		now := m.o.Now()
		i := slices.IndexFunc(all.All, func(x member) bool { return x.Token == m.token })
		if i < 0 {
			return m.gone(all)
		}
		m.mu.Lock()
		m.note(all, now)
		others := slices.Clone(m.others)
		m.mu.Unlock()
		if told = notice(ctx, others); told == nil {
			all.All[i].Seen = all.Joins
		}
		all.All[i].Until = now.Add(Life)
		return nil
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.until = m.o.Now().Add(Life)
	}
	if errors.Is(err, ErrLost) {
		m.lost = err
	}
	return errors.Join(err, told)
}

// gone says who has the name now.
func (m *Member) gone(all *members) error {
	if i := all.named(m.o.Name); i >= 0 {
		x := all.All[i]
		return fmt.Errorf("%w: %s took the name %q at %s. Nothing is answered here any more. Give each dcrd on a store a name of its own (DCR_INSTANCE), then start this one again",
			ErrLost, x.Where, m.o.Name, stamp(x.Since))
	}
	return fmt.Errorf("%w: the instance %q did not renew its lease for %s, so another does its work. Nothing is answered here any more. "+
		"Start this one again; if it happens again, look why the process or the store stood still", ErrLost, m.o.Name, Life)
}

// Lost returns why this instance must not go on, or nil.
func (m *Member) Lost() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lost
}

// Overdue says that the lease has run out and was not renewed. Nobody may have noticed.
func (m *Member) Overdue() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.o.Now().Before(m.until)
}

// Others returns the others as of the last renewal.
func (m *Member) Others() []Other {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.others)
}

// Unnoticed returns the names of those that were there before this one and, when last
// looked, had not taken notice of it yet. Those that are gone are in it until they are
// buried: they may be asleep.
func (m *Member) Unnoticed() (names []string) {
	for _, o := range m.Others() {
		if !o.noticed {
			names = append(names, o.Name)
		}
	}
	return names
}

// Bury takes another that is gone off the list, after what it left undone was taken over.
// One that was asleep finds itself lost.
func (m *Member) Bury(ctx context.Context, o Other) error {
	err := change(ctx, m.o.Store, func(all *members) error {
		now := m.o.Now()
		all.All = slices.DeleteFunc(all.All, func(x member) bool { return x.Token == o.token && !now.Before(x.Until) })
		m.mu.Lock()
		defer m.mu.Unlock()
		m.note(all, now)
		return nil
	})
	if err != nil {
		return fmt.Errorf("instance %s: %w", o.Name, err)
	}
	return nil
}

// Leave gives the name up.
func (m *Member) Leave(ctx context.Context) error {
	m.renewing.Lock()
	defer m.renewing.Unlock()
	m.mu.Lock()
	if m.lost == nil {
		m.lost = fmt.Errorf("%w: it was given up at the stop", ErrLost)
	}
	m.mu.Unlock()
	return change(ctx, m.o.Store, func(all *members) error {
		all.All = slices.DeleteFunc(all.All, func(x member) bool { return x.Token == m.token })
		return nil
	})
}

func (all *members) named(name string) int {
	return slices.IndexFunc(all.All, func(x member) bool { return x.Name == name })
}

// mostTries bounds how often a change is tried again because another came first.
const mostTries = 100

// change reads the members, lets f change them, and writes them if nobody did meanwhile;
// else again. f has no other lasting effect.
func change(ctx context.Context, s Store, f func(*members) error) error {
	ref := driver.Ref{Collection: collection, Partition: partition, ID: membersID}
	for range mostTries {
		all, err := read(ctx, s, ref)
		if err != nil {
			return err
		}
		if err := f(&all); err != nil {
			return err
		}
		body, err := json.Marshal(&all)
		if err != nil {
			return fmt.Errorf("instance: list of members: %w", err)
		}
		op := driver.Op{Kind: driver.Replace, Doc: driver.Doc{Ref: ref, Rev: all.rev, Body: body}}
		if all.rev == 0 {
			op.Kind = driver.Insert
		}
		err = s.Commit(ctx, partition, []driver.Op{op})
		if _, conflict := errors.AsType[*driver.ConflictError](err); !conflict {
			return err
		}
	}
	return fmt.Errorf("instance: %w: the list of members changes all the time", driver.ErrUnavailable)
}

func read(ctx context.Context, s Store, ref driver.Ref) (all members, err error) {
	var bad error
	err = s.Get(ctx, []driver.Ref{ref}, func(d *driver.Doc) bool {
		bad = json.Unmarshal(d.Body, &all)
		all.rev = d.Rev
		return true
	})
	if bad != nil || all.Form > form {
		return all, fmt.Errorf("instance: the list of members cannot be read; if a later version of this program wrote it, use that one: %w", errors.Join(bad, driver.ErrCorrupt))
	}
	all.Form = form
	return all, err
}
