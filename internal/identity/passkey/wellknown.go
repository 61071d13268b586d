package passkey

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

const androidOrigin = "android:apk-key-hash:"

// AndroidApp is a native app by its package and the SHA-256 fingerprint of the
// certificate that signs it, as keytool prints it: 32 pairs of hexadecimal
// digits with colons.
type AndroidApp struct {
	Package     string
	Fingerprint string
}

// Origin returns the origin of answers made in the app.
func (a AndroidApp) Origin() (string, error) {
	sum, err := hex.DecodeString(strings.ReplaceAll(a.Fingerprint, ":", ""))
	if err != nil || len(sum) != 32 {
		return "", fmt.Errorf("passkey: the fingerprint of %q is not a SHA-256 in hexadecimal", a.Package)
	}
	return androidOrigin + base64url.EncodeToString(sum), nil
}

// RelatedOrigins returns the document /.well-known/webauthn of the relying
// party's host: the web origins of o that may use its passkeys. Browsers read
// five different hosts of it, and no more.
func RelatedOrigins(origins []string) ([]byte, error) {
	doc := struct {
		Origins []string `json:"origins"`
	}{Origins: []string{}}
	for _, o := range origins {
		if err := checkOrigin(o); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(o, androidOrigin) {
			doc.Origins = append(doc.Origins, o)
		}
	}
	return json.Marshal(doc)
}

var (
	appleApp       = regexp.MustCompile(`^[A-Z0-9]{10}\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	androidPackage = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`)
)

// AppleAppSiteAssociation returns the document
// /.well-known/apple-app-site-association for apps, each a team and a bundle:
// ABCDE12345.uk.nhs.example.
func AppleAppSiteAssociation(apps []string) ([]byte, error) {
	type list struct {
		Apps []string `json:"apps"`
	}
	doc := struct {
		WebCredentials list `json:"webcredentials"`
	}{WebCredentials: list{Apps: []string{}}}
	for _, id := range apps {
		if !appleApp.MatchString(id) {
			return nil, fmt.Errorf("passkey: %q is not an app id: it has the ten characters of the team, a dot, and the bundle", id)
		}
		doc.WebCredentials.Apps = append(doc.WebCredentials.Apps, id)
	}
	return json.Marshal(doc)
}

// AssetLinks returns the document /.well-known/assetlinks.json: that apps may use
// the passkeys of the host it is read from, and open its links.
func AssetLinks(apps []AndroidApp) ([]byte, error) {
	type target struct {
		Namespace    string   `json:"namespace"`
		Package      string   `json:"package_name"`
		Fingerprints []string `json:"sha256_cert_fingerprints"`
	}
	type statement struct {
		Relation []string `json:"relation"`
		Target   target   `json:"target"`
	}
	doc := []statement{}
	for _, a := range apps {
		if _, err := a.Origin(); err != nil {
			return nil, err
		}
		if !androidPackage.MatchString(a.Package) {
			return nil, fmt.Errorf("passkey: %q is not the name of a package", a.Package)
		}
		doc = append(doc, statement{
			Relation: []string{"delegate_permission/common.get_login_creds", "delegate_permission/common.handle_all_urls"},
			Target:   target{Namespace: "android_app", Package: a.Package, Fingerprints: []string{colons(a.Fingerprint)}},
		})
	}
	return json.Marshal(doc)
}

// colons writes a fingerprint as Android reads it: capitals, with colons.
func colons(fingerprint string) string {
	digits := strings.ToUpper(strings.ReplaceAll(fingerprint, ":", ""))
	pairs := make([]string, 0, len(digits)/2)
	for i := 0; i+1 < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// checkOrigin refuses what no browser or app ever sends as its origin, so that a
// setting with a slash too many is found at the start.
func checkOrigin(origin string) error {
	if hash, app := strings.CutPrefix(origin, androidOrigin); app {
		if sum, ok := decode(hash, 32); !ok || len(sum) != 32 {
			return fmt.Errorf("passkey: %q is not the origin of an Android app: it ends with a SHA-256 in base64url", origin)
		}
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin || !isHost(u.Hostname()) {
		return fmt.Errorf("passkey: %q is not an origin: write scheme, host in small letters, and a port only if it is an unusual one", origin)
	}
	if local := u.Scheme == "http" && (u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost")); u.Scheme != "https" && !local {
		return fmt.Errorf("passkey: %q is not a secure origin: browsers make passkeys on https, and on http only at localhost", origin)
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		return fmt.Errorf("passkey: browsers leave the usual port out of %q: leave it out too", origin)
	}
	return nil
}

// atHost says whether a web origin is at host or below it.
func atHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (u.Hostname() == host || strings.HasSuffix(u.Hostname(), "."+host))
}

// isHost says whether s is a host name in small letters (a name in another script
// in its xn-- form), and not an address.
func isHost(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(s) <= 253 && strings.Trim(last, "0123456789") != ""
}
