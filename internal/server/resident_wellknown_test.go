package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// What browsers and telephones read of us says who may use our passkeys, and nobody else
// may; without a redirect, as JSON, to everybody.
func TestWhoMayUseThePasskeys(t *testing.T) {
	print := strings.TrimSuffix(strings.Repeat("AB:", 32), ":")
	w, _, _ := world(t, func(c *config.Config) {
		c.Residents.Origins = []string{"https://other.example"}
		c.Residents.AppleApps = []string{"ABCDE12345.uk.nhs.example"}
		c.Residents.AndroidApps = []config.AndroidApp{{Package: "uk.nhs.example", Fingerprint: print}}
	})
	for path, want := range map[string]string{
		"/.well-known/webauthn":                   `{"origins":["http://localhost:8080","https://other.example"]}`,
		"/.well-known/apple-app-site-association": `{"webcredentials":{"apps":["ABCDE12345.uk.nhs.example"]}}`,
		"/.well-known/assetlinks.json":            `[{"relation":["delegate_permission/common.get_login_creds","delegate_permission/common.handle_all_urls"],"target":{"namespace":"android_app","package_name":"uk.nhs.example","sha256_cert_fingerprints":["` + print + `"]}}]`,
	} {
		for name, who := range map[string]*testkit.Resident{"nobody": w.Newcomer(rita), "a foreign cookie": {Cookie: "x"}} {
			if name != "nobody" {
				cookie := who.Cookie
				who = w.Newcomer(rita)
				who.Cookie = cookie
			}
			a := who.Gets(path)
			if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s to %s: %d %v", path, name, a.Status, a.Header)
			}
			if d := cmp.Diff(want, string(a.Body)); d != "" {
				t.Errorf("%s: %s", path, d)
			}
		}
		if a := w.Newcomer(rita).Gets(path + "/"); a.Status != http.StatusNotFound {
			t.Errorf("%s/: %d", path, a.Status)
		}
	}
}
