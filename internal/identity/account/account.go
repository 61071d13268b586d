// Package account keeps the accounts of residents: who they are, their passkeys, the
// codes by which they enrol and recover, and what they are told. RULES 1.
//
// An account's id is made of its person's, so a person has one account by the key alone,
// and all that belongs to an account lies in one partition, its own: it is created,
// recovered and changed in one commit each. What decides whether a session of it counts
// (state, epoch, which passkeys are left) is one small document, read at every request.
//
// Of codes, the partition of the selector holds only the verifier and the wrong tries.
// Whether a code is open, used or revoked is decided in the account's partition, in the
// commit that uses it.
package account

import (
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"net/url"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// Collections. All but two are partitioned by the account's id.
const (
	accounts    = "account"         // id: one
	passkeys    = "passkey"         // id: made of the credential id
	activations = "activation"      // id: the code's selector
	notices     = "notice"          // id: in order of time
	spent       = "spent"           // id: the hash of a challenge or a ticket that was used
	secrets     = "activation_code" // partition: a code's selector
	listing     = "activation_list" // partition: the organisation that made codes; id: in order of time
)

// one is the id of a document that is alone in its partition and collection.
const one = "one"

// Specs declares the collections of the package.
func Specs() []store.Spec {
	var specs []store.Spec
	for _, name := range []string{accounts, passkeys, activations, notices, spent, secrets, listing} {
		specs = append(specs, store.Spec{Name: name, Small: true})
	}
	return specs
}

// Options of Accounts. Those of the second group have the defaults of RULES 1.
type Options struct {
	DB       *store.DB
	Key      []byte                  // 32 bytes; codes and tickets made under another key do not count
	PersonOf func(nhs.Number) string // the opaque id of who has that number
	Gone     Gone
	Now      func() time.Time
	EnrolURL *url.URL       // the page where a code is entered
	London   *time.Location // where birthdays are reckoned; nil: UTC

	CodeLife   time.Duration // of an activation code; 0: 14 days
	MaxTries   int           // wrong ones that lock a code; 0: 5
	TicketLife time.Duration // between a right code and the passkey; 0: 15 minutes
	Freeze     time.Duration // after a recovery; 0: 24 hours
	MinAge     int           // for an account of one's own; 0: 13
	MaxKeys    int           // passkeys of one account; 0: 10
}

// Gone reports whether the record says that a person has died, was merged with another,
// or was deactivated: nothing is sent to them.
type Gone func(ctx context.Context, person string) (bool, error)

// Accounts keeps accounts. It holds no state of its own: several may stand over one
// store.
type Accounts struct {
	o          Options
	claims     *store.Claims // which account a credential id belongs to
	codeKey    []byte
	ticketSeal cipher.AEAD
	verifyCode func(key []byte, parts ...string) []byte // replaced by a test that counts
}

// New returns the accounts kept in o.DB, whose collections are Specs.
func New(o Options) (*Accounts, error) {
	o.CodeLife, o.MaxTries = cmp.Or(o.CodeLife, 14*24*time.Hour), cmp.Or(o.MaxTries, 5)
	o.TicketLife, o.Freeze = cmp.Or(o.TicketLife, 15*time.Minute), cmp.Or(o.Freeze, 24*time.Hour)
	o.MinAge, o.MaxKeys = cmp.Or(o.MinAge, 13), cmp.Or(o.MaxKeys, 10)
	o.London = cmp.Or(o.London, time.UTC)
	if o.DB == nil || o.PersonOf == nil || o.Gone == nil || o.Now == nil || o.EnrolURL == nil || len(o.Key) != 32 {
		return nil, errors.New("account: an option is missing, or the key has not 32 bytes")
	}
	codeKey, err := hkdf.Key(sha256.New, o.Key, nil, "dcr account codes", 32)
	if err != nil {
		return nil, err
	}
	seal, err := newSeal(o.Key)
	if err != nil {
		return nil, err
	}
	return &Accounts{o: o, claims: o.DB.Claims("passkey"), codeKey: codeKey, ticketSeal: seal, verifyCode: mac}, nil
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// IDOf returns the id of a person's account, whether they have one or not. It tells
// nobody who the person is; who knows both sees that they belong together.
func IDOf(person string) string {
	sum := sha256.Sum256([]byte("dcr account\x00" + person))
	return "a" + idEncoding.EncodeToString(sum[:10])
}

// IsID reports whether s has the form of an account's id.
func IsID(s string) bool {
	if len(s) != 17 || s[0] != 'a' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// State is the state of an account. Stored: add at the end.
type State uint8

// States of an account.
const (
	None   State = iota // there is none
	Active              //
	Ended               // by the person, or because of a death, a merge or an error
)

// Means is how somebody proved who they are. Stored: add at the end.
type Means uint8

// Means of enrolment.
const (
	_          Means = iota
	ByCode           // a code handed over in person
	ByNHSLogin       // NHS login
)

// Account is a resident's account, as its document says.
type Account struct {
	ID       string
	Rev      uint64
	Person   string            // whose record is theirs, by its opaque id
	Proofing identity.Proofing // at which they enrolled; every session has it
	Handle   []byte            // the WebAuthn user handle: 64 random bytes
	Epoch    uint64            // sessions of another epoch have ended
	Frozen   time.Time         // until then no carer is invited and nothing exported
	Enrolled Means
	Since    time.Time
	State    State
	Keys     []uint64 // the numbers of the passkeys that count; a session of another has ended

	nextKey uint64
}

// CodeFrozen is the code of the refusal of what may not be done after a recovery.
const CodeFrozen = "ACCOUNT_FROZEN"

// Thawed refuses what may not be done in the hours after a recovery: inviting a carer,
// exporting the record. RULES 1.
func (a *Account) Thawed(now time.Time) error {
	if !now.Before(a.Frozen) {
		return nil
	}
	return &errs.Error{Kind: errs.Forbidden, Code: CodeFrozen, After: a.Frozen.Sub(now),
		Message: "Your account was recovered a short time ago. To keep you safe, nobody can be invited and nothing downloaded until a day after that."}
}

// HasKey reports whether the passkey of that number counts.
func (a *Account) HasKey(number uint64) bool {
	for _, k := range a.Keys {
		if k == number {
			return true
		}
	}
	return false
}

// Ref names the document of an account, for whoever reads it together with others.
func Ref(id string) store.Ref { return store.Ref{Collection: accounts, Partition: id, ID: one} }

// Get returns an account, which may have ended; errs.NotFound if there is none.
func (a *Accounts) Get(ctx context.Context, id string) (acc Account, err error) {
	var bad error
	err = a.o.DB.Get(ctx, []store.Ref{Ref(id)}, func(d *store.Doc) bool {
		acc, bad = Decode(d)
		return true
	})
	switch {
	case err != nil:
		return Account{}, err
	case bad != nil:
		return Account{}, bad
	case acc.State == None:
		return Account{}, errs.New(errs.NotFound, "There is no such account.")
	}
	return acc, nil
}

// active is Get, for what only an active account does.
func (a *Accounts) active(ctx context.Context, id string) (Account, error) {
	acc, err := a.Get(ctx, id)
	if err == nil && acc.State != Active {
		return Account{}, errs.New(errs.NotFound, "There is no such account.")
	}
	return acc, err
}
