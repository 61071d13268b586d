package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Mistakes are all that is wrong with a configuration, each with the setting's name
// and what to do.
type Mistakes []string

func (m Mistakes) Error() string {
	return fmt.Sprintf("the configuration has %d mistake(s):\n  %s", len(m), strings.Join(m, "\n  "))
}

// fileKey names the configuration file in the environment, and elsewhere is the
// beginning of every name.
const (
	fileKey = "DCR_CONFIG"
	prefix  = "DCR_"
	forTest = "DCR_TEST_" // belongs to the tests
)

// Load reads the file, if path or DCR_CONFIG names one, and then environ (as
// os.Environ gives it), which wins. An error is Mistakes, all of them.
func Load(path string, environ []string) (*Config, error) {
	var mistakes Mistakes
	env := map[string]string{}
	for _, e := range environ {
		if key, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(key, prefix) && !strings.HasPrefix(key, forTest) {
			env[key] = value
		}
	}
	if path == "" {
		path = env[fileKey]
	}
	delete(env, fileKey)

	values := map[string]string{}
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			mistakes = append(mistakes, fmt.Sprintf("%s: the file %s cannot be read; give the path of one that can", fileKey, path))
		}
		lines, bad := parseFile(string(raw), path)
		for _, err := range bad {
			mistakes = append(mistakes, err.Error())
		}
		for _, l := range lines {
			if _, twice := values[l.key]; twice {
				mistakes = append(mistakes, fmt.Sprintf("%s: it is in %s twice; keep one", l.key, path))
			}
			values[l.key] = l.value
		}
	}
	maps.Copy(values, env)
	c, bad := parse(values)
	if mistakes = append(mistakes, bad...); len(mistakes) > 0 {
		return nil, mistakes
	}
	return c, nil
}

func parse(values map[string]string) (*Config, Mistakes) {
	c := &Config{}
	var mistakes Mistakes
	note := func(key string, err error) {
		if err == nil {
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			mistakes = append(mistakes, key+": "+line)
		}
	}
	for _, s := range settings() {
		value := values[s.key]
		delete(values, s.key)
		if value == "" {
			value = s.def
		}
		if value != "" {
			note(s.key, s.set(c, value))
		}
	}
	if c.LedgerKey == "" {
		c.LedgerKey = filepath.Join(c.Data, "ledger.key")
	}
	unknown := make([]string, 0, len(values))
	for key := range values {
		unknown = append(unknown, key)
	}
	sort.Strings(unknown)
	for _, key := range unknown {
		note(key, errors.New("there is no such setting; docs/config.md lists them"))
	}
	return c, append(mistakes, c.Validate()...)
}

// Validate reports what does not go together, all of it.
func (c *Config) Validate() (found Mistakes) {
	add := func(key, what string) { found = append(found, key+": "+what) }
	if (c.API.Cert == "") != (c.API.Key == "") {
		add("DCR_TLS_CERT", "certificate and key go together; give DCR_TLS_CERT and DCR_TLS_KEY, or neither")
	}
	if c.API.Cert == "" && c.API.Addr != "" && !loopback(hostOf(c.API.Addr)) {
		add("DCR_LISTEN", "without a certificate it must be a loopback address; set DCR_TLS_CERT and DCR_TLS_KEY, or listen on 127.0.0.1")
	}
	if s := c.Sources; s.Addr != "" && (s.Cert == "" || s.Key == "" || s.ClientCA == "") {
		add("DCR_SOURCES_LISTEN", "it needs DCR_SOURCES_TLS_CERT, DCR_SOURCES_TLS_KEY and DCR_SOURCES_CLIENT_CA; set all three")
	}
	if len(c.Issuers) > 0 && len(c.Roles) == 0 {
		add("DCR_ROLE_MAP", "with issuers but no role map no professional has a role; give the file")
	}
	if what := c.NHSLogin.wrong(); what != "" {
		add("DCR_NHSLOGIN_ISSUER", what)
	}
	if what := c.wrongHost(); what != "" {
		add("DCR_PASSKEY_HOST", what)
	}
	if q := c.Residents.Questions; q.Answer > 0 && q.Remind >= q.Answer {
		add("DCR_QUESTION_REMIND", "it is not shorter than DCR_QUESTION_ANSWER, so that every question would be due soon; shorten it")
	}
	if c.Limits.PageMax > 0 && c.Limits.PageDefault > c.Limits.PageMax {
		add("DCR_PAGE_DEFAULT", "it is above DCR_PAGE_MAX; lower it")
	}
	if outside := c.outside(); outside == 0 {
		add("DCR_CHECKPOINTS", "at least one folder must lie outside DCR_DATA, so that who changes the one does not change the other; name one")
	}
	return found
}

// outside counts the checkpoint folders that do not lie in the data folder.
func (c *Config) outside() (n int) {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return 0
	}
	for _, folder := range c.Checkpoints {
		abs, err := filepath.Abs(folder)
		if err == nil && abs != data && !strings.HasPrefix(abs, data+string(filepath.Separator)) {
			n++
		}
	}
	return n
}

func hostOf(addr string) string {
	host := addr[:max(0, strings.LastIndexByte(addr, ':'))]
	return strings.Trim(host, "[]")
}

// A line is one KEY=value of a file.
type line struct {
	number     int
	key, value string
}

// parseFile reads lines KEY=value; # begins a comment line, quotes around a value
// are taken off.
func parseFile(text, path string) (lines []line, mistakes []error) {
	n := 0
	for raw := range strings.Lines(text) {
		n++
		l := strings.TrimSpace(raw)
		if l == "" || l[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(l, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || strings.ContainsAny(key, " \t") {
			mistakes = append(mistakes, fmt.Errorf("%s line %d: it is not KEY=value", path, n))
			continue
		}
		if q := len(value) - 1; q > 0 && (value[0] == '"' || value[0] == '\'') && value[q] == value[0] {
			value = value[1:q]
		}
		lines = append(lines, line{n, key, value})
	}
	return lines, mistakes
}
