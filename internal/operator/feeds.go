package operator

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// QuarantineQuery asks for a source's quarantine in a state, the newest first.
type QuarantineQuery struct {
	Source string
	State  string // pending, released, discarded; "" is pending
	Cursor string
	Limit  int // 0: 50
}

// QuarantinePage is a part of a quarantine and where the next one begins.
type QuarantinePage struct {
	Items []QuarantineItem `json:"items"`
	Next  string           `json:"next,omitzero"`
}

// QuarantineItem is something that could not be applied, and why. It holds
// nothing of what was sent.
type QuarantineItem struct {
	ID     string        `json:"id"`
	Source string        `json:"source"`
	State  string        `json:"state"`
	Entry  int           `json:"entry"` // its index in the message, or -1 for the whole
	Type   string        `json:"type,omitzero"`
	Code   string        `json:"code"`
	Words  string        `json:"words"`
	Issues []feeds.Issue `json:"issues,omitempty"`
	Await  string        `json:"await,omitzero"`
	Since  time.Time     `json:"since"`
	Closed time.Time     `json:"closed,omitzero"`
	Tries  int           `json:"tries,omitzero"`
	Retry  time.Time     `json:"retry,omitzero"`
}

// Quarantined is an item with the message as it was sent: clinical content, for
// the eyes of whoever has to mend it.
type Quarantined struct {
	Item     QuarantineItem `json:"item"`
	Media    string         `json:"media"`
	Key      string         `json:"key"`
	Received time.Time      `json:"received"`
	Text     string         `json:"text,omitzero"`
	Base64   []byte         `json:"base64,omitempty"` // of what is no UTF-8
}

// Loaded is what became of a loaded bundle.
type Loaded struct {
	Repeated bool              `json:"repeated,omitzero"` // received before, with the same content
	Types    map[string]Counts `json:"types,omitempty"`   // by resource type
	Held     []HeldEntry       `json:"held,omitempty"`
}

// Counts are of a bundle's entries.
type Counts struct {
	Applied   int `json:"applied,omitzero"`
	Unchanged int `json:"unchanged,omitzero"`
	Held      int `json:"held,omitzero"`
	Ignored   int `json:"ignored,omitzero"`
}

// Add sums counts.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.Applied + o.Applied, c.Unchanged + o.Unchanged, c.Held + o.Held, c.Ignored + o.Ignored}
}

// HeldEntry is an entry of a loaded bundle, or the whole of it, that went to
// quarantine.
type HeldEntry struct {
	ID    string `json:"id"`
	Entry int    `json:"entry"` // its index, or -1 for the whole
	Type  string `json:"type,omitzero"`
	Code  string `json:"code"`
	Words string `json:"words"`
}

func itemOf(it feeds.Item) QuarantineItem {
	return QuarantineItem{ID: it.ID, Source: it.Source, State: it.State.String(), Entry: it.Entry, Type: it.Type, Code: it.Code, Words: it.Words,
		Issues: it.Issues, Await: it.Await, Since: it.Since, Closed: it.Closed, Tries: it.Tries, Retry: it.Retry}
}

// Quarantine returns a part of a source's quarantine.
func (s *Service) Quarantine(ctx context.Context, q QuarantineQuery) (QuarantinePage, error) {
	state := feeds.Pending
	for _, known := range []feeds.State{feeds.Released, feeds.Discarded} {
		if q.State == known.String() {
			state = known
		}
	}
	if q.State != "" && q.State != state.String() {
		return QuarantinePage{}, errs.New(errs.Invalid, "the state is one of pending, released and discarded")
	}
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 50
	}
	items, next, err := s.o.Inbox.List(ctx, q.Source, state, q.Cursor, q.Limit)
	page := QuarantinePage{Items: make([]QuarantineItem, 0, len(items)), Next: next}
	for _, it := range items {
		page.Items = append(page.Items, itemOf(it))
	}
	return page, err
}

// Quarantined returns one item and the message it is about, which holds what the
// source said of somebody: so it is an event in the ledger first.
func (s *Service) Quarantined(ctx context.Context, source, id string) (Quarantined, error) {
	it, m, err := s.o.Inbox.Show(ctx, source, id)
	if err != nil {
		return Quarantined{}, err
	}
	by := caller(ctx)
	if _, err := s.o.Ledger.Append(ctx, &ledger.Event{Time: s.o.Now(), Request: requestID(), Kind: by.Kind, Caller: by.ID, Name: by.Name,
		Action: access.Administer, Outcome: access.Allowed, Basis: access.ByOperator, What: "quarantined message of " + source}); err != nil {
		return Quarantined{}, err
	}
	q := Quarantined{Item: itemOf(it), Media: m.Media, Key: m.Key, Received: m.Received}
	if utf8.Valid(m.Body) {
		q.Text = string(m.Body)
	} else {
		q.Base64 = m.Body
	}
	return q, nil
}

// Replay tries an item again, or with no id all that is pending of the source.
func (s *Service) Replay(ctx context.Context, source, id string) (int, error) {
	return s.o.Inbox.Replay(ctx, source, id)
}

// Discard gives an item up. The inbox keeps the message.
func (s *Service) Discard(ctx context.Context, source, id string) error {
	return s.o.Inbox.Discard(ctx, source, id)
}

// Load takes a bundle as if its source had sent it, under the source's agreement.
func (s *Service) Load(ctx context.Context, source string, bundle []byte) (Loaded, error) {
	client, _, err := s.o.Registry.Client(ctx, source)
	if err != nil {
		return Loaded{}, err
	}
	agreement, _, err := s.o.Registry.Agreement(ctx, client.Org)
	if err != nil {
		return Loaded{}, err
	}
	r, err := s.o.Inbox.Receive(ctx, feeds.Sender{Client: client, Agreement: agreement}, s.o.Message(bundle))
	if err != nil {
		return Loaded{}, err
	}
	return loadedOf(&r), nil
}

func loadedOf(r *feeds.Receipt) Loaded {
	done := Loaded{Repeated: r.Repeated, Types: map[string]Counts{}}
	for _, e := range r.Outcome.Entries {
		typ := e.Type
		if typ == "" {
			typ = "(none)"
		}
		c := done.Types[typ]
		switch {
		case e.Ignored:
			c.Ignored++
		case e.Held > 0:
			c.Held++
		case e.Applied.Result == record.Unchanged:
			c.Unchanged++
		default:
			c.Applied++
		}
		done.Types[typ] = c
	}
	for _, h := range r.Outcome.Held {
		done.Held = append(done.Held, HeldEntry{ID: r.HeldID(h), Entry: h.Entry, Type: h.Type, Code: h.Code, Words: h.Words})
	}
	return done
}
