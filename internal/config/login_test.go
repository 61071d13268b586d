package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/google/go-cmp/cmp"
)

func TestLogIn(t *testing.T) {
	dir := t.TempDir()
	at := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, secret, roles := at("key.pem", "key"), at("secret", "hush-hush\n"), at("roles", "R8000=clinician\n")
	issuer := "name=cis2 url=https://cis2.example audience=dcr "
	load := func(env ...string) (*config.Config, error) {
		return config.Load("", append(env, "DCR_ROLE_MAP="+roles))
	}

	c, err := load("DCR_OIDC_ISSUERS="+issuer+"client=c1 secret="+secret+" scopes=a,b acr=AAL3; name=own url=https://own.example audience=dcr client=c2 key="+key,
		"DCR_NHSLOGIN_ISSUER=https://auth.login.nhs.uk", "DCR_NHSLOGIN_CLIENT_ID=dorset", "DCR_NHSLOGIN_KEY="+key)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.StaffClient{{ID: "c1", Secret: "hush-hush", Scopes: []string{"a", "b"}, ACR: "AAL3"}, {ID: "c2", Key: key}}
	if d := cmp.Diff(want, []config.StaffClient{c.Issuers[0].Client, c.Issuers[1].Client}); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(config.NHSLogin{Issuer: "https://auth.login.nhs.uk", ClientID: "dorset", Key: key}, c.NHSLogin); d != "" {
		t.Error(d)
	}
	if strings.Contains(fmt.Sprintf("%+v", c), "hush") {
		t.Error("the secret prints itself")
	}

	for what, env := range map[string]string{
		"give client too":                   "DCR_OIDC_ISSUERS=" + issuer + "key=" + key,
		"give one of the two":               "DCR_OIDC_ISSUERS=" + issuer + "client=c1",
		"a key or a secret":                 "DCR_OIDC_ISSUERS=" + issuer + "client=c1 key=" + key + " secret=" + secret,
		"the key file":                      "DCR_OIDC_ISSUERS=" + issuer + "client=c1 key=" + dir + "/none",
		"cannot be read as one":             "DCR_OIDC_ISSUERS=" + issuer + "client=c1 secret=" + dir + "/none",
		"lower-case letters":                "DCR_OIDC_ISSUERS=" + strings.Replace(issuer, "cis2 ", "CIS2 ", 1) + "client=c1 key=" + key,
		"there is no \"colour\"":            "DCR_OIDC_ISSUERS=" + issuer + "colour=blue",
		"it needs DCR_NHSLOGIN_CLIENT_ID":   "DCR_NHSLOGIN_ISSUER=https://auth.login.nhs.uk",
		"set its issuer too":                "DCR_NHSLOGIN_CLIENT_ID=x",
		"is plain http":                     "DCR_NHSLOGIN_ISSUER=http://auth.login.nhs.uk",
		"DCR_NHSLOGIN_KEY: the file " + dir: "DCR_NHSLOGIN_KEY=" + dir + "/none",
	} {
		if _, err := load(env); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
