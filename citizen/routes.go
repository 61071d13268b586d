package citizen

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// bodyLimit is of all bodies taken here: a passkey's answer, or a question of 1,000
// characters in any script, escaped.
const bodyLimit = 32 << 10

// Routes returns the routes of /citizen/v1, and what browsers and telephones read of
// the service below /.well-known.
func (s *Service) Routes() []web.Route {
	const base = "/citizen/v1"
	public := func(path string, h fiber.Handler) web.Route {
		return web.Route{Method: http.MethodPost, Path: base + path, Access: web.Public, Body: bodyLimit, Handler: h}
	}
	own := func(method, path string, h func(*asked) error) web.Route {
		return web.Route{Method: method, Path: base + path, Access: web.Residents, Body: bodyLimit, Handler: func(c *fiber.Ctx) error {
			return h(&asked{Ctx: c, call: web.From(c)})
		}}
	}
	routes := []web.Route{
		public("/log-in/options", s.logInOptions),
		public("/log-in/finish", s.logInFinish),
		public("/enrol", s.enrol),
		public("/enrol/options", s.enrolOptions),
		public("/enrol/finish", s.enrolFinish),
		public("/refresh", s.refresh),

		own(http.MethodPost, "/log-out", s.logOut),
		own(http.MethodPost, "/step-up/options", s.stepUpOptions),
		own(http.MethodPost, "/step-up/finish", s.stepUpFinish),
		own(http.MethodGet, "/passkeys", s.listPasskeys),
		own(http.MethodPost, "/passkeys/options", s.addPasskeyOptions),
		own(http.MethodPost, "/passkeys/finish", s.addPasskeyFinish),
		own(http.MethodPatch, "/passkeys/:id", s.renamePasskey),
		own(http.MethodDelete, "/passkeys/:id", s.removePasskey),
		own(http.MethodGet, "/signals", s.readSignals),
		own(http.MethodGet, "/sessions", s.listSessions),
		own(http.MethodDelete, "/sessions", s.endSessions),
		own(http.MethodDelete, "/sessions/:id", s.endSession),
		own(http.MethodGet, "/account", s.readAccount),
		own(http.MethodGet, "/notices", s.listNotices),
		own(http.MethodPost, "/notices/:id/read", s.readNotice),

		own(http.MethodGet, "/summary", s.readSummary),
		own(http.MethodGet, "/news", s.readNews),
		own(http.MethodGet, "/timeline", s.readTimeline),
		own(http.MethodGet, "/details", s.readDetails),
		own(http.MethodGet, "/sections/:section", s.readSection),
		own(http.MethodGet, "/entries/:id", s.readEntry),
		own(http.MethodGet, "/entries/:id/trend", s.readTrend),
		own(http.MethodGet, "/entries/:id/documents/:index", s.readDocument),
		own(http.MethodGet, "/record/fhir", s.downloadFHIR),
		own(http.MethodGet, "/record/document", s.downloadHTML),

		own(http.MethodGet, "/looks", s.listLooks),
		own(http.MethodGet, "/looks/:id", s.readLook),
		own(http.MethodGet, "/looks/:id/proof", s.readProof),
		own(http.MethodPost, "/looks/:id/questions", s.ask),
		own(http.MethodGet, "/questions", s.listQuestions),
		own(http.MethodGet, "/questions/:id", s.readQuestion),
		own(http.MethodPost, "/questions/:id/close", s.closeQuestion),
	}
	return append(routes, s.wellKnownRoutes()...)
}

// asked is a request of a resident who is logged in.
type asked struct {
	*fiber.Ctx
	call *web.Call
}

func (a *asked) caller() identity.Caller { return a.call.Caller }

// addressOf is who begins a ceremony, which a browser and an app do alike.
func addressOf(c *fiber.Ctx) Client { return Client{Address: web.AddressOf(c)} }

// clientOf says who is at the other end. A device that names itself is an app, which
// gets tokens: no browser does, so that no script can get hold of any.
func clientOf(c *fiber.Ctx, device string) (Client, error) {
	from := Client{Address: web.AddressOf(c), Device: device, Native: device != ""}
	if !from.Native {
		from.Device = DeviceName(c.Get(fiber.HeaderUserAgent))
		return from, nil
	}
	if c.Get("Sec-Fetch-Site") != "" || c.Get(fiber.HeaderOrigin) != "" {
		return from, &errs.Error{Kind: errs.Invalid, Message: "A browser gets a cookie: leave device out.", Path: "device"}
	}
	return from, nil
}

// setCookie gives a browser the session. It lasts as long as the browser is open, and
// no longer than the session.
func setCookie(c *fiber.Ctx, value string) {
	c.Cookie(&fiber.Cookie{Name: web.CookieResident, Value: value, Path: "/", Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, SessionOnly: true})
}

// SetCookie gives a browser the session's cookie.
func (s *Service) SetCookie(c *fiber.Ctx, in LoggedIn) { setCookie(c, in.Tokens.Access) }

// ClearCookie takes the session's cookie from a browser.
func (s *Service) ClearCookie(c *fiber.Ctx) { clearCookie(c) }

func clearCookie(c *fiber.Ctx) {
	c.Cookie(&fiber.Cookie{Name: web.CookieResident, Path: "/", Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, MaxAge: -1, Expires: time.Unix(0, 0).UTC()})
}

func noContent(c *fiber.Ctx) error {
	c.Status(http.StatusNoContent)
	return nil
}

// Limits of a page.
const (
	pageDefault = 50
	pageMost    = 100
)

// query reads a query's parameters into those that are named; others are refused.
func query(c *fiber.Ctx, into map[string]*string) error {
	var room [8]web.Pair
	pairs, err := web.AppendPairs(room[:0], c.Context().URI().QueryString())
	if err != nil {
		return err
	}
	for _, p := range pairs {
		to, ok := into[p.Name]
		if !ok {
			return errs.New(errs.Invalid, "There is a parameter that is not taken here.")
		}
		*to = p.Value
	}
	return nil
}

// paging reads count and cursor, and whatever else is named.
func paging(c *fiber.Ctx, more map[string]*string) (count int, cursor string, err error) {
	text := ""
	into := map[string]*string{"count": &text, "cursor": &cursor}
	for name, to := range more {
		into[name] = to
	}
	if err := query(c, into); err != nil || text == "" {
		return pageDefault, cursor, err
	}
	if count, err = strconv.Atoi(text); err != nil || count < 1 || count > pageMost {
		return 0, "", errs.New(errs.Invalid, "count is a number from 1 to %d.", pageMost)
	}
	return count, cursor, nil
}

// moment is a time in JSON, left out when there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return string(web.AppendInstant(nil, t))
}
