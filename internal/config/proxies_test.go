package config

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTrustedProxies(t *testing.T) {
	c, err := Load("", []string{"DCR_TRUSTED_PROXIES=127.0.0.1/32, 10.20.0.0/16,fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	if d := cmp.Diff(want, c.Proxies, cmpopts.EquateComparable(netip.Prefix{})); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"10.20.0.7", "10.20.0.7/16", "proxy.example/24", "0.0.0.0/0", "::/0", "::ffff:10.0.0.0/104", "10.0.0.0/33"} {
		if _, err := Load("", []string{"DCR_TRUSTED_PROXIES=" + bad}); err == nil || !strings.Contains(err.Error(), "DCR_TRUSTED_PROXIES") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if c, err = Load("", nil); err != nil || c.Proxies != nil {
		t.Errorf("by default: %v, %v", c.Proxies, err)
	}
}
