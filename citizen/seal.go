package citizen

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// derive makes a key for one purpose.
func derive(key []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, key, nil, "dcr citizen "+purpose, 32)
}

// FormToken returns what every form of the caller's session carries, so that no other
// site can have one sent.
func (s *Service) FormToken(c identity.Caller) string {
	h := hmac.New(sha256.New, s.tokenKey)
	h.Write([]byte(c.ID + " " + c.Session))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:24])
}

// CheckForm refuses a form whose token is not that of the caller's session.
func (s *Service) CheckForm(c identity.Caller, token string) error {
	if c.Session == "" || !hmac.Equal([]byte(token), []byte(s.FormToken(c))) {
		return errs.Coded(errs.Forbidden, "FOREIGN_FORM", "This form is out of date. Open the page again and try once more.")
	}
	return nil
}
