package web

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

func TestWhomAProxyIsBelieved(t *testing.T) {
	ours := Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		name, peer string
		trusted    Proxies
		lines      []string
		want       string
	}{
		{"no proxy", "203.0.113.9", nil, nil, "203.0.113.9"},
		{"nobody is trusted", "127.0.0.1", nil, []string{"198.51.100.1"}, "127.0.0.1"},
		{"not from a proxy", "203.0.113.9", ours, []string{"198.51.100.1"}, "203.0.113.9"},
		{"from a proxy", "10.1.1.1", ours, []string{"198.51.100.1"}, "198.51.100.1"},
		{"the caller wrote some", "10.1.1.1", ours, []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"the caller wrote a line", "10.1.1.1", ours, []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		{"the caller names a proxy of ours", "10.1.1.1", ours, []string{"10.2.2.2, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies of ours", "10.1.1.1", ours, []string{"1.1.1.1, 198.51.100.1, 10.2.2.2"}, "198.51.100.1"},
		{"two proxies, two lines", "127.0.0.1", ours, []string{"198.51.100.1", "10.2.2.2"}, "198.51.100.1"},
		{"all are ours", "10.1.1.1", ours, []string{"10.3.3.3,10.2.2.2"}, "10.3.3.3"},
		{"the proxy says nothing", "10.1.1.1", ours, nil, "10.1.1.1"},
		{"nonsense", "10.1.1.1", ours, []string{"198.51.100.1, unknown"}, "10.1.1.1"},
		{"nonsense by the caller", "10.1.1.1", ours, []string{"<script>, 198.51.100.1"}, "198.51.100.1"},
		{"nothing between commas", "10.1.1.1", ours, []string{"198.51.100.1,,10.2.2.2"}, "10.2.2.2"},
		{"an empty line", "10.1.1.1", ours, []string{"198.51.100.1", ""}, "10.1.1.1"},
		{"with a port", "10.1.1.1", ours, []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"IPv6 with a port", "10.1.1.1", ours, []string{"[2001:db8:1:2:3::4]:4711"}, "2001:db8:1:2::/64"},
		{"IPv6", "2001:db8:1:2:aaaa::1", nil, nil, "2001:db8:1:2::/64"},
		{"IPv6 of a proxy", "fd00::1", ours, []string{"2001:db8:1:2::9"}, "2001:db8:1:2::/64"},
		{"IPv6 with a zone", "fd00::1", ours, []string{"2001:db8:1:2::9%eth0"}, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", "::ffff:10.1.1.1", ours, []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
	} {
		app := fiber.New()
		var ctx fasthttp.RequestCtx
		ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.ParseIP(tt.peer), Port: 1}, nil)
		for _, line := range tt.lines {
			ctx.Request.Header.Add("X-Forwarded-For", line)
		}
		Begin(&ctx, &Call{Proxies: tt.trusted})
		c := app.AcquireCtx(&ctx)
		if got := AddressOf(c); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		app.ReleaseCtx(c)
	}
}
