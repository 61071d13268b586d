package site_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	pages "github.com/dorsetcarerecord/dcr/citizen/web"
	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity/nhslogin"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/testkit/browser"
)

// issuer plays NHS login, which knows the person of the world, and lets them in at once.
type issuer struct {
	w    *world
	flow *oidctest.Flow

	mu     sync.Mutex
	denies bool
}

// withNHSLogin starts the issuer for a world that is about to start.
func (n *issuer) withNHSLogin(w *world, c *config.Config) {
	n.w = w
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	must(w.t, err)
	signer, err := oidctest.NewRSA(own, "1")
	must(w.t, err)
	n.flow = oidctest.NewFlow(oidctest.FlowOptions{URL: server.URL, Clients: []oidctest.Client{{ID: "dorset", Redirect: w.base + nhslogin.ReturnPath, Key: &own.PublicKey}},
		Keys: signer.Keys, Sign: signer.Sign, Now: func() time.Time { return w.Clock() }, Vectors: true, Claims: func(oidctest.Grant) (token, info map[string]any) {
			all := map[string]any{"vot": "P9.Cp.Cd", "vtm": server.URL + "/trustmark", "nhs_number": w.person.Number.Digits(), "birthdate": w.person.Birth.Format(time.DateOnly), "identity_proofing_level": "P9"}
			return all, map[string]any{"nhs_number": all["nhs_number"], "birthdate": all["birthdate"], "identity_proofing_level": "P9"}
		}})
	mux.HandleFunc("/.well-known/openid-configuration", n.flow.Discovery)
	mux.HandleFunc("/.well-known/jwks.json", n.flow.JWKS)
	mux.HandleFunc("/token", n.flow.Token)
	mux.HandleFunc("/userinfo", n.flow.UserInfo)
	mux.HandleFunc("/authorize", n.authorize)
	der, err := x509.MarshalPKCS8PrivateKey(own)
	must(w.t, err)
	file := filepath.Join(w.t.TempDir(), "key.pem")
	must(w.t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	c.NHSLogin = config.NHSLogin{Issuer: server.URL, ClientID: "dorset", Key: file}
}

func (n *issuer) authorize(res http.ResponseWriter, r *http.Request) {
	asked, err := n.flow.Read(r.URL.Query())
	if err != nil {
		http.Error(res, err.Error(), http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	to := n.flow.Grant(asked, oidctest.Grant{User: "24400320", Level: "P9", AuthTime: n.w.Clock()})
	if n.denies {
		to = n.flow.Deny(asked, "access_denied")
	}
	http.Redirect(res, r, to, http.StatusFound)
}

func (n *issuer) deny(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.denies = on
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEnrolByNHSLogin goes there by the button of the first page, changes their mind,
// comes back, and enrols; then, with the phone lost, gets back in the same way.
func TestEnrolByNHSLogin(t *testing.T) {
	n := &issuer{}
	w := newWorld(t, n.withNHSLogin)
	b := browser.Start(t, w.base)
	phone := b.Authenticator("internal")
	n.deny(true)
	b.Expect("401", "403", "400")
	b.Go(pages.PathStart)
	b.Press("Continue with NHS login")
	b.At(nhslogin.ReturnPath)
	b.Says("NHS login did not let you in")
	b.Shot("nhs-login-denied")
	n.deny(false)
	b.Go(pages.PathStart)
	b.Press("Continue with NHS login")
	b.Says("Create your passkey")
	if browser.Eval[bool](b, `document.body.innerText.includes("You have an account already")`) {
		t.Error("told of an account before there is one")
	}
	at := browser.Eval[string](b, "location.pathname + location.search")
	b.Press("Create my passkey")
	b.At(pages.PathEnrolDone)

	logsOut(b)
	phone.Lose()
	b.Authenticator("internal")
	b.Go(pages.PathHelpLost)
	b.Press("Continue with NHS login")
	b.Says("You have an account already.")
	b.Press("Create my passkey")
	b.At(pages.PathEnrolDone)
	b.Go(pages.PathPasskeys)
	b.Says("If you lost a device, remove its passkey here.")
	b.Go(pages.PathDownload)
	b.Says("You can do this from")

	// What NHS login sent the browser back with counts once.
	b.Go(pages.PathAccount)
	logsOut(b)
	if got := w.gets(at, b.Cookies()); got.status < 400 || got.status >= 500 {
		t.Errorf("the same answer of NHS login again: %d", got.status)
	}
}
