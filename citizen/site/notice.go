package site

import (
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
)

// noticeOf is a notice as its page shows it: what it is about, what it says, and where
// to go.
func (s *Site) noticeOf(n account.Notice) pages.Notice {
	out := pages.Notice{When: s.on(n.At), Title: "Your account", Text: []string{n.Words()}, New: !n.Read, Security: true}
	switch n.Kind {
	case account.Enrolled:
		out.Title, out.Security = "Welcome", false
	case account.PasskeyAdded, account.PasskeyRenamed, account.PasskeyRemoved:
		out.Title, out.Go = "Your passkeys changed", pages.Link{Href: pages.PathPasskeys, Text: "Look at your passkeys"}
	case account.SignCountFell:
		out.Title, out.Go = "A passkey may have been copied", pages.Link{Href: pages.PathPasskeys, Text: "Look at your passkeys"}
	case account.RecoveryAsked, account.RecoveryVouched, account.RecoveryRevoked:
		out.Title, out.Go = "A new activation code", pages.Link{Href: pages.PathDevices, Text: "See where you are logged in"}
	case account.Recovered:
		out.Title, out.Go = "Your account was opened with a new passkey", pages.Link{Href: pages.PathPasskeys, Text: "Look at your passkeys"}
	case account.SignedOutEverywhere, account.RefreshReused:
		out.Title, out.Go = "You were logged out", pages.Link{Href: pages.PathDevices, Text: "See where you are logged in"}
	case account.InquiryAnswered:
		out.Title, out.Security, out.Go = "Your question was answered", false, pages.Link{Href: pages.PathAsked, Text: "Read the answer"}
	case account.InquiryLate:
		out.Title, out.Security, out.Go = "An answer is late", false, pages.Link{Href: pages.PathAsked, Text: "See your question"}
	default:
	}
	return out
}
