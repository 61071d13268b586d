package passkey

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// text is the JSON of options around the challenge: what is the same each time
// is written once.
type text struct{ before, after string }

// offered are the algorithms a new passkey may have, the best liked first. Every
// authenticator sold today has one of the three; Windows Hello on older machines
// has only RS256.
var offered = [...]webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256}

func getText(o Options) text {
	return text{
		before: `{"challenge":"`,
		after:  `","timeout":` + millis() + `,"rpId":` + quote(o.RPID) + `,"userVerification":"required"`,
	}
}

func createText(o Options) text {
	after := `","timeout":` + millis() + `,"rp":{"id":` + quote(o.RPID) + `,"name":` + quote(o.RPName) + `},"pubKeyCredParams":[`
	for i, alg := range offered {
		if i > 0 {
			after += ","
		}
		after += `{"type":"public-key","alg":` + strconv.Itoa(int(alg)) + `}`
	}
	// requireResidentKey is for browsers that do not know residentKey yet.
	after += `],"attestation":"none","authenticatorSelection":{"residentKey":"required","requireResidentKey":true,"userVerification":"required"}`
	return text{before: `{"challenge":"`, after: after}
}

func millis() string { return strconv.FormatInt(ChallengeTTL.Milliseconds(), 10) }

// quote returns s as a JSON string; bytes that are not UTF-8 are replaced.
func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s)
	return string(b)
}

// options begins options; the caller closes them with a brace.
func (t text) options(s *state, room int) []byte {
	b := make([]byte, 0, len(t.before)+len(t.after)+64+room)
	b = append(b, t.before...)
	b = base64url.AppendEncode(b, s.challenge[:])
	return append(b, t.after...)
}

// roomFor is about what appendDescriptors appends.
func roomFor(creds []Credential) int {
	n := 32
	for _, c := range creds {
		n += 64 + len(c.ID)*4/3 + 12*len(c.Transports)
	}
	return n
}

// appendDescriptors appends a list of credentials as PublicKeyCredentialDescriptors.
func appendDescriptors(b []byte, name string, creds []Credential) []byte {
	b = append(append(append(b, `,"`...), name...), `":[`...)
	for i, c := range creds {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"type":"public-key","id":"`...)
		b = base64url.AppendEncode(b, c.ID)
		b = append(b, '"')
		if len(c.Transports) > 0 {
			b = append(b, `,"transports":[`...)
			for j, t := range c.Transports {
				if j > 0 {
					b = append(b, ',')
				}
				b, _ = jsontext.AppendQuote(b, t)
			}
			b = append(b, ']')
		}
		b = append(b, '}')
	}
	return append(b, ']')
}
