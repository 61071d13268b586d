package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReleaseAndHeard(t *testing.T) {
	const day = 24 * time.Hour
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Release{Imaging: 7 * day, Delicate: 21 * day, Narrative: 7 * day, Unfinished: 21 * day}, c.Release); d != "" {
		t.Error(d)
	}
	if c.Heard.Within != day {
		t.Errorf("%+v", c.Heard)
	}
	codes := write(t, "codes", "# of UHD\nurn:uhd|HISTO=delicate\nhttp://loinc.org|718-7 = numbers\n")
	c, err = Load("", []string{"DCR_RELEASE_MAP=" + codes, "DCR_RELEASE_IMAGING=0", "DCR_SOURCES_EXPECTED=uhd=1h, bcp=168h"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"urn:uhd|HISTO": "delicate", "http://loinc.org|718-7": "numbers"}, c.Release.Codes); d != "" || c.Release.Imaging != 0 {
		t.Errorf("%v %s", c.Release.Imaging, d)
	}
	if d := cmp.Diff(map[string]time.Duration{"uhd": time.Hour, "bcp": 168 * time.Hour}, c.Heard.Of); d != "" {
		t.Error(d)
	}
}

func TestMistakesOfReleaseAndHeard(t *testing.T) {
	codes := write(t, "codes", "HISTO=delicate\nurn:x|a=secret\nurn:x|b=imaging\nurn:x|b=imaging\n")
	_, err := Load("", []string{"DCR_RELEASE_MAP=" + codes, "DCR_RELEASE_IMAGING=400", "DCR_SOURCES_EXPECTED=uhd, =1h, bcp=-1h"})
	for _, want := range []string{"line 1: write system|code=kind", `line 2: there is no kind "secret"`, "line 4: the code is there twice", "from 0 to 365", `"uhd" does not do`, `"=1h" does not do`, `"bcp=-1h" does not do`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not told %q: %v", want, err)
		}
	}
}
