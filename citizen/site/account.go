package site

import (
	"net/http"
	"time"

	"github.com/dorsetcarerecord/dcr/citizen"
	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/session"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// accountRoutes are the pages of the account, and of the session.
func (s *Site) accountRoutes() []web.Route {
	return []web.Route{
		s.get(pages.PathEnrolDone, func(v *visit) error { return s.show(v, pages.EnrolDone{}) }),
		s.get(pages.PathEnding, func(v *visit) error { return s.show(v, pages.Ending{}) }),
		s.post(pages.PathStay, s.stay),
		s.get(pages.PathAccount, s.account),
		s.get(pages.PathPasskeys, s.passkeys),
		s.get(pages.PathAddKey, s.addPasskey),
		s.get(pages.PathPasskeys+"/:id", s.passkey),
		s.post(pages.PathPasskeys+"/:id/rename", s.renamePasskey),
		s.post(pages.PathPasskeys+"/:id/remove", s.removePasskey),
		s.get(pages.PathDevices, s.devices),
		s.post(pages.PathEndAll, s.endAll),
		s.post(pages.PathDevices+"/:id/end", s.endDevice),
		s.get(pages.PathNotices, s.notices),
		s.get(pages.PathDownload, s.download),
		s.post(pages.PathAsHTML, s.saveHTML),
		s.post(pages.PathAsFHIR, s.saveFHIR),
	}
}

// stay goes on with the session: that it was asked for did it. The script of the
// warning needs no page.
func (s *Site) stay(v *visit) error {
	if v.Accepts("text/html") == "" {
		return v.SendStatus(http.StatusNoContent)
	}
	return goTo(v.Ctx, pages.PathHome)
}

func (s *Site) account(v *visit) error {
	a, err := s.o.Service.Account(v.ctx, v.caller)
	if err != nil {
		return err
	}
	return s.show(v, pages.Account{Passkeys: a.Passkeys, Devices: a.Devices})
}

// done says in words what a form did, of a page that the browser was sent on to.
func done(v *visit, words map[string]string) (string, error) {
	q, err := query(v.Ctx, "done")
	return words[q["done"]], err
}

func (s *Site) passkeys(v *visit) error {
	a, err := s.o.Service.Account(v.ctx, v.caller)
	if err != nil {
		return err
	}
	keys, err := s.o.Service.Passkeys(v.ctx, v.caller)
	if err != nil {
		return err
	}
	p := pages.Passkeys{Frozen: s.at(a.Frozen)}
	for _, k := range keys {
		p.Passkeys = append(p.Passkeys, s.keyOf(k))
	}
	if p.Done, err = done(v, map[string]string{"added": "Your new passkey is ready.", "removed": "The passkey was removed.", "renamed": "The name was changed."}); err != nil {
		return err
	}
	return s.show(v, p)
}

func (s *Site) keyOf(k citizen.Passkey) pages.Passkey {
	out := pages.Passkey{ID: k.ID, Name: k.Name, Made: s.day(k.Made), LastUsed: s.at(k.LastUsed), Where: "On one device only", This: k.This}
	if k.Synced {
		out.Where = "On several of your devices"
	}
	return out
}

// addPasskey is the page that begins with a proof and, once that is there, makes the
// passkey.
func (s *Site) addPasskey(v *visit) error {
	proved, err := s.proved(v, citizen.ActionAddPasskey)
	if err != nil {
		return err
	}
	return s.show(v, pages.AddPasskey{Proved: proved, Action: citizen.ActionAddPasskey})
}

// proved reports whether the caller has just confirmed an action.
func (s *Site) proved(v *visit, action string) (bool, error) {
	err := s.o.Service.Confirmed(v.ctx, v.caller, action)
	if needsProof(err) {
		return false, nil
	}
	return err == nil, err
}

func needsProof(err error) bool {
	e, ok := errs.As(err)
	return ok && e.Code == session.CodeStepUp
}

// passkeyPage is the page of the passkey of the address.
func (s *Site) passkeyPage(v *visit) (pages.PasskeyPage, error) {
	a, err := s.o.Service.Account(v.ctx, v.caller)
	if err != nil {
		return pages.PasskeyPage{}, err
	}
	keys, err := s.o.Service.Passkeys(v.ctx, v.caller)
	if err != nil {
		return pages.PasskeyPage{}, err
	}
	for _, k := range keys {
		if k.ID == v.Params("id") {
			return pages.PasskeyPage{Passkey: s.keyOf(k), Last: len(keys) == 1, Needed: a.NeedsKey, Action: citizen.RemovePasskeyAction(k.ID)}, nil
		}
	}
	return pages.PasskeyPage{}, errs.New(errs.NotFound, "There is no such passkey.")
}

func (s *Site) passkey(v *visit) error {
	p, err := s.passkeyPage(v)
	if err != nil {
		return err
	}
	return s.show(v, p)
}

func (s *Site) renamePasskey(v *visit) error {
	p, err := s.passkeyPage(v)
	if err != nil {
		return err
	}
	p.Name = v.form.word("name")
	if p.Name == "" {
		p.Form = wrong("name", "Enter a name for the passkey.")
		return s.again(v, p)
	}
	err = s.o.Service.RenamePasskey(v.ctx, v.caller, p.Passkey.ID, p.Name)
	if words, ok := refusal(err); ok {
		p.Form = wrong("name", words)
		return s.again(v, p)
	}
	if err != nil {
		return err
	}
	return goTo(v.Ctx, pages.PathPasskeys+"?done=renamed")
}

// removePasskey removes a passkey that its owner has just confirmed to remove. With
// the one that they logged in by, they are logged out.
func (s *Site) removePasskey(v *visit) error {
	p, err := s.passkeyPage(v)
	if err != nil {
		return err
	}
	_, err = s.o.Service.RemovePasskey(v.ctx, v.caller, p.Passkey.ID)
	if needsProof(err) {
		at := pages.PasskeyPath(p.Passkey.ID)
		return s.showWith(v, http.StatusUnauthorized, nil, pages.StepUp{Title: "Remove a passkey", Action: p.Action, Next: at, From: pages.Link{Href: at, Text: "Back"}})
	}
	if words, ok := refusal(err); ok {
		p.Form = wrong("", words)
		return s.again(v, p)
	}
	if err != nil {
		return err
	}
	if p.Passkey.This {
		s.o.Service.ClearCookie(v.Ctx)
		return goTo(v.Ctx, pages.PathLoggedOut)
	}
	return goTo(v.Ctx, pages.PathPasskeys+"?done=removed")
}

func (s *Site) devices(v *visit) error {
	all, err := s.o.Service.Devices(v.ctx, v.caller)
	if err != nil {
		return err
	}
	var p pages.Devices
	for _, d := range all {
		p.Devices = append(p.Devices, pages.Device{ID: d.ID, Name: d.Name, Since: s.at(d.Began), LastUsed: s.at(d.Used), This: d.This})
	}
	if p.Done, err = done(v, map[string]string{"ended": "It was logged out."}); err != nil {
		return err
	}
	return s.show(v, p)
}

func (s *Site) endDevice(v *visit) error {
	if v.Params("id") == v.caller.Session {
		return s.ended(v, s.o.Service.LogOut(v.ctx, v.caller))
	}
	if err := s.o.Service.EndDevice(v.ctx, v.caller, v.Params("id")); err != nil {
		return err
	}
	return goTo(v.Ctx, pages.PathDevices+"?done=ended")
}

func (s *Site) endAll(v *visit) error { return s.ended(v, s.o.Service.EndAll(v.ctx, v.caller)) }

// ended answers a form that ended this session too.
func (s *Site) ended(v *visit, err error) error {
	if err != nil {
		return err
	}
	s.o.Service.ClearCookie(v.Ctx)
	return goTo(v.Ctx, pages.PathLoggedOut)
}

// noticesSize is how many notices stand on one page.
const noticesSize = 20

// notices shows the inbox. What was shown is read.
func (s *Site) notices(v *visit) error {
	q, err := query(v.Ctx, "after")
	if err != nil {
		return err
	}
	all, next, err := s.o.Service.Notices(v.ctx, v.caller, q["after"], noticesSize)
	if err != nil {
		return err
	}
	p := pages.Notices{Pages: after(pages.PathNotices, q["after"], next)}
	for _, n := range all {
		p.All = append(p.All, s.noticeOf(n))
		if n.Read {
			continue
		}
		if err := s.o.Service.MarkNotice(v.ctx, v.caller, n.ID); err != nil {
			return err
		}
	}
	return s.show(v, p)
}

// download is where the record is saved, once its owner has confirmed it.
func (s *Site) download(v *visit) error {
	a, err := s.o.Service.Account(v.ctx, v.caller)
	if err != nil {
		return err
	}
	proved, err := s.proved(v, citizen.ActionExport)
	if err != nil {
		return err
	}
	return s.show(v, pages.Download{Proved: proved, Action: citizen.ActionExport, Frozen: s.at(a.Frozen)})
}

func (s *Site) saveHTML(v *visit) error {
	body, err := s.o.Service.ExportHTML(v.ctx, v.caller, v.request)
	return s.saved(v, "text/html; charset=utf-8", "html", body, err)
}

func (s *Site) saveFHIR(v *visit) error {
	body, err := s.o.Service.ExportFHIR(v.ctx, v.caller, v.request)
	return s.saved(v, "application/fhir+json; charset=utf-8", "json", body, err)
}

// saved sends a copy of the record. Whoever has not confirmed it, or may not yet, is
// sent to the page that says so.
func (s *Site) saved(v *visit, media, ending string, body []byte, err error) error {
	if e, ok := errs.As(err); ok && (e.Code == session.CodeStepUp || e.Code == account.CodeFrozen) {
		return goTo(v.Ctx, pages.PathDownload)
	}
	if err != nil {
		return err
	}
	return sendFile(v, media, "care-record-"+s.o.Now().In(s.london).Format(time.DateOnly)+"."+ending, body)
}
