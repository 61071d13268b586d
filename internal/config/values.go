package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

type setter = func(c *Config, value string) error

func text(at func(*Config) *string) setter {
	return func(c *Config, v string) error { *at(c) = v; return nil }
}

// file wants a file that can be read; what is in it is for whoever opens it.
func file(at func(*Config) *string) setter {
	return func(c *Config, v string) error {
		*at(c) = v
		f, err := os.Open(v)
		if err != nil {
			return fmt.Errorf("the file %s cannot be read; give the path of one that can", v)
		}
		return f.Close()
	}
}

func address(at func(*Config) *string) setter {
	return func(c *Config, v string) error {
		*at(c) = v
		_, port, err := net.SplitHostPort(v)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return fmt.Errorf("%q is not an address; write host:port, such as 127.0.0.1:8080", v)
		}
		return nil
	}
}

func duration(at func(*Config) *time.Duration) setter {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a duration; write a number above 0 with a unit, such as 30s, 15m or 12h", v)
		}
		*at(c) = d
		return nil
	}
}

func number(v string, least, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(v, 10, 63)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q does not do; write a whole number from %d to %d", v, least, most)
	}
	return n, nil
}

func count(at func(*Config) *int, least, most uint64) setter {
	return func(c *Config, v string) error {
		n, err := number(v, least, most)
		*at(c) = int(n)
		return err
	}
}

func count64(at func(*Config) *uint64, least uint64) setter {
	return func(c *Config, v string) (err error) {
		*at(c), err = number(v, least, 1e12)
		return err
	}
}

func bytesOf(v string, least, most int64) (int64, error) {
	digits, unit := v, int64(1)
	for name, n := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if d, ok := strings.CutSuffix(v, name); ok {
			digits, unit = d, n
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 32)
	if err != nil || n*unit < least || n*unit > most {
		return 0, fmt.Errorf("%q does not do; write a size from %d to %d bytes, such as 512KiB or 16MiB", v, least, most)
	}
	return n * unit, nil
}

func size(at func(*Config) *int, least, most int64) setter {
	return func(c *Config, v string) error {
		n, err := bytesOf(v, least, most)
		*at(c) = int(n)
		return err
	}
}

func size64(at func(*Config) *int64, least int64) setter {
	return func(c *Config, v string) (err error) {
		*at(c), err = bytesOf(v, least, 1<<40)
		return err
	}
}

func yes(at func(*Config) *bool) setter {
	return func(c *Config, v string) error {
		if v != "true" && v != "false" {
			return fmt.Errorf("%q does not do; write true or false", v)
		}
		*at(c) = v == "true"
		return nil
	}
}

func setInstance(c *Config, v string) error {
	c.Instance = v
	if len(v) > 32 || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("%q does not do; write up to 32 lower-case letters, digits and dashes", v)
	}
	return nil
}

// webURL checks an absolute URL: https, or http to this machine only.
func webURL(v string) error {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q is not a base URL; write https://host with no query", v)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("%q is plain http, which is taken for localhost only; write https://", v)
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func setPublicURL(c *Config, v string) error {
	c.PublicURL = strings.TrimRight(v, "/")
	return webURL(v)
}

// setProxies reads networks. One of everybody is refused: whoever may say where they come
// from has no limit on what they try.
func setProxies(c *Config, v string) error {
	return each(v, func(word string) error {
		p, err := netip.ParsePrefix(word)
		switch {
		case err != nil || p != p.Masked() || p.Addr().Is4In6():
			return fmt.Errorf("%q is not a network; write its first address and its length, such as 10.20.0.0/16, and of one address 10.20.0.7/32", word)
		case p.Bits() == 0:
			return fmt.Errorf("%q is everybody; name the network of the proxies alone", word)
		}
		c.Proxies = append(c.Proxies, p)
		return nil
	})
}

func setCheckpoints(c *Config, v string) error {
	for folder := range strings.SplitSeq(v, ",") {
		if folder = strings.TrimSpace(folder); folder != "" {
			c.Checkpoints = append(c.Checkpoints, folder)
		}
	}
	return nil
}

func setIssuers(c *Config, v string) error {
	var mistakes []error
	names := map[string]bool{}
	for one := range strings.SplitSeq(v, ";") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		i, err := parseIssuer(one)
		if err == nil && names[i.Name] {
			err = fmt.Errorf("two issuers are named %q; give each a name of its own", i.Name)
		}
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		names[i.Name] = true
		c.Issuers = append(c.Issuers, i)
	}
	return errors.Join(mistakes...)
}

func parseIssuer(s string) (i Issuer, err error) {
	for word := range strings.FieldsSeq(s) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "name":
			i.Name = value
		case "url":
			i.URL = value
		case "audience":
			i.Audience = value
		case "org":
			if i.Org, err = nhs.ParseODS(value); err != nil {
				return i, fmt.Errorf("issuer %q: org: %w", i.Name, err)
			}
		default:
			known, err := i.setClient(key, value)
			if err != nil {
				return i, err
			}
			if !known {
				return i, fmt.Errorf("issuer %q: there is no %q; an issuer has name, url, audience and org, and client, key, secret, scopes and acr", i.Name, key)
			}
		}
	}
	if i.Name == "" || strings.Contains(i.Name, "/") || i.URL == "" || i.Audience == "" {
		return i, fmt.Errorf("issuer %q: name (without a slash), url and audience are needed", i.Name)
	}
	if err := webURL(i.URL); err != nil {
		return i, fmt.Errorf("issuer %q: %w", i.Name, err)
	}
	return i, i.checkClient()
}

func setRoles(c *Config, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the file %s cannot be read; give the path of one that can", filepath.Clean(path))
	}
	lines, mistakes := parseFile(string(raw), path)
	c.Roles = make(map[string]identity.Role, len(lines))
	for _, l := range lines {
		role := identity.ParseRole(l.value)
		switch {
		case role == identity.NoRole:
			mistakes = append(mistakes, fmt.Errorf("%s line %d: there is no role %q", path, l.number, l.value))
		case c.Roles[l.key] != identity.NoRole:
			mistakes = append(mistakes, fmt.Errorf("%s line %d: the code %s is there twice", path, l.number, l.key))
		}
		c.Roles[l.key] = role
	}
	return errors.Join(mistakes...)
}
