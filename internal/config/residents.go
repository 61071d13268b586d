package config

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Residents is what concerns people who use the service for themselves.
type Residents struct {
	Service string // its name, which browsers show with a passkey
	Phone   string // of the programme office; may be empty
	Email   string // of the programme office; may be empty
	Office  nhs.ODS

	RPID        string       // host that passkeys belong to
	Origins     []string     // web origins beside that of the public URL
	AppleApps   []string     // team and bundle of each
	AndroidApps []AndroidApp //

	Idle, Session time.Duration // of a session
	CodeLife      time.Duration // of an activation code
	CodeTries     int           // wrong ones
	Freeze        time.Duration // after a recovery
	MinAge        int           // of an account of one's own
	Questions     Questions
	Failures      int // of one address, a minute
}

// Questions is what concerns "why did you look?".
type Questions struct {
	Answer time.Duration // in which an organisation owes an answer
	Remind time.Duration // before that
	Open   int           // of one person at a time
	Again  int           // about one look
}

// AndroidApp is an app by its package and the SHA-256 of the certificate that signs it.
type AndroidApp struct{ Package, Fingerprint string }

const residents = "Residents"

// residentSettings are the rows of the table that concern residents.
func residentSettings() []setting {
	at := func(f func(*Residents) *string) setter {
		return text(func(c *Config) *string { return f(&c.Residents) })
	}
	lasts := func(f func(*Residents) *time.Duration) setter {
		return duration(func(c *Config) *time.Duration { return f(&c.Residents) })
	}
	return []setting{
		{group: residents, key: "DCR_SERVICE_NAME", def: "Dorset Care Record", set: at(func(r *Residents) *string { return &r.Service }),
			what: "Name of the service: on every page, and what a browser shows with a passkey."},
		{group: residents, key: "DCR_OFFICE_PHONE", set: at(func(r *Residents) *string { return &r.Phone }), what: "Telephone number of the programme office, as pages show it."},
		{group: residents, key: "DCR_OFFICE_EMAIL", set: at(func(r *Residents) *string { return &r.Email }), what: "Its address for e-mail, as pages show it."},
		{group: residents, key: "DCR_OFFICE_ODS", set: setOffice,
			what: "ODS code of the programme office, whose privacy officer answers for what operators did. Without it they cannot be asked."},
		{group: residents, key: "DCR_PASSKEY_HOST", set: at(func(r *Residents) *string { return &r.RPID }),
			what: "Host that passkeys belong to (RP id): that of DCR_PUBLIC_URL, if it is not set, or a domain above it. A passkey works for no other: it cannot be changed once there are any."},
		{group: residents, key: "DCR_PASSKEY_ORIGINS", set: setOrigins, what: "Further web origins that may use its passkeys, separated by commas: `https://other.example`. At most four other hosts."},
		{group: residents, key: "DCR_APPLE_APPS", set: setAppleApps, what: "Apps for iOS, separated by commas, each its team and bundle: `ABCDE12345.uk.nhs.example`."},
		{group: residents, key: "DCR_ANDROID_APPS", set: setAndroidApps,
			what: "Apps for Android, separated by commas, each its package, `=`, and the SHA-256 of the certificate that signs it, as keytool prints it."},

		{group: residents, key: "DCR_SESSION_IDLE", def: "30m", set: lasts(func(r *Residents) *time.Duration { return &r.Idle }), what: "When a session ends in which nothing is done."},
		{group: residents, key: "DCR_SESSION_LIFE", def: "12h", set: lasts(func(r *Residents) *time.Duration { return &r.Session }), what: "When a session ends, whatever is done."},
		{group: residents, key: "DCR_CODE_LIFE", def: "336h", set: lasts(func(r *Residents) *time.Duration { return &r.CodeLife }), what: "How long an activation code counts."},
		{group: residents, key: "DCR_CODE_TRIES", def: "5", set: count(func(c *Config) *int { return &c.Residents.CodeTries }, 1, 20), what: "Wrong tries that end a code."},
		{group: residents, key: "DCR_RECOVERY_FREEZE", def: "24h", set: lasts(func(r *Residents) *time.Duration { return &r.Freeze }),
			what: "How long after a recovery nothing is downloaded and nobody invited."},
		{group: residents, key: "DCR_ACCOUNT_AGE", def: "13", set: count(func(c *Config) *int { return &c.Residents.MinAge }, 1, 99), what: "Youngest age at which somebody has an account of their own."},
		{group: residents, key: "DCR_QUESTION_ANSWER", def: "672h", set: lasts(func(r *Residents) *time.Duration { return &r.Questions.Answer }),
			what: "How long an organisation has to answer \"why did you look?\"."},
		{group: residents, key: "DCR_QUESTION_REMIND", def: "168h", set: lasts(func(r *Residents) *time.Duration { return &r.Questions.Remind }),
			what: "How long before that its list marks the question as due soon; shorter than DCR_QUESTION_ANSWER."},
		{group: residents, key: "DCR_QUESTION_OPEN", def: "10", set: count(func(c *Config) *int { return &c.Residents.Questions.Open }, 1, 1000),
			what: "How many questions one person may have open at a time."},
		{group: residents, key: "DCR_QUESTION_AGAIN", def: "3", set: count(func(c *Config) *int { return &c.Residents.Questions.Again }, 1, 100),
			what: "How often one look may be asked about, one question after the other."},
		{group: residents, key: "DCR_FAILURES", def: "60", set: count(func(c *Config) *int { return &c.Residents.Failures }, 0, 1e6),
			what: "Log-ins and codes that fail from one address, a minute, before it must wait; five times as many at once. A hundred challenges for a passkey count as one. A whole hospital may be behind one address: what succeeds hardly counts. 0: no limit."},
	}
}

