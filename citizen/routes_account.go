package citizen

import (
	"net/http"

	"github.com/dorsetcarerecord/dcr/internal/web"
)

// PasskeyAnswer is a passkey of the resident's.
type PasskeyAnswer struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Made     string `json:"made" format:"date-time"`
	LastUsed string `json:"lastUsed,omitzero" format:"date-time"`
	Synced   bool   `json:"synced"` // it may be on several devices
	This     bool   `json:"this"`   // this session began with it
} //	@name	Passkey

// PasskeyList is all passkeys of the resident's, the oldest first.
type PasskeyList struct {
	Passkeys []PasskeyAnswer `json:"passkeys"`
} //	@name	PasskeyList

// NameBody is what a passkey shall be called.
type NameBody struct {
	Name string `json:"name" example:"My phone"`
} //	@name	NameBody

// SessionAnswer is a browser or an app that is logged in.
type SessionAnswer struct {
	ID      string `json:"id"`
	Device  string `json:"device" example:"Chrome on Android"`
	App     bool   `json:"app"`
	Began   string `json:"began" format:"date-time"`
	Used    string `json:"used" format:"date-time"`
	Expires string `json:"expires" format:"date-time"`
	This    bool   `json:"this"`
} //	@name	Session

// SessionList is the sessions that go on, the last used first.
type SessionList struct {
	Sessions []SessionAnswer `json:"sessions"`
} //	@name	SessionList

// AccountAnswer is the resident's account.
type AccountAnswer struct {
	Name     string `json:"name"`
	Since    string `json:"since" format:"date-time"`
	Proofing string `json:"proofing" example:"P9"`
	Frozen   string `json:"frozenUntil,omitzero" format:"date-time"` // nothing is exported and nobody invited until then
	Passkeys int    `json:"passkeys"`
	Sessions int    `json:"sessions"`
	Unread   int    `json:"unreadNotices"`
} //	@name	Account

// NoticeAnswer is something that the resident is told.
type NoticeAnswer struct {
	ID    string `json:"id"`
	At    string `json:"at" format:"date-time"`
	Words string `json:"words"`
	About string `json:"about,omitzero"` // a name that they gave, or an organisation's
	Read  bool   `json:"read"`
} //	@name	Notice

// NoticePage is a page of the inbox, the newest first.
type NoticePage struct {
	Notices []NoticeAnswer `json:"notices"`
	Next    string         `json:"next,omitzero"` // cursor of the next page
} //	@name	NoticePage

// logOut ends the session.
//
//	@Summary	Log out
//	@Tags		residents
//	@Security	resident
//	@Success	204
//	@Failure	401,403,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/log-out [post]
func (s *Service) logOut(a *asked) error {
	if err := s.LogOut(a.call.Ctx, a.caller()); err != nil {
		return err
	}
	clearCookie(a.Ctx)
	return noContent(a.Ctx)
}

// listPasskeys lists the passkeys.
//
//	@Summary	List your passkeys
//	@Tags		residents
//	@Security	resident
//	@Produce	json
//	@Success	200	{object}	citizen.PasskeyList
//	@Failure	401,403,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/passkeys [get]
func (s *Service) listPasskeys(a *asked) error {
	list, err := s.Passkeys(a.call.Ctx, a.caller())
	if err != nil {
		return err
	}
	out := PasskeyList{Passkeys: make([]PasskeyAnswer, 0, len(list))}
	for _, k := range list {
		out.Passkeys = append(out.Passkeys, PasskeyAnswer{k.ID, k.Name, moment(k.Made), moment(k.LastUsed), k.Synced, k.This})
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, out)
}

// addPasskeyOptions begins to add a passkey.
//
//	@Summary		Begin to add a passkey
//	@Description	After the action passkey.add was confirmed with one that you have.
//	@Tags			residents
//	@Security		resident
//	@Accept			json
//	@Produce		json
//	@Param			body	body		citizen.BeginBody	false	"may be left out"
//	@Success		200	{object}	citizen.Begun
//	@Failure		400,401,403,413,415,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/passkeys/options [post]
func (s *Service) addPasskeyOptions(a *asked) error {
	if _, err := begin(a.Ctx); err != nil {
		return err
	}
	got, err := s.AddPasskeyOptions(a.call.Ctx, a.caller(), addressOf(a.Ctx))
	return writeBegun(a.Ctx, got, err)
}

// addPasskeyFinish adds a passkey.
//
//	@Summary	Add the passkey that was made
//	@Tags		residents
//	@Security	resident
//	@Accept		json
//	@Produce	json
//	@Param		body	body		citizen.FinishBody	true	"the answer"
//	@Success	200	{object}	citizen.LogInAnswer
//	@Failure	400,401,403,409,413,415,422,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/passkeys/finish [post]
func (s *Service) addPasskeyFinish(a *asked) error {
	_, from, answered, err := finish(a.Ctx)
	if err != nil {
		return err
	}
	signals, err := s.AddPasskey(a.call.Ctx, a.caller(), from, answered)
	if err != nil {
		return err
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, LogInAnswer{Signals: SignalAnswer(signals)})
}

