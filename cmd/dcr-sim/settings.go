package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// settings are what a county was made with, and where it finds dcrd.
type settings struct {
	Seed      uint64    `json:"seed"`
	People    int       `json:"people"`
	PerPerson int       `json:"per_person"`
	Day       time.Time `json:"day"` // the county's: kept, so that its history stays the same
	API       string    `json:"api"`
	Sources   string    `json:"sources"`
	Ops       string    `json:"ops"`
	Issuer    string    `json:"issuer"`
	NHSLogin  string    `json:"nhs_login,omitempty"` // empty: there are no log-ins in a browser
	Data      string    `json:"data"`
}

const (
	settingsFile = "county.json"
	audience     = "dcr"
	issuerName   = "sim"

	// Files of the keys by which dcrd logs people in.
	staffClientKey = "staff-client.key"
	nhsClientKey   = "nhs-login-client.key"
)

func (s settings) county() *seed.County {
	options := []seed.Option{seed.Today(s.Day)}
	if s.PerPerson > 0 {
		options = append(options, seed.PerPerson(s.PerPerson))
	}
	return seed.New(s.Seed, s.People, options...)
}

func (s settings) issuerURL() string { return "http://" + s.Issuer }

func readSettings(dir string) (settings, error) {
	var s settings
	b, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("there is no county in %s: make one with dcr-sim pki", dir)
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read the county's settings: %w", err)
	}
	return s, nil
}

func (s settings) write(dir string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, settingsFile), append(b, '\n'), 0o600)
}

// prepare makes the county's folder, unless there is one. county.json is written
// last: a folder without it is not finished, and is made anew.
func prepare(dir string, s settings, force bool, now time.Time) (made bool, err error) {
	if s.People < 1 || s.People > seed.MaxPeople {
		return false, usageError{fmt.Errorf("--people is from 1 to %d", seed.MaxPeople)}
	}
	if !force {
		if _, err := os.Stat(filepath.Join(dir, settingsFile)); err == nil {
			return false, nil
		}
	}
	y, m, d := now.UTC().Date()
	s.Day = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if err := os.MkdirAll(filepath.Join(dir, "clients"), 0o700); err != nil {
		return false, err
	}
	if err := writePKI(dir, s.county(), now); err != nil {
		return false, err
	}
	if s.NHSLogin != "" {
		if err := writeLoginKeys(dir); err != nil {
			return false, err
		}
	}
	if err := writeDcrd(dir, s); err != nil {
		return false, err
	}
	return true, s.write(dir)
}

// writeDcrd writes the settings of a dcrd that takes this county as its world.
func writeDcrd(dir string, s settings) error {
	var roles strings.Builder
	for _, j := range seed.Jobs() {
		fmt.Fprintf(&roles, "%s=%s\n", j.Code, j.Role)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	staff, residents := "", ""
	if s.NHSLogin != "" {
		staff = fmt.Sprintf(" client=%s key=%s", staffClient, in(staffClientKey))
		residents = fmt.Sprintf("DCR_NHSLOGIN_ISSUER=%s\nDCR_NHSLOGIN_CLIENT_ID=%s\nDCR_NHSLOGIN_KEY=%s\n", s.nhsLoginURL(), nhsClient, in(nhsClientKey))
	}
	env := fmt.Sprintf(`# Settings of a dcrd for the simulated county beside this file. For development only.
DCR_DATA=%s
DCR_CHECKPOINTS=%s
DCR_PUBLIC_URL=%s
DCR_LISTEN=%s
DCR_OPS_LISTEN=%s
DCR_SOURCES_LISTEN=%s
DCR_SOURCES_TLS_CERT=%s
DCR_SOURCES_TLS_KEY=%s
DCR_SOURCES_CLIENT_CA=%s
DCR_OIDC_ISSUERS=name=%s url=%s audience=%s%s
DCR_ROLE_MAP=%s
%s`, s.Data, filepath.Join(filepath.Dir(s.Data), "checkpoints"), s.publicURL(), s.API, s.Ops, s.Sources, in("server.pem"), in("server.key"), in("ca.pem"),
		issuerName, s.issuerURL(), audience, staff, in("roles.map"), residents)
	return errors.Join(
		os.WriteFile(in("roles.map"), []byte(roles.String()), 0o600),
		os.WriteFile(in("dcrd.env"), []byte(env), 0o600))
}
