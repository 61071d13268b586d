package browser

import (
	"net/http"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Cookies are those that the browser would send to the page that is open.
func (b *Browser) Cookies() []*http.Cookie {
	b.t.Helper()
	got, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{})
	b.must(err)
	out := make([]*http.Cookie, 0, len(got.Cookies))
	for _, c := range got.Cookies {
		out = append(out, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return out
}

// ForgetCookies makes it a browser that was never here.
func (b *Browser) ForgetCookies() {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{})
	b.must(err)
}

// Elsewhere opens a page of another site, which the test has asked for.
func (b *Browser) Elsewhere(url string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main")))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.foreign = nil
}
