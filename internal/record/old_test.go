package record

import (
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
)

// kept is an entry as it was stored before envelopes told what residents do not see.
func kept(t *testing.T, js string) envelope {
	t.Helper()
	doc, err := fhir.Parse([]byte(js))
	if err != nil {
		t.Fatal(err)
	}
	s := &state{received: time.Unix(1000, 0), id: "x", json: []byte(js)}
	s.strings[strType], s.strings[strSource] = doc.Root().Type(), "uhd"
	e, err := open(s.encode())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What older entries do not tell in their envelopes is read from the resources.
func TestEntriesKeptBefore(t *testing.T) {
	w := &withheld{release: newReleases(DefaultRelease()), now: time.Unix(2000, 0)}
	for name, tt := range map[string]struct {
		js    string
		hides bool
	}{
		"plain":             {`{"resourceType":"Flag","status":"active"}`, false},
		"in error":          {`{"resourceType":"Flag","status":"entered-in-error"}`, true},
		"says so of others": {`{"resourceType":"Flag","status":"active","code":{"text":"entered-in-error"}}`, false},
		"taboo":             {`{"resourceType":"Flag","meta":{"security":[{"code":"TBOO"}]},"status":"active"}`, true},
		"a labelled letter": {`{"resourceType":"DocumentReference","securityLabel":[{"coding":[{"code":"NOPAT"}]}]}`, true},
		"a letter":          {`{"resourceType":"DocumentReference","securityLabel":[{"coding":[{"code":"N"}]}]}`, false},
	} {
		if got := w.hides(kept(t, tt.js), "entry", false); got != tt.hides {
			t.Errorf("%s: %v", name, got)
		}
	}
	ours := entryOf("uhd", "Observation", "o")
	_, links, _ := kept(t, `{"resourceType":"DiagnosticReport","result":[{"reference":"Observation/paaaaaaaaaaaaaaaa-`+ours+`"},{"reference":"Observation/o"},{"display":"none"}]}`).told()
	if len(links) != 2 || links[0] != hash(ours) || links[1] != hash(ours) {
		t.Errorf("links: %v", links)
	}
	f := w.release.facts(kept(t, `{"resourceType":"Observation","meta":{"security":[{"code":"HIV"}]}}`))
	if f.Kind != Delicate {
		t.Errorf("kind %v", f.Kind)
	}
}

// A person who was written down before it was kept whether they have died.
func TestPersonOfFormat1(t *testing.T) {
	now := person{number: nhs.MustNumber("9990000018"), family: "Smith", entry: "e", ended: true}
	b := now.encode()
	b = b[:len(b)-1]
	b[0] = 1
	was, err := decodePerson(b, 1)
	if err != nil || !was.unsaid || was.ended || was.family != "Smith" {
		t.Errorf("%+v %v", was, err)
	}
	if is, err := decodePerson(now.encode(), 1); err != nil || is.unsaid || !is.ended {
		t.Errorf("%+v %v", is, err)
	}
	if _, err := decodePerson(packed.AppendBool([]byte{personFormat + 1}, true), 1); err == nil {
		t.Error("took a later form")
	}
}