func setOffice(c *Config, v string) (err error) {
	c.Residents.Office, err = nhs.ParseODS(v)
	return err
}

// each calls f with the words between commas.
func each(v string, f func(word string) error) error {
	for word := range strings.SplitSeq(v, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		if err := f(word); err != nil {
			return err
		}
	}
	return nil
}

func setOrigins(c *Config, v string) error {
	return each(v, func(word string) error {
		u, err := url.Parse(word)
		if err != nil || u.Scheme != "https" || u.Host == "" || word != u.Scheme+"://"+u.Host {
			return fmt.Errorf("%q is not an origin; write https:// and a host, without a slash at the end", word)
		}
		c.Residents.Origins = append(c.Residents.Origins, word)
		return nil
	})
}

var (
	appleApp       = regexp.MustCompile(`^[A-Z0-9]{10}\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	androidPackage = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`)
)

func setAppleApps(c *Config, v string) error {
	return each(v, func(word string) error {
		if !appleApp.MatchString(word) {
			return fmt.Errorf("%q is not an app; write the ten characters of its team, a dot and its bundle", word)
		}
		c.Residents.AppleApps = append(c.Residents.AppleApps, word)
		return nil
	})
}

func setAndroidApps(c *Config, v string) error {
	return each(v, func(word string) error {
		name, print, _ := strings.Cut(word, "=")
		sum, err := hex.DecodeString(strings.ReplaceAll(print, ":", ""))
		if !androidPackage.MatchString(name) || err != nil || len(sum) != 32 {
			return fmt.Errorf("%q is not an app; write its package, = and the SHA-256 of the certificate that signs it", word)
		}
		c.Residents.AndroidApps = append(c.Residents.AndroidApps, AndroidApp{name, print})
		return nil
	})
}

// PasskeyHost returns the host that passkeys belong to.
func (c *Config) PasskeyHost() string {
	if c.Residents.RPID != "" {
		return c.Residents.RPID
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// wrongHost says what does not go together with the public URL.
func (c *Config) wrongHost() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil { // said of the public URL
		return ""
	}
	if net.ParseIP(u.Hostname()) != nil {
		return "DCR_PUBLIC_URL has an IP address, for which no browser makes a passkey; write a name there, at home localhost"
	}
	if rp, host := c.PasskeyHost(), u.Hostname(); host != rp && !strings.HasSuffix(host, "."+rp) {
		return fmt.Sprintf("%q is neither the host of DCR_PUBLIC_URL nor a domain above it; browsers could make no passkey", rp)
	}
	return ""
}
