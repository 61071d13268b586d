package passkey

import (
	"strings"
	"testing"
)

const fingerprint = "00:01:02:03:04:05:06:07:08:09:0a:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"

func TestDocuments(t *testing.T) {
	android := []AndroidApp{{Package: "uk.nhs.dorset.record", Fingerprint: fingerprint}}
	for _, tt := range []struct {
		name string
		make func() ([]byte, error)
		want string
	}{
		{"related origins", func() ([]byte, error) { return RelatedOrigins([]string{origin, app, "https://dorset.example"}) },
			`{"origins":["https://record.example","https://dorset.example"]}`},
		{"no related origins", func() ([]byte, error) { return RelatedOrigins(nil) }, `{"origins":[]}`},
		{"apple", func() ([]byte, error) { return AppleAppSiteAssociation([]string{"ABCDE12345.uk.nhs.dorset-record"}) },
			`{"webcredentials":{"apps":["ABCDE12345.uk.nhs.dorset-record"]}}`},
		{"no apple app", func() ([]byte, error) { return AppleAppSiteAssociation(nil) }, `{"webcredentials":{"apps":[]}}`},
		{"android", func() ([]byte, error) { return AssetLinks(android) },
			`[{"relation":["delegate_permission/common.get_login_creds","delegate_permission/common.handle_all_urls"],` +
				`"target":{"namespace":"android_app","package_name":"uk.nhs.dorset.record","sha256_cert_fingerprints":["` + strings.ToUpper(fingerprint) + `"]}}]`},
		{"no android app", func() ([]byte, error) { return AssetLinks(nil) }, `[]`},
	} {
		got, err := tt.make()
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v", tt.name, got, err)
		}
	}
	if o, err := android[0].Origin(); err != nil || o != app {
		t.Errorf("origin of an app: %s, %v", o, err)
	}
}

func TestDocumentsRefuseWhatIsNoApp(t *testing.T) {
	for _, id := range []string{"", "uk.nhs.record", "ABCDE12345.", "abcde12345.uk.nhs", `ABCDE12345.uk."nhs`, "ABCDE12345.uk.nhs\n"} {
		if _, err := AppleAppSiteAssociation([]string{id}); err == nil {
			t.Errorf("%q was taken", id)
		}
	}
	for _, a := range []AndroidApp{{}, {"record", fingerprint}, {"uk.nhs.record", "00:01"}, {"uk.nhs.record", "x" + fingerprint[1:]}, {"uk..nhs", fingerprint}} {
		if _, err := AssetLinks([]AndroidApp{a}); err == nil {
			t.Errorf("%+v was taken", a)
		}
	}
}

func TestOrigins(t *testing.T) {
	for _, o := range []string{origin, app, "https://a.b.example:8443", "http://localhost:8080", "http://localhost", "https://xn--bcher-kva.example"} {
		if err := checkOrigin(o); err != nil {
			t.Error(err)
		}
	}
	for _, o := range []string{
		"", "record.example", "https://", "https://Record.example", "https://record.example/", "https://record.example:443", "http://localhost:80",
		"http://record.example", "https://127.0.0.1", "https://a@record.example", "https://record.example?x", "https://record.example#x", "https://-a.example",
		"https://büro.example", "null", "file://", "android:apk-key-hash:", app + "A", app[:len(app)-1], "ios:bundle-id:uk.nhs.record", "ftp://record.example",
	} {
		if checkOrigin(o) == nil {
			t.Errorf("%q was taken", o)
		}
	}
}

func TestSignals(t *testing.T) {
	w := newWorld(t)
	id := []byte{0xfb, 0xff, 1}
	for _, tt := range []struct{ got, want string }{
		{string(w.party.UnknownCredential(id)), `{"rpId":"record.example","credentialId":"-_8B"}`},
		{string(w.party.AllAcceptedCredentials(id, []Credential{{ID: id}, {ID: []byte{1}}})),
			`{"rpId":"record.example","userId":"-_8B","allAcceptedCredentialIds":["-_8B","AQ"]}`},
		{string(w.party.AllAcceptedCredentials(id, nil)), `{"rpId":"record.example","userId":"-_8B","allAcceptedCredentialIds":[]}`},
		{string(w.party.CurrentUserDetails(id, `M "x"`, "Mary")), `{"rpId":"record.example","userId":"-_8B","name":"M \"x\"","displayName":"Mary"}`},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %s\nwant %s", tt.got, tt.want)
		}
	}
}
