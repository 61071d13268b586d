// Package session keeps the sessions of residents: of the web app by a cookie, of
// native apps by a short access token and a rotating refresh token. RULES 1.
//
// A token is opaque, carries the partition that it lies in and 256 bits of secret, and is
// kept as a hash. Whether it counts is read from the store each time, the session and its
// account in one read, and nothing is remembered: what was ended, by itself or with all
// others of its account, is refused from the next request on, on every instance.
//
// The limits are the same for both kinds: a refresh token lets an app go on without
// keeping a long-lived access token, and does not lengthen a session beyond its twelve
// hours.
package session

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Collections: both are partitioned by account.
const (
	sessions = "session"         // id: the session's
	stepUps  = "session_step_up" // id: the session's, then the action's digest
)

// Specs declares the collections of the package.
func Specs() []store.Spec {
	return []store.Spec{{Name: sessions, Small: true}, {Name: stepUps, Small: true}}
}

// Options of Sessions. The first three are needed; the others have the defaults of
// RULES 1 and DESIGN 7.
type Options struct {
	DB  *store.DB
	Key []byte // 32 bytes: what the tokens of native apps are made with
	Now func() time.Time

	Idle     time.Duration // without a request; 0: 30 minutes
	Absolute time.Duration // since the passkey; 0: 12 hours
	Access   time.Duration // of a native app's access token; 0: 10 minutes
	Grace    time.Duration // in which a refresh token that was used gets the same answer again; 0: 20 seconds
	Fresh    time.Duration // in which a confirmation of an action counts; 0: 5 minutes
}

// Sessions keeps sessions. It holds no state of its own: several may stand over one
// store.
type Sessions struct {
	o   Options
	key []byte
}

// New returns the sessions kept in o.DB, whose collections are Specs.
func New(o Options) (*Sessions, error) {
	if o.DB == nil || o.Now == nil || len(o.Key) != 32 {
		return nil, errors.New("session: an option is missing, or the key has not 32 bytes")
	}
	o.Idle, o.Absolute = cmp.Or(o.Idle, 30*time.Minute), cmp.Or(o.Absolute, 12*time.Hour)
	o.Access, o.Grace, o.Fresh = cmp.Or(o.Access, 10*time.Minute), cmp.Or(o.Grace, 20*time.Second), cmp.Or(o.Fresh, 5*time.Minute)
	key, err := hkdf.Key(sha256.New, o.Key, nil, "dcr session tokens", 32)
	return &Sessions{o, key}, err
}

// Times at which the store is not asked to be exact.
const (
	touchEvery = time.Minute      // between two notes of the last use
	leeway     = 30 * time.Second // by which the clocks of instances may differ
)

// Device is what a session is begun on.
type Device struct {
	Name   string // for its owner to tell it from others: "Chrome on Android"
	Native bool   // an app of its own: it gets a refresh token
}

