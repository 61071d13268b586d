package fhirbundle

import (
	"context"
	"mime"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// DefaultLimit is the most bytes of one message: a record of the inbox, less its
// header.
const DefaultLimit = 15 << 20

// Inbox is where messages go.
type Inbox interface {
	Receive(ctx context.Context, from feeds.Sender, m feeds.Message) (feeds.Receipt, error)
}

// Service receives Bundles, whatever the transport.
type Service struct {
	inbox    Inbox
	partners feeds.Partners
	limit    int
}

// NewService returns a service that takes at most limit bytes of a message; 0
// means DefaultLimit.
func NewService(inbox Inbox, partners feeds.Partners, limit int) *Service {
	if limit <= 0 || limit > DefaultLimit {
		limit = DefaultLimit
	}
	return &Service{inbox, partners, limit}
}

// Limit is the most bytes of one message.
func (s *Service) Limit() int { return s.limit }

// Receive takes what a source sends and returns the answer: a status of HTTP and a
// FHIR resource. The caller was authenticated as that client. An error, instead,
// means that nothing was applied: the sender may not send (Forbidden), sends
// something else (Unsupported, TooLarge), or must send it again (Unavailable).
// What is not valid is answered with a 4xx, and kept nevertheless.
func (s *Service) Receive(ctx context.Context, caller identity.Caller, client partner.Client, contentType string, body []byte) (status int, answer []byte, err error) {
	if caller.Kind != identity.Source || caller.Client != client.ID {
		return 0, nil, errs.Coded(errs.Forbidden, feeds.NotASource, "only a source system may send")
	}
	if err := mediaType(contentType); err != nil {
		return 0, nil, err
	}
	if len(body) > s.limit {
		return 0, nil, errs.New(errs.TooLarge, "a message has at most %d bytes: send it in parts", s.limit)
	}
	agreement, _, err := s.partners.Agreement(ctx, client.Org)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return 0, nil, err
	}
	receipt, err := s.inbox.Receive(ctx, feeds.Sender{Client: client, Agreement: agreement}, NewMessage(body))
	if err != nil {
		return 0, nil, err
	}
	status, answer = respond(&receipt)
	return status, answer, nil
}

// NewMessage returns what a source says by sending body. The body must not change
// afterwards.
func NewMessage(body []byte) feeds.Message {
	m := feeds.Message{Format: Name, Media: "application/fhir+json", Body: body}
	read(&m)
	return m
}

// mediaType refuses what is not FHIR as JSON.
func mediaType(contentType string) error {
	media, params, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(params["charset"])
	version := params["fhirversion"]
	if err != nil || media != "application/fhir+json" && media != "application/json" ||
		charset != "" && charset != "utf-8" || version != "" && version != "4.0" {
		return errs.New(errs.Unsupported, "send FHIR R4 as application/fhir+json in UTF-8")
	}
	return nil
}

// read takes from a Bundle what names it and when it was sent. A message is named
// by its identifier together with its time, for senders use identifiers again; a
// Bundle of type message else by its header's id; all others by their content.
func read(m *feeds.Message) {
	doc, err := fhir.ParseFeed(m.Body)
	if err != nil {
		return
	}
	m.Parsed = doc
	root := doc.Root()
	if root.Type() != "Bundle" {
		return
	}
	m.Time = instant(root.Get("timestamp"))
	if m.Time.IsZero() {
		m.Time = instant(root.Path("meta", "lastUpdated"))
	}
	stamp := ""
	if !m.Time.IsZero() {
		stamp = "@" + m.Time.Format("20060102T150405.000000Z")
	}
	identifier := root.Get("identifier")
	if v := identifier.Get("value").Text(); v != "" {
		m.Key = bounded("identifier "+identifier.Get("system").Text()+"|"+v) + stamp
		return
	}
	if root.Get("type").Is("message") {
		if id := root.Path("entry", "resource"); id.Type() == "MessageHeader" && id.ID() != "" {
			m.Key = bounded("header "+id.ID()) + stamp
		}
	}
}
