package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/staff"
	"github.com/dorsetcarerecord/dcr/professional/web"
)

// browser is that of one member of staff.
type browser struct {
	w       *world
	cookies map[string]string
	token   string // of the last page's forms
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     string
	header   http.Header
}

// opens sends a request; a form is not nil for POST, and gets the token of the page
// before unless it has one.
func (b *browser) opens(path string, form url.Values, header ...string) answer {
	b.w.t.Helper()
	req := httptest.NewRequestWithContext(b.w.t.Context(), http.MethodGet, path, nil)
	if form != nil {
		if !form.Has("form_token") {
			form.Set("form_token", b.token)
		}
		req = httptest.NewRequestWithContext(b.w.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.w.base)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	for name, value := range b.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := b.w.app.Test(req, 20_000)
	b.w.must(err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	b.w.must(err)
	for _, c := range resp.Cookies() {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			b.w.t.Errorf("%s: the cookie %s is not as it must be", path, c.Name)
		}
		if c.Value == "" {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	if _, rest, ok := strings.Cut(string(body), `name="form_token" value="`); ok {
		b.token, _, _ = strings.Cut(rest, `"`)
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), string(body), resp.Header}
}

// logsIn returns the browser of somebody who has logged in.
func (w *world) logsIn(user string) *browser {
	w.t.Helper()
	b := &browser{w: w, cookies: map[string]string{}}
	a := b.passes(user, web.PathHome)
	if a.status != 303 || a.location != web.PathHome || b.cookies[staff.Cookie] == "" || b.cookies[staff.BegunCookie] != "" {
		w.t.Fatalf("%s logs in: %d %s %v", user, a.status, a.location, b.cookies)
	}
	b.opens(web.PathHome, nil)
	w.mark = w.ledger.Len()
	return b
}

// passes goes through the issuer.
func (b *browser) passes(user, back string) answer {
	b.w.t.Helper()
	a := b.opens(web.PathLogIn+"/cis2?back="+url.QueryEscape(back), nil)
	at, err := url.Parse(a.location)
	if err != nil || a.status != 303 || !strings.HasPrefix(a.location, b.w.issuer.URL()) {
		b.w.t.Fatalf("begin: %d %q %s", a.status, a.location, a.body)
	}
	return b.opens(strings.TrimPrefix(b.w.grants(at.Query(), user), b.w.base), nil)
}

// caller is whose session a browser has.
func (w *world) caller(b *browser) identity.Caller {
	w.t.Helper()
	c, err := w.sessions.Authenticate(w.t.Context(), b.cookies[staff.Cookie])
	w.must(err)
	return c
}