// renamePasskey gives a passkey another name.
//
//	@Summary	Rename a passkey
//	@Tags		residents
//	@Security	resident
//	@Accept		json
//	@Param		id		path	string				true	"passkey"
//	@Param		body	body	citizen.NameBody	true	"its new name"
//	@Success	204
//	@Failure	400,401,403,404,409,413,415,422,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/passkeys/{id} [patch]
func (s *Service) renamePasskey(a *asked) error {
	var b NameBody
	if err := web.ReadJSON(a.Ctx, &b); err != nil {
		return err
	}
	if err := s.RenamePasskey(a.call.Ctx, a.caller(), a.Params("id"), b.Name); err != nil {
		return err
	}
	return noContent(a.Ctx)
}

// removePasskey removes a passkey.
//
//	@Summary		Remove a passkey
//	@Description	After the action passkey.remove/ID was confirmed. The sessions that it began end. The last one stays, unless you can come back by NHS login.
//	@Tags			residents
//	@Security		resident
//	@Produce		json
//	@Param			id	path		string	true	"passkey"
//	@Success		200	{object}	citizen.LogInAnswer
//	@Failure		401,403,404,409,422,429,500,503	{object}	main.Problem
//	@Router			/citizen/v1/passkeys/{id} [delete]
func (s *Service) removePasskey(a *asked) error {
	signals, err := s.RemovePasskey(a.call.Ctx, a.caller(), a.Params("id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, LogInAnswer{Signals: SignalAnswer(signals)})
}

// readSignals tells what keepers of passkeys are told.
//
//	@Summary	Read what the keeper of your passkeys is told of them
//	@Tags		residents
//	@Security	resident
//	@Produce	json
//	@Success	200	{object}	citizen.SignalAnswer
//	@Failure	401,403,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/signals [get]
func (s *Service) readSignals(a *asked) error {
	signals, err := s.Signals(a.call.Ctx, a.caller())
	if err != nil {
		return err
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, SignalAnswer(signals))
}

// listSessions lists where the resident is logged in.
//
//	@Summary	List where you are logged in
//	@Tags		residents
//	@Security	resident
//	@Produce	json
//	@Success	200	{object}	citizen.SessionList
//	@Failure	401,403,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/sessions [get]
func (s *Service) listSessions(a *asked) error {
	list, err := s.Devices(a.call.Ctx, a.caller())
	if err != nil {
		return err
	}
	out := SessionList{Sessions: make([]SessionAnswer, 0, len(list))}
	for _, d := range list {
		out.Sessions = append(out.Sessions, SessionAnswer{d.ID, d.Name, d.App, moment(d.Began), moment(d.Used), moment(d.Expires), d.This})
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, out)
}

// endSessions logs out everywhere.
//
//	@Summary	Log out everywhere
//	@Tags		residents
//	@Security	resident
//	@Success	204
//	@Failure	401,403,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/sessions [delete]
func (s *Service) endSessions(a *asked) error {
	if err := s.EndAll(a.call.Ctx, a.caller()); err != nil {
		return err
	}
	clearCookie(a.Ctx)
	return noContent(a.Ctx)
}

// endSession logs one device out.
//
//	@Summary	Log one device out
//	@Tags		residents
//	@Security	resident
//	@Param		id	path	string	true	"session"
//	@Success	204
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/sessions/{id} [delete]
func (s *Service) endSession(a *asked) error {
	if err := s.EndDevice(a.call.Ctx, a.caller(), a.Params("id")); err != nil {
		return err
	}
	return noContent(a.Ctx)
}

// readAccount tells of the account.
//
//	@Summary	Read of your account
//	@Tags		residents
//	@Security	resident
//	@Produce	json
//	@Success	200	{object}	citizen.AccountAnswer
//	@Failure	401,403,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/account [get]
func (s *Service) readAccount(a *asked) error {
	acc, err := s.Account(a.call.Ctx, a.caller())
	if err != nil {
		return err
	}
	unread, err := s.Unread(a.call.Ctx, a.caller())
	if err != nil {
		return err
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, AccountAnswer{acc.Name, moment(acc.Since), acc.Proofing.String(), moment(acc.Frozen), acc.Passkeys, acc.Devices, unread})
}

// listNotices lists the inbox.
//
//	@Summary	List your messages
//	@Tags		residents
//	@Security	resident
//	@Produce	json
//	@Param		count	query		int		false	"1 to 100"	default(50)
//	@Param		cursor	query		string	false	"next of the page before"
//	@Success	200	{object}	citizen.NoticePage
//	@Failure	400,401,403,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/notices [get]
func (s *Service) listNotices(a *asked) error {
	count, cursor, err := paging(a.Ctx, nil)
	if err != nil {
		return err
	}
	list, next, err := s.Notices(a.call.Ctx, a.caller(), cursor, count)
	if err != nil {
		return err
	}
	out := NoticePage{Notices: make([]NoticeAnswer, 0, len(list)), Next: next}
	for _, n := range list {
		out.Notices = append(out.Notices, NoticeAnswer{n.ID, moment(n.At), n.Words(), n.About, n.Read})
	}
	return web.WriteJSON(a.Ctx, http.StatusOK, out)
}

// readNotice marks a message as read.
//
//	@Summary	Mark a message as read
//	@Tags		residents
//	@Security	resident
//	@Param		id	path	string	true	"message"
//	@Success	204
//	@Failure	401,403,404,429,500,503	{object}	main.Problem
//	@Router		/citizen/v1/notices/{id}/read [post]
func (s *Service) readNotice(a *asked) error {
	if err := s.MarkNotice(a.call.Ctx, a.caller(), a.Params("id")); err != nil {
		return err
	}
	return noContent(a.Ctx)
}
