package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// audience is a service with a route of each kind that an audience may bring.
func audience(t *testing.T) *world {
	says := func(text string) fiber.Handler {
		return func(c *fiber.Ctx) error { return c.SendString(text + " " + web.From(c).Caller.ID) }
	}
	asset := func(c *fiber.Ctx) error {
		c.Set("Cache-Control", "public, max-age=60")
		c.Set("Content-Security-Policy", "default-src 'self'")
		return c.SendString("asset")
	}
	w := newWorld(t, func(o *api.Options) {
		o.Routes = []web.Route{
			{Method: "GET", Path: "/asset.css", Access: web.Public, Page: true, Handler: asset},
			{Method: "GET", Path: "/citizen/v1/open", Access: web.Public, Handler: asset},
			{Method: "POST", Path: "/citizen/v1/begin", Access: web.Public, Handler: says("begun")},
			{Method: "POST", Path: "/sign-in", Access: web.Public, Page: true, Handler: says("in")},
			{Method: "GET", Path: "/citizen/v1/summary", Access: web.Residents, Handler: says("summary")},
			{Method: "POST", Path: "/citizen/v1/notes", Access: web.Residents, Body: 10, Handler: says("noted")},
			{Method: "GET", Path: "/record", Access: web.Residents, Page: true, Handler: asset},
			{Method: "POST", Path: "/record", Access: web.Residents, Page: true, Handler: says("changed")},
			{Method: "GET", Path: "/broken", Access: web.Residents, Page: true, Handler: func(*fiber.Ctx) error { panic("patient data") }},
			{Method: "GET", Path: "/missing", Access: web.Residents, Page: true, Handler: func(*fiber.Ctx) error { return errs.New(errs.NotFound, "no such thing of Mary's") }},
			{Method: "GET", Path: "/professional/v1/x", Access: web.Professionals, Handler: says("staff")},
			{Method: "GET", Path: "/staff", Access: web.Professionals, Page: true, Handler: says("staff page")},
		}
		o.ErrorPage = func(c *fiber.Ctx, p web.Problem) error {
			c.Set("Content-Type", "text/html; charset=utf-8")
			return c.SendString("<h1>" + p.Text + "</h1>")
		}
	})
	w.tokens["dcrs_mary"] = identity.Caller{Kind: identity.Resident, ID: "amary", Person: "p", Proofing: identity.P9, Expires: now.Add(time.Hour)}
	w.signIn("doctor", practice.Org, identity.Clinician)
	return w
}

// Who comes in by which way, and what is refused on the way.
func TestAudienceRoutes(t *testing.T) {
	w := audience(t)
	cookies := func(pairs string, more ...string) map[string]string {
		h := map[string]string{"Cookie": pairs}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return h
	}
	const own, mary = "https://record.example", "__Host-dcr=dcrs_mary"
	for name, tt := range map[string]struct {
		route, token, body string
		header             map[string]string
		status             int
		says               string
	}{
		"nobody":                               {route: "GET /citizen/v1/summary", status: 401},
		"by token":                             {route: "GET /citizen/v1/summary", token: "dcrs_mary", status: 200, says: "summary amary"},
		"by cookie":                            {route: "GET /citizen/v1/summary", header: cookies(mary), status: 200, says: "summary amary"},
		"two cookies":                          {route: "GET /citizen/v1/summary", header: cookies(mary + "; " + mary), status: 401},
		"a cookie of staff":                    {route: "GET /citizen/v1/summary", header: cookies("__Host-dcr-staff=doctor"), status: 401},
		"a professional at a resident's":       {route: "GET /citizen/v1/summary", token: "doctor", status: 403},
		"a professional in a resident's jar":   {route: "GET /citizen/v1/summary", header: cookies("__Host-dcr=doctor"), status: 403},
		"a resident at a professional's":       {route: "GET /professional/v1/x", token: "dcrs_mary", status: 403},
		"a professional":                       {route: "GET /professional/v1/x", token: "doctor", status: 200, says: "staff cis2/doctor"},
		"staff by cookie":                      {route: "GET /staff", header: cookies("__Host-dcr-staff=doctor"), status: 200, says: "staff page cis2/doctor"},
		"the record's cookie does not do FHIR": {route: "GET /fhir/R4/Observation/x", header: cookies(mary), status: 401},
		"a change by cookie from nowhere":      {route: "POST /citizen/v1/notes", header: cookies(mary), status: 403},
		"from another site":                    {route: "POST /citizen/v1/notes", header: cookies(mary, "Origin", "https://evil.example"), status: 403},
		"from a sibling":                       {route: "POST /citizen/v1/notes", header: cookies(mary, "Sec-Fetch-Site", "same-site", "Origin", own), status: 403},
		"from no origin":                       {route: "POST /citizen/v1/notes", header: cookies(mary, "Origin", "null"), status: 403},
		"from our page":                        {route: "POST /citizen/v1/notes", header: cookies(mary, "Origin", own, "Sec-Fetch-Site", "same-origin"), status: 200, says: "noted amary"},
		"a change by token":                    {route: "POST /citizen/v1/notes", token: "dcrs_mary", status: 200, says: "noted amary"},
		"a form to the API":                    {route: "POST /citizen/v1/notes", token: "dcrs_mary", body: "a=b", status: 415},
		"JSON to the API":                      {route: "POST /citizen/v1/notes", token: "dcrs_mary", body: "{}", header: map[string]string{"Content-Type": "application/json"}, status: 200, says: "noted amary"},
		"too much for the route":               {route: "POST /citizen/v1/notes", token: "dcrs_mary", body: `{"a":"aaaaaaaaaa"}`, header: map[string]string{"Content-Type": "application/json"}, status: 413},
		"a form to a page":                     {route: "POST /record", header: cookies(mary, "Origin", own), body: "a=b", status: 200, says: "changed amary"},
		"signing in from our page":             {route: "POST /sign-in", header: map[string]string{"Origin": own}, body: "a=b", status: 200, says: "in "},
		"signed in by another site":            {route: "POST /sign-in", header: map[string]string{"Origin": "https://evil.example"}, body: "a=b", status: 403},
		"signed in from nowhere":               {route: "POST /sign-in", body: "a=b", status: 403},
		"an app begins":                        {route: "POST /citizen/v1/begin", status: 200, says: "begun "},
		"another site begins":                  {route: "POST /citizen/v1/begin", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			method, path, _ := strings.Cut(tt.route, " ")
			a := w.do(request{method: method, path: path, token: tt.token, body: tt.body, header: tt.header})
			if a.status != tt.status || tt.says != "" && a.body != tt.says {
				t.Errorf("%d %.200s", a.status, a.body)
			}
		})
	}
}

