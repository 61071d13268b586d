package passkey

import "github.com/go-json-experiment/json/jsontext"

// UnknownCredential is for PublicKeyCredential.signalUnknownCredential, after a
// login was refused as Unknown: the keeper then stops offering the passkey.
func (p *Party) UnknownCredential(id []byte) jsontext.Value {
	b := append(p.signal(), `,"credentialId":"`...)
	return append(base64url.AppendEncode(b, id), `"}`...)
}

// AllAcceptedCredentials is for PublicKeyCredential.signalAllAcceptedCredentials,
// after a login and after each change of the account's passkeys. It must name
// them all: keepers hide what is missing.
func (p *Party) AllAcceptedCredentials(userHandle []byte, all []Credential) jsontext.Value {
	b := append(p.signal(), `,"userId":"`...)
	b = append(base64url.AppendEncode(b, userHandle), `","allAcceptedCredentialIds":[`...)
	for i, c := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(base64url.AppendEncode(append(b, '"'), c.ID), '"')
	}
	return append(b, `]}`...)
}

// CurrentUserDetails is for PublicKeyCredential.signalCurrentUserDetails, when
// the name has changed.
func (p *Party) CurrentUserDetails(userHandle []byte, name, displayName string) jsontext.Value {
	b := append(p.signal(), `,"userId":"`...)
	b = append(base64url.AppendEncode(b, userHandle), `","name":`...)
	b = append(append(b, quote(name)...), `,"displayName":`...)
	return append(append(b, quote(displayName)...), '}')
}

func (p *Party) signal() []byte { return append([]byte(`{"rpId":`), quote(p.o.RPID)...) }
