package ledger

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
)

// portable makes a proof of event seq in a log of n events, the other half of
// which was signed for later.
func portable(t *testing.T, n, seq int) (text []byte, key Key) {
	t.Helper()
	o := options(t, &memLog{})
	l := open(t, o)
	add(t, l, n)
	p, err := l.Proof(t.Context(), uint64(seq))
	if err != nil {
		t.Fatal(err)
	}
	text, err = p.Portable().Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text, o.Key
}

func TestPortableProofsHold(t *testing.T) {
	for _, c := range [][2]int{{1, 0}, {2, 1}, {7, 6}, {7, 3}, {4100, 4099}, {4100, 17}} {
		text, key := portable(t, c[0], c[1])
		for _, given := range []string{"", key.Public, key.Public + "\n"} {
			got, err := CheckPortable(text, given)
			if err != nil {
				t.Fatalf("event %d of %d: %v", c[1], c[0], err)
			}
			if d := cmp.Diff(*event(c[1]), got.Event); d != "" {
				t.Error(d)
			}
			if got.Seq != uint64(c[1]) || got.Instance != "a" || got.Trusted != (given != "") || got.Retired {
				t.Errorf("checked %+v", got)
			}
		}
	}
}

// After a change of keys a proof holds for the key that it names, though the newest
// checkpoint is of the one before.
func TestAPortableProofAfterAChangeOfKeys(t *testing.T) {
	o := options(t, &memLog{})
	l := open(t, o)
	add(t, l, 7)
	if _, err := l.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Older, o.Key = []note.Verifier{o.Key.Verifier}, testKey(t)
	l = open(t, o)
	for range 2 {
		p, err := l.Proof(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		text, err := p.Portable().Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := CheckPortable(text, o.Key.Public); err != nil || !got.Trusted || got.Seq != 3 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	// What is signed anew is taken at the next start, and the older key is not needed.
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	open(t, o)
}

// Every byte of the document counts: changed in any of these ways, it is refused,
// and the reason is said.
func TestAPortableProofWithAChangedByteFails(t *testing.T) {
	text, key := portable(t, 7, 3)
	for at := range text {
		for _, flip := range []byte{1, 2, 0x20} {
			changed := bytes.Clone(text)
			changed[at] ^= flip
			if _, err := CheckPortable(changed, ""); err == nil {
				t.Fatalf("byte %d (%q) became %q and it still holds", at, text[at], changed[at])
			}
			if _, err := CheckPortable(changed, key.Public); err == nil {
				t.Fatalf("byte %d became %q and it still holds for the key", at, changed[at])
			}
		}
		if at < len(text)-1 {
			if _, err := CheckPortable(text[:at], ""); err == nil {
				t.Fatalf("cut at %d and it still holds", at)
			}
		}
	}
}

// mutation is something done to a proof, and what must be said of it.
type mutation struct {
	name   string
	change func(p *Portable)
	want   string
}

func mutations() []mutation {
	return []mutation{
		{"another format", func(p *Portable) { p.Format = "dcr-ledger-proof/2" }, "format is not"},
		{"another instance", func(p *Portable) { p.Instance = "b" }, "instance that the document names"},
		{"another number", func(p *Portable) { p.Seq = 2 }, "not"},
		{"a number beyond the checkpoint", func(p *Portable) { p.Seq = 70 }, "ends before"},
		{"another leaf", func(p *Portable) { p.Leaf[3] ^= 1 }, "match its own hash"},
		{"another event", func(p *Portable) { p.Data[30] ^= 1 }, "match its own hash"},
		{"another path", func(p *Portable) { p.Path[1][0] ^= 1 }, "not"},
		{"a shorter path", func(p *Portable) { p.Path = p.Path[:1] }, "not"},
		{"a checkpoint of another root", func(p *Portable) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n7\n", "\n8\n", 1) }, "checkpoint"},
		{"a second signature", func(p *Portable) { p.Checkpoint += "\u2014 other AAAAAAAA\n" }, "checkpoint"},
	}
}

func TestWhatIsSaidOfAChangedProof(t *testing.T) {
	text, _ := portable(t, 7, 3)
	for _, m := range mutations() {
		if _, err := CheckPortable(mutate(t, text, m), ""); err == nil || !strings.Contains(err.Error(), m.want) {
			t.Errorf("%s: %v, want %q", m.name, err, m.want)
		}
	}
	_, other := portable(t, 1, 0)
	if _, err := CheckPortable(text, other.Public); err == nil || !strings.Contains(err.Error(), "another public key") {
		t.Errorf("with another ledger's key: %v", err)
	}
}

func mutate(t *testing.T, text []byte, m mutation) []byte {
	t.Helper()
	var p Portable
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	m.change(&p)
	out, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAPortableProofOfARetiredEvent(t *testing.T) {
	m := &memLog{}
	o := options(t, m)
	l := open(t, o)
	add(t, l, 10)
	gone, err := Retire(m.records[4])
	if err != nil {
		t.Fatal(err)
	}
	m.records[4] = gone
	p, err := l.Proof(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Portable().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := CheckPortable(text, o.Key.Public); err != nil || !got.Retired {
		t.Errorf("retired: %+v, %v", got, err)
	}
}

const proofJS = "../../citizen/web/assets/proof.js"

// The verifier of the pages agrees with CheckPortable: on what holds, on every
// changed byte, and on what is said of it.
func TestTheBrowsersVerifier(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node here: the pages' proof.js is checked where there is one, and in the browser")
	}
	text, key := portable(t, 7, 3)
	tall, tallKey := portable(t, 4100, 4099)
	type tried struct {
		Text string `json:"text"`
		Key  string `json:"key"`
		Want string `json:"want"` // "" holds
	}
	cases := []tried{{string(text), "", ""}, {string(text), key.Public, ""}, {string(tall), tallKey.Public, ""}, {string(text), tallKey.Public, "another public key"}}
	for _, m := range mutations() {
		cases = append(cases, tried{string(mutate(t, text, m)), "", m.want})
	}
	for at := range text {
		changed := bytes.Clone(text)
		changed[at] ^= 1
		cases = append(cases, tried{string(changed), key.Public, "."}) // any reason
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cases.json")
	if err := os.WriteFile(file, input, 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(proofJS)
	if err != nil {
		t.Fatal(err)
	}
	const run = `
const { check, words } = require(process.argv[1]);
const cases = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
(async () => {
  let bad = 0;
  for (const c of cases) {
    let said = "";
    try {
      const r = await check(c.text, c.key);
      if (!r.signature) said = "no signature checked";
      if (c.want === "") console.log(words(r));
    } catch (e) { said = String(e.message); if (e.constructor.name !== "Refused") said = "FAULT " + e.stack; }
    const ok = c.want === "" ? said === "" : said.includes(c.want) && !said.startsWith("FAULT");
    if (!ok) { bad++; console.log("want " + JSON.stringify(c.want) + ", got " + JSON.stringify(said)); }
  }
  process.exit(bad ? 1 : 0);
})();`
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, node, "-e", run, script, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"Event 3 is in the ledger a, among the 7 events", "Event 4099 is in the ledger a", event(3).Name, "signature holds"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
}