// Tokens is what a device gets. They must not be cached, logged, or sent in a URL.
type Tokens struct {
	Session string    // its id, which is no secret
	Access  string    // the cookie's value, or the bearer token
	Expires time.Time // when Access stops counting, if it is not used before
	Refresh string    // of native apps
	Until   time.Time // when the session ends, whatever is done
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Start returns the tokens of a new session, and the operation that begins it, to be
// committed in the account's partition with the login: account.SignedIn and
// account.Finish pass the account and the passkey's number.
func (s *Sessions) Start(acc account.Account, passkey uint64, d Device) (Tokens, store.Op) {
	var id [10]byte
	_, _ = rand.Read(id[:]) // never fails
	now := s.o.Now()
	doc := document{account: acc.ID, id: "s" + idEncoding.EncodeToString(id[:]), native: d.Native, epoch: acc.Epoch, passkey: passkey,
		device: tidy(d.Name), began: now, used: now}
	if d.Native {
		t := s.issue(&doc, now)
		return s.native(&doc, t), store.Op{Kind: store.Insert, Doc: doc.doc(s.o.Absolute)}
	}
	t := token{prefix: accessPrefix, account: doc.account, session: doc.id}
	_, _ = rand.Read(t.secret[:]) // never fails
	doc.access = sha256.Sum256(t.secret[:])
	return s.described(&doc, Tokens{Access: t.text()}), store.Op{Kind: store.Insert, Doc: doc.doc(s.o.Absolute)}
}

// Starting is Start as account.SignedIn and account.Finish take it: it leaves the tokens
// in into, and begins no session if may, which is asked at each attempt, refuses.
func (s *Sessions) Starting(into *Tokens, d Device, may func(account.Account) error) account.Also {
	return func(acc account.Account, passkey uint64) ([]store.Op, error) {
		if err := may(acc); err != nil {
			return nil, err
		}
		t, op := s.Start(acc, passkey, d)
		*into = t
		return []store.Op{op}, nil
	}
}

// described completes the tokens of a session.
func (s *Sessions) described(d *document, t Tokens) Tokens {
	t.Session, t.Until, t.Expires = d.id, d.began.Add(s.o.Absolute), s.expires(d)
	return t
}

// maxDevice is the length of a device's name, in characters.
const maxDevice = 80

func tidy(name string) string {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	if utf8.RuneCountInString(name) > maxDevice {
		name = string([]rune(name)[:maxDevice])
	}
	return cmp.Or(name, "A device")
}

// expires is when a session ends if nothing is done from its last use on.
func (s *Sessions) expires(d *document) time.Time {
	return earliest(d.used.Add(s.o.Idle), d.began.Add(s.o.Absolute))
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// counts reports whether a session goes on: neither idle for too long nor too old, of an
// account that is active, of its epoch, and begun by a passkey that the account still
// has.
func (s *Sessions) counts(d *document, acc *account.Account, now time.Time) bool {
	return now.Before(s.expires(d)) &&
		!d.began.After(now.Add(leeway)) && // the clock was put back: it would live longer
		acc.State == account.Active && acc.Epoch == d.epoch && acc.HasKey(d.passkey)
}

// Authenticate returns the resident that an access token or cookie was given to.
//
// A use is noted at most once a minute, so that a session may end up to a minute before
// the idle limit, and never after it. A note that cannot be written does not refuse.
func (s *Sessions) Authenticate(ctx context.Context, text string) (identity.Caller, error) {
	t, ok := parse(text, accessPrefix)
	if !ok {
		return identity.Caller{}, badToken()
	}
	now := s.o.Now()
	d, acc, err := s.read(ctx, t.account, t.session)
	if err != nil {
		return identity.Caller{}, err
	}
	until, ok := s.accessUntil(&d, &t)
	if !ok || !now.Before(until) || !s.counts(&d, &acc, now) {
		return identity.Caller{}, badToken()
	}
	if now.Sub(d.used) >= touchEvery {
		next := d
		next.used = now
		if s.o.DB.Commit(ctx, d.account, []store.Op{{Kind: store.Replace, Doc: next.doc(s.o.Absolute)}}) == nil {
			d.used = now
		}
	}
	return identity.Caller{Kind: identity.Resident, ID: acc.ID, Person: acc.Person, Proofing: acc.Proofing, Session: d.id,
		AuthTime: d.began, Expires: earliest(until, s.expires(&d))}, nil
}

// accessUntil reports whether t is the session's access token, and until when: of a
// native app the one before, too, as long as requests with it may be under way.
func (s *Sessions) accessUntil(d *document, t *token) (time.Time, bool) {
	sum := sha256.Sum256(t.secret[:])
	if !d.native {
		return d.began.Add(s.o.Absolute), t.counter == 0 && same(sum, d.access)
	}
	if t.counter == d.counter {
		return d.turned.Add(s.o.Access), same(sum, d.access)
	}
	return d.turned.Add(s.o.Grace), t.counter+1 == d.counter && same(sum, d.accessBefore)
}

func same(a, b [32]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// read reads a session and its account at one moment. What is absent is zero, and counts
// for nothing.
func (s *Sessions) read(ctx context.Context, accountID, id string) (d document, acc account.Account, err error) {
	var bad error
	refs := [...]store.Ref{ref(accountID, id), account.Ref(accountID)}
	err = s.o.DB.Get(ctx, refs[:], func(doc *store.Doc) bool {
		if doc.Collection == sessions {
			d, bad = decode(doc)
		} else {
			acc, bad = account.Decode(doc)
		}
		return bad == nil
	})
	return d, acc, cmp.Or(err, bad)
}

func badToken() error {
	return errs.New(errs.Unauthenticated, "You are not logged in, or not any more. Log in again.")
}