// Pages set their own content policy, public ones say what may be kept; errors are
// pages there and problem documents elsewhere.
func TestPages(t *testing.T) {
	w := audience(t)
	mary := map[string]string{"Cookie": "__Host-dcr=dcrs_mary"}
	for name, tt := range map[string]struct {
		path, accept, policy, cache, kind, says string
		status                                  int
	}{
		"a public page":            {path: "/asset.css", policy: "default-src 'self'", cache: "public, max-age=60", status: 200},
		"a page of somebody's":     {path: "/record", policy: "default-src 'self'", cache: "no-store", status: 200},
		"no page":                  {path: "/citizen/v1/open", policy: "default-src 'none'; frame-ancestors 'none'; sandbox", cache: "no-store", status: 200},
		"a page that is not there": {path: "/missing", status: 404, kind: "text/html; charset=utf-8", says: "<h1>There is no such record.</h1>"},
		"a page that fails":        {path: "/broken", status: 500, kind: "text/html; charset=utf-8", says: "<h1>Something went wrong on our side.</h1>"},
		"a browser astray":         {path: "/nowhere", accept: "text/html,*/*;q=0.8", status: 404, kind: "text/html; charset=utf-8"},
		"a program astray":         {path: "/nowhere", accept: "*/*", status: 404, kind: "application/problem+json"},
		"astray in FHIR":           {path: "/fhir/R4/x/y/z", accept: "text/html", status: 404, kind: "application/fhir+json; charset=utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			h := map[string]string{"Cookie": mary["Cookie"], "Accept": tt.accept}
			a := w.do(request{method: http.MethodGet, path: tt.path, header: h})
			if a.status != tt.status {
				t.Errorf("%d %.200s", a.status, a.body)
			}
			for got, want := range map[string]string{a.header.Get("Content-Security-Policy"): tt.policy, a.header.Get("Cache-Control"): tt.cache,
				a.header.Get("Content-Type"): tt.kind, a.body: tt.says} {
				if want != "" && got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
			if strings.Contains(a.body, "Mary") || strings.Contains(w.log.String(), "patient data") {
				t.Error("told what went wrong inside")
			}
		})
	}
	// Nobody signed in: a page tells where to go.
	if a := w.do(request{method: http.MethodGet, path: "/record"}); a.status != 401 || !strings.HasPrefix(a.body, "<h1>Log in") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A page of errors that itself fails leaves the problem document.
func TestErrorPageThatFails(t *testing.T) {
	w := newWorld(t, func(o *api.Options) {
		o.Routes = []web.Route{{Method: "GET", Path: "/x", Access: web.Public, Page: true, Handler: func(*fiber.Ctx) error { return errs.New(errs.Conflict, "Changed.") }}}
		o.ErrorPage = func(*fiber.Ctx, web.Problem) error { panic("hook") }
	})
	if a := w.do(request{method: http.MethodGet, path: "/x"}); a.status != 500 || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A route that does not say who may call it does not start.
func TestRouteWithoutAccess(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("started")
		}
	}()
	newWorld(t, func(o *api.Options) { o.Routes = []web.Route{{Method: "GET", Path: "/x"}} })
}
