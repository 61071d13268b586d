package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Release says how long results wait before the person they are about sees them.
type Release struct {
	Imaging, Delicate, Narrative, Unfinished time.Duration
	Codes                                    map[string]string // "system|code" to a kind of result
}

// resultKinds are what a release map can say of a code.
var resultKinds = [...]string{"numbers", "imaging", "delicate", "other"}

// Heard says how often sources are expected to send.
type Heard struct {
	Within time.Duration            // of those that Of does not name
	Of     map[string]time.Duration // by client id
}

const mostDays = 365

// days wants a whole number of days, 0 for none.
func days(at func(*Config) *time.Duration) setter {
	return func(c *Config, v string) error {
		n, err := number(v, 0, mostDays)
		*at(c) = time.Duration(n) * 24 * time.Hour
		return err
	}
}

func setReleaseMap(c *Config, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the file %s cannot be read; give the path of one that can", filepath.Clean(path))
	}
	lines, mistakes := parseFile(string(raw), path)
	c.Release.Codes = make(map[string]string, len(lines))
	for _, l := range lines {
		known := false
		for _, k := range resultKinds {
			known = known || k == l.value
		}
		switch {
		case !strings.Contains(l.key, "|"):
			mistakes = append(mistakes, fmt.Errorf("%s line %d: write system|code=kind", path, l.number))
		case !known:
			mistakes = append(mistakes, fmt.Errorf("%s line %d: there is no kind %q; it is one of %s", path, l.number, l.value, strings.Join(resultKinds[:], " ")))
		case c.Release.Codes[l.key] != "":
			mistakes = append(mistakes, fmt.Errorf("%s line %d: the code is there twice", path, l.number))
		}
		c.Release.Codes[l.key] = l.value
	}
	return errors.Join(mistakes...)
}

// setIntervals reads "source=duration", separated by commas.
func setIntervals(c *Config, v string) error {
	c.Heard.Of = map[string]time.Duration{}
	var mistakes []error
	for one := range strings.SplitSeq(v, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		source, text, _ := strings.Cut(one, "=")
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || source == "" {
			mistakes = append(mistakes, fmt.Errorf("%q does not do; write source=duration, such as uhd=1h", one))
			continue
		}
		c.Heard.Of[source] = d
	}
	return errors.Join(mistakes...)
}
