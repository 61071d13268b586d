package browser

import (
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Authenticator is a device that holds passkeys, and whose owner says yes at once.
type Authenticator struct {
	b  *Browser
	id webauthn.AuthenticatorID
}

// Authenticator gives the browser the device itself as a place for passkeys, or a
// security key ("usb").
func (b *Browser) Authenticator(transport webauthn.AuthenticatorTransport) *Authenticator {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{})
	b.must(err)
	got, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: transport, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	b.must(err)
	return &Authenticator{b, got.AuthenticatorID}
}

// Lose takes the device away, with its passkeys.
func (a *Authenticator) Lose() {
	a.b.t.Helper()
	_, err := chromedp.Call(a.b.ctx, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: a.id})
	a.b.must(err)
}

// Touch lets its owner be there to touch it, or not: without them it answers nothing.
func (a *Authenticator) Touch(there bool) {
	a.b.t.Helper()
	_, err := chromedp.Call(a.b.ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: a.id, Enabled: there})
	a.b.must(err)
}

// Passkeys are those that it holds.
func (a *Authenticator) Passkeys() []*webauthn.Credential {
	a.b.t.Helper()
	got, err := chromedp.Call(a.b.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id})
	a.b.must(err)
	return got.Credentials
}

// Keep puts a passkey into it: a copy of one that another device held.
func (a *Authenticator) Keep(c *webauthn.Credential) {
	a.b.t.Helper()
	_, err := chromedp.Call(a.b.ctx, webauthn.AddCredential, webauthn.AddCredentialParams{AuthenticatorID: a.id, Credential: c})
	a.b.must(err)
}
