package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// NoticeKind is what a notice is about. Stored: add at the end, with its words.
type NoticeKind uint8

// Kinds of notice.
const (
	_                   NoticeKind = iota
	Enrolled                       // the account was opened
	PasskeyAdded                   // About: its name
	PasskeyRenamed                 // About: its new name
	PasskeyRemoved                 // About: its name
	RecoveryAsked                  // a recovery code was made; About: by what organisation
	RecoveryVouched                // a second member of staff vouched, the code can be used; About: of what organisation
	RecoveryRevoked                // a recovery code was withdrawn
	Recovered                      // somebody came back into the account with a new passkey; About: its name
	SignCountFell                  // a passkey may have been copied; About: its name
	SignedOutEverywhere            // all sessions were ended
	RefreshReused                  // an app's session was ended, because its token came twice; About: the device
	AccountEnded                   //
	InquiryAnswered                // an organisation answered why it looked; About: which
	InquiryLate                    // it has not answered when it should have; About: which
)

var noticeWords = [...]string{
	Enrolled:            "Your account was opened.",
	PasskeyAdded:        "A passkey was added to your account.",
	PasskeyRenamed:      "A passkey of your account was given another name.",
	PasskeyRemoved:      "A passkey was removed from your account.",
	RecoveryAsked:       "Somebody asked for a recovery code for your account.",
	RecoveryVouched:     "A recovery code for your account can now be used.",
	RecoveryRevoked:     "A recovery code for your account was withdrawn.",
	Recovered:           "Your account was recovered with a new passkey. All other devices were logged out. Nobody can be invited and nothing downloaded for a day.",
	SignCountFell:       "A log-in was refused, because a passkey of yours may have been copied. Remove that passkey and add a new one.",
	SignedOutEverywhere: "You were logged out on all devices.",
	RefreshReused:       "An app was logged out, because somebody may have copied its key to your account. Log in again.",
	AccountEnded:        "Your account was closed.",
	InquiryAnswered:     "Your question why somebody looked at your record has been answered.",
	InquiryLate:         "Your question why somebody looked at your record should have been answered by now. We have marked it as late for the organisation.",
}

// notMe follows the words where the person should act if it was not they.
const notMe = " If this was not you, log out everywhere and call your GP practice."

// Notice is something an account's owner is told in the app's inbox. It says nothing
// clinical.
type Notice struct {
	ID    string
	Kind  NoticeKind
	At    time.Time
	About string // a name they gave, or an organisation's; may be empty
	Read  bool
}

// Words returns what the notice tells, made from its kind.
func (n Notice) Words() string {
	if int(n.Kind) >= len(noticeWords) || n.Kind == 0 {
		return "Something about your account changed."
	}
	w := noticeWords[n.Kind]
	if n.Kind != Enrolled && n.Kind != AccountEnded && n.Kind != RecoveryRevoked && n.Kind != InquiryAnswered && n.Kind != InquiryLate {
		w += notMe
	}
	return w
}

// noticeLife is how long a notice stays in the inbox.
const noticeLife = 2 * 365 * 24 * time.Hour

// NoticeOp returns the operation that puts n into an account's inbox, to be committed
// with what it tells. Its id is made of its time.
func NoticeOp(account string, n Notice) store.Op {
	id := n.ID
	if id == "" {
		var tail [5]byte
		_, _ = rand.Read(tail[:]) // never fails
		id = timeID(n.At) + hex.EncodeToString(tail[:])
	}
	return store.Op{Kind: store.Put, Doc: store.Doc{Ref: noticeRef(account, id), Body: n.encode(), Expires: n.At.Add(noticeLife)}}
}

// timeID begins ids that are in order of time.
func timeID(t time.Time) string { return fmt.Sprintf("%016x", uint64(t.UnixMicro())) }

func noticeRef(account, id string) store.Ref {
	return store.Ref{Collection: notices, Partition: account, ID: id}
}

func (n *Notice) encode() []byte {
	b := packed.AppendBool([]byte{form, byte(n.Kind)}, n.Read)
	return packed.AppendString(packed.AppendTime(b, n.At), n.About)
}

func decodeNotice(d *store.Doc) (Notice, error) {
	r, _ := packed.NewReader(d.Body, form)
	n := Notice{ID: d.ID, Kind: NoticeKind(r.Byte()), Read: r.Bool(), At: r.Time(), About: r.String()}
	if err := r.Close(); err != nil {
		return Notice{}, unreadable("a notice", err)
	}
	return n, nil
}

// Notices returns at most limit notices of an account, newest first, from after on, and
// where to go on; "" at the start and at the end.
func (a *Accounts) Notices(ctx context.Context, account, after string, limit int) (list []Notice, next string, err error) {
	cursor, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "The page of messages asked for does not exist. Start at the first.")
	}
	var bad error
	q := store.Query{Collection: notices, Partition: account, Reverse: true, Limit: limit, After: cursor}
	if len(cursor) == 0 {
		q.After = nil
	}
	cursor, err = a.o.DB.Find(ctx, q, func(d *store.Doc) bool {
		n, err := decodeNotice(d)
		if bad = err; err != nil {
			return false
		}
		list = append(list, n)
		return true
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return nil, "", err
	}
	return list, base64.RawURLEncoding.EncodeToString(cursor), nil
}

// MarkRead marks a notice as read; errs.NotFound if the account has none of that id.
func (a *Accounts) MarkRead(ctx context.Context, account, id string) error {
	if !isNoticeID(id) {
		return errs.New(errs.NotFound, "There is no such message.")
	}
	for {
		d, err := a.o.DB.Load(ctx, noticeRef(account, id))
		if errs.KindOf(err) == errs.NotFound {
			return errs.New(errs.NotFound, "There is no such message.")
		}
		if err != nil {
			return err
		}
		n, err := decodeNotice(d)
		if err != nil || n.Read {
			return err
		}
		n.Read = true
		err = a.o.DB.Commit(ctx, account, []store.Op{write(store.Doc{Ref: d.Ref, Rev: d.Rev, Body: n.encode(), Expires: n.At.Add(noticeLife)})})
		if !movedOn(err, notices) {
			return err
		}
	}
}

func isNoticeID(id string) bool {
	for i := range len(id) {
		if c := id[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return id != "" && len(id) <= 64
}
