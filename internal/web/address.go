package web

import (
	"bytes"
	"net"
	"net/netip"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Proxies are the networks of the proxies before us, which alone are believed when they
// say in X-Forwarded-For for whom they ask. No network: nobody is believed.
type Proxies []netip.Prefix

const headerForwarded = "X-Forwarded-For"

// oneHome is how much of an IPv6 address tells one line from another: whoever has a line
// has at least so large a network, and could ask from another address of it each time.
const oneHome = 64

// AddressOf is who is at the other end, as limits on attempts that fail go by: the
// request's peer, or whom the proxies before us speak for. Of an IPv6 address it is the
// network of 64 bits. It is for limits alone: nothing is allowed because of an address.
func AddressOf(c *fiber.Ctx) string {
	ctx := c.Context()
	var trusted Proxies
	if call := Of(ctx); call != nil {
		trusted = call.Proxies
	}
	at := trusted.peer(ctx)
	if at.Is6() {
		home, err := at.Prefix(oneHome)
		if err == nil {
			return home.String()
		}
	}
	return at.String()
}

// peer walks from the connection's other end towards the caller: each proxy of ours adds,
// at the right, whom it was asked by, and what stands to the left of the first address
// that is not a proxy's, the caller may have written.
func (p Proxies) peer(ctx *fasthttp.RequestCtx) netip.Addr {
	at, _ := netip.AddrFromSlice(ctx.RemoteIP())
	at = at.Unmap()
	if len(p) == 0 {
		return at
	}
	lines := ctx.Request.Header.PeekAll(headerForwarded)
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for more := true; more; {
			if !p.trusts(at) {
				return at
			}
			word := rest
			cut := bytes.LastIndexByte(rest, ',')
			if more = cut >= 0; more {
				word, rest = rest[cut+1:], rest[:cut]
			}
			next, ok := parseHop(string(bytes.TrimSpace(word)))
			if !ok {
				return at // the last that is known for certain
			}
			at = next
		}
	}
	return at
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// parseHop reads an address as proxies write it, some with a port.
func parseHop(word string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(word)
	if err != nil {
		host, _, split := net.SplitHostPort(word)
		if split != nil {
			return netip.Addr{}, false
		}
		if a, err = netip.ParseAddr(host); err != nil {
			return netip.Addr{}, false
		}
	}
	return a.Unmap().WithZone(""), true
}
