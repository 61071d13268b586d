package account

import (
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

func TestCodes(t *testing.T) {
	for _, never := range "01AEIOULaeioul" {
		if strings.ContainsRune(alphabet, never) {
			t.Errorf("%c is in the alphabet", never)
		}
	}
	seen, letters := map[string]bool{}, map[rune]int{}
	for range 2000 {
		code := newCode()
		selector, secret, err := parseCode(group(code))
		if err != nil || selector+secret != code || seen[code] {
			t.Fatalf("%q: %q %q %v", code, selector, secret, err)
		}
		seen[code] = true
		for _, r := range code {
			letters[r]++
		}
	}
	if len(letters) != len(alphabet) {
		t.Errorf("only %d letters come", len(letters))
	}
	for r, n := range letters { // 1,143 each; eight deviations
		if n < 870 || n > 1420 {
			t.Errorf("%c comes %d times", r, n)
		}
	}
	for _, typed := range []string{"bcdf-2345-ghjk-6789", " BCDF 2345 GHJK 6789 ", "BCDF2345GHJK6789", "bcdf–2345–ghjk–6789", "BCDF\u00a02345 GHJK-6789"} {
		if s, secret, err := parseCode(typed); s != "BCDF23" || secret != "45GHJK6789" || err != nil {
			t.Errorf("%q: %q %q %v", typed, s, secret, err)
		}
	}
	for _, typed := range []string{"", "BCDF-2345-GHJK-678", "BCDF-2345-GHJK-67899", "BCDF-2345-GHJK-678O", "BCDF-2345-GHJK-678é", strings.Repeat("B", 5000), "\xff"} {
		if _, _, err := parseCode(typed); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%.30q: %v", typed, err)
		}
	}
}

func TestVerifiersDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"a", "b"}, {"ab"}, {"ab", ""}, {"b", "a"}, {"a", "b", ""}} {
		m := string(mac([]byte("key"), parts...))
		if seen[m] || len(m) != 32 {
			t.Errorf("%q", parts)
		}
		seen[m] = true
	}
}

func TestAgeOn(t *testing.T) {
	for _, tt := range []struct {
		born, on string
		want     int
	}{
		{"2013-03-10", "2026-03-09", 12}, {"2013-03-10", "2026-03-10", 13}, {"2013-03-11", "2026-03-10", 12}, {"2012-12-31", "2026-01-01", 13},
		{"2012-02-29", "2025-02-28", 12}, {"2012-02-29", "2025-03-01", 13}, {"2012-02-29", "2024-02-29", 12}, {"2026-03-10", "2026-03-10", 0},
	} {
		born, err := birthDate(tt.born)
		if err != nil {
			t.Fatal(err)
		}
		on, _ := time.Parse(time.DateOnly, tt.on)
		if got := AgeOn(born, on.Add(8*time.Hour)); got != tt.want {
			t.Errorf("born %s, on %s: %d, want %d", tt.born, tt.on, got, tt.want)
		}
	}
	for _, s := range []string{"", "1957-3-27", "27-03-1957", "1957-02-30", "1957-03", "0001-01-01", "1957-03-27T00:00:00Z"} {
		if _, err := birthDate(s); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestIDs(t *testing.T) {
	id := IDOf("paaaaaaaaaaaaaaaa")
	if !IsID(id) || id == IDOf("paaaaaaaaaaaaaaab") || id != IDOf("paaaaaaaaaaaaaaaa") {
		t.Error(id)
	}
	for _, s := range []string{"", id[1:], id + "a", "p" + id[1:], strings.ToUpper(id), id[:16] + "1"} {
		if IsID(s) {
			t.Errorf("%q", s)
		}
	}
}

// What was changed on the disk is refused, not read as something else, and nothing that
// can be written there brings the process down.
func FuzzStoredForms(f *testing.F) {
	at := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	acc := Account{ID: "a", Person: "p", Proofing: 2, Handle: []byte("handle"), Epoch: 3, Since: at, State: Active, Keys: []uint64{1, 300}, nextKey: 300}
	f.Add(acc.encode())
	n := Notice{Kind: Recovered, At: at, About: "phone"}
	f.Add(n.encode())
	c := activation{selector: "BCDF23", state: codeOpen, recovery: true, person: "p", by: Staff{"x", "y", "z"}, made: at, expires: at}
	f.Add(c.op("a").Doc.Body)
	g := guarded{account: "a", verifier: make([]byte, 32), tries: 4, expires: at}
	f.Add(g.op().Doc.Body)
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := store.Doc{Ref: store.Ref{Partition: "a", ID: "BCDF23"}, Rev: 1, Body: b}
		if got, err := Decode(&d); err == nil {
			if again, err := Decode(&store.Doc{Ref: d.Ref, Rev: 1, Body: got.encode()}); err != nil || again.Person != got.Person || len(again.Keys) != len(got.Keys) {
				t.Errorf("%+v, %v", again, err)
			}
		}
		_, _ = decodeNotice(&d)
		_, _ = decodeActivation(&d)
		_, _ = decodeGuarded(&d)
		_, _ = decodePasskey(&d)
	})
}

func TestLetterSaysHow(t *testing.T) {
	c := activation{selector: "BCDF23", expires: time.Date(2026, 3, 24, 9, 30, 0, 0, time.UTC)}
	a := Accounts{o: Options{EnrolURL: mustURL(t, "https://record.example/enrol#old"), London: time.UTC}}
	l := a.letter("BCDF2345GHJK6789", &c)
	if l.URL != "https://record.example/enrol#code=BCDF-2345-GHJK-6789" || l.Page != "https://record.example/enrol" {
		t.Errorf("%+v", l)
	}
	all := strings.Join(l.Words, " ")
	if !strings.Contains(all, "Tuesday 24 March 2026") || strings.Contains(all, l.Code) || !strings.Contains(all, l.Page) {
		t.Error(all)
	}
}
