package config

import (
	"fmt"
	"os"
	"strings"
)

// NHSLogin is the client of NHS login, by which residents enrol and recover. It is
// there if Issuer is not "".
type NHSLogin struct {
	Issuer   string
	ClientID string
	Key      string // file of the private key
}

// StaffClient is how we are known to an issuer whose professionals log in to the
// staff page. It is there if ID is not "".
type StaffClient struct {
	ID     string
	Key    string // file of the private key, or
	Secret Secret //
	Scopes []string
	ACR    string // acr_values; "" leaves it to the issuer
}

func setNHSIssuer(c *Config, v string) error {
	c.NHSLogin.Issuer = v
	return webURL(v)
}

const maxSecret = 4 << 10

// setClient reads one word of an issuer that is about logging in there.
func (i *Issuer) setClient(key, value string) (known bool, err error) {
	switch key {
	case "client":
		i.Client.ID = value
	case "key":
		i.Client.Key = value
		f, err := os.Open(value)
		if err != nil {
			return true, fmt.Errorf("issuer %q: the key file %s cannot be read; give the path of one that can", i.Name, value)
		}
		return true, f.Close()
	case "secret":
		raw, err := os.ReadFile(value)
		if err != nil || len(raw) > maxSecret || strings.TrimSpace(string(raw)) == "" {
			return true, fmt.Errorf("issuer %q: secret names a file with the client's secret; %s cannot be read as one", i.Name, value)
		}
		i.Client.Secret = Secret(strings.TrimSpace(string(raw)))
	case "scopes":
		i.Client.Scopes = strings.Split(value, ",")
	case "acr":
		i.Client.ACR = value
	default:
		return false, nil
	}
	return true, nil
}

// checkClient says what does not go together.
func (i *Issuer) checkClient() error {
	c := i.Client
	switch {
	case c.ID == "" && (c.Key != "" || c.Secret != "" || c.Scopes != nil || c.ACR != ""):
		return fmt.Errorf("issuer %q: key, secret, scopes and acr are of a client; give client too", i.Name)
	case c.ID != "" && (c.Key == "") == (c.Secret == ""):
		return fmt.Errorf("issuer %q: a client has a key or a secret; give one of the two", i.Name)
	case c.ID != "" && strings.Trim(i.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return fmt.Errorf("issuer %q: its name stands in the address that people come back to; write lower-case letters, digits and dashes", i.Name)
	}
	return nil
}

// wrong says what does not go together.
func (n NHSLogin) wrong() string {
	if n.Issuer == "" && (n.ClientID != "" || n.Key != "") {
		return "DCR_NHSLOGIN_CLIENT_ID and DCR_NHSLOGIN_KEY are of a client of NHS login; set its issuer too"
	}
	if n.Issuer != "" && (n.ClientID == "" || n.Key == "") {
		return "it needs DCR_NHSLOGIN_CLIENT_ID and DCR_NHSLOGIN_KEY; set both"
	}
	return ""
}
