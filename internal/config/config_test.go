package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/identity"
)

var update = flag.Bool("update", false, "write docs/config.md")

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAreValid(t *testing.T) {
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Limits{Body: 1 << 20, SourceBody: 15 << 20, PageDefault: 50, PageMax: 100, FindMax: 20, Rate: 100, Burst: 200, Everything: 8,
		Memory: 160 << 20, Read: 10 * time.Second, Answer: 10 * time.Second, Write: 30 * time.Second, Idle: time.Minute, Stop: 5 * time.Second}
	if d := cmp.Diff(want, c.Limits); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Rules{15 * time.Minute, 12 * time.Hour, 5 * time.Minute, 300 * time.Second, 12, 24 * time.Hour}, c.Rules); d != "" {
		t.Error(d)
	}
	if c.LedgerKey != "var/data/ledger.key" || c.LedgerEvery != 100_000 || c.API.Addr != "127.0.0.1:8080" || c.Sources.Addr != "" {
		t.Errorf("got %+v", c)
	}
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	roles := write(t, "roles", "# codes\nS8000:G8000:R8000=clinician\nS8001:G8001:R8001 = nurse\n")
	file := write(t, "dcr.env", "# for tests\nDCR_INSTANCE=\"from-file\"\nDCR_PAGE_MAX = 60\n"+
		"DCR_OIDC_ISSUERS='name=cis2 url=https://am.example.nhs.uk audience=dcr; name=uhd url=http://127.0.0.1:9000 audience=dcr org=r0d'\n")
	c, err := Load("", []string{"DCR_CONFIG=" + file, "DCR_INSTANCE=from-env", "DCR_ROLE_MAP=" + roles,
		"DCR_TEST_ANYTHING=1", "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Instance != "from-env" || c.Limits.PageMax != 60 {
		t.Errorf("got %+v", c)
	}
	wantIssuers := []Issuer{{Name: "cis2", URL: "https://am.example.nhs.uk", Audience: "dcr"},
		{Name: "uhd", URL: "http://127.0.0.1:9000", Audience: "dcr", Org: "R0D"}}
	if d := cmp.Diff(wantIssuers, c.Issuers); d != "" {
		t.Error(d)
	}
	wantRoles := map[string]identity.Role{"S8000:G8000:R8000": identity.Clinician, "S8001:G8001:R8001": identity.Nurse}
	if d := cmp.Diff(wantRoles, c.Roles); d != "" {
		t.Error(d)
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	file := write(t, "dcr.env", "DCR_PAGE_MAX=many\nno setting\nDCR_RATE=1\nDCR_RATE=2\n")
	roles := write(t, "roles", "R1=clinician\nR1=nurse\nR2=wizard\n")
	_, err := Load(file, []string{
		"DCR_LISTEN=0.0.0.0:80", "DCR_TLS_KEY=/nowhere/key.pem", "DCR_SOURCES_LISTEN=:8443", "DCR_OPS_LISTEN=here", "DCR_READ_TIMEOUT=5",
		"DCR_PUBLIC_URL=http://record.example.org", "DCR_COLOUR=blue", "DCR_CHECKPOINTS=data/checkpoints",
		"DCR_DATA=data", "DCR_OIDC_ISSUERS=name=a url=http://example.org audience=x; name=b", "DCR_ROLE_MAP=" + roles,
		"DCR_INSTANCE=Main!", "DCR_BODY_LIMIT=1GiB",
	})
	var m Mistakes
	if !errors.As(err, &m) {
		t.Fatalf("got %v", err)
	}
	text := err.Error()
	for _, want := range []string{
		`DCR_PAGE_MAX: "many"`, "line 2: it is not KEY=value", "DCR_RATE: it is in", "DCR_LISTEN: without a certificate",
		"DCR_TLS_KEY: the file /nowhere/key.pem", "DCR_TLS_CERT: certificate and key go together", "DCR_SOURCES_LISTEN: it needs",
		`DCR_OPS_LISTEN: "here"`, `DCR_READ_TIMEOUT: "5"`, "DCR_PUBLIC_URL: \"http://record.example.org\" is plain http",
		"DCR_COLOUR: there is no such setting", "DCR_CHECKPOINTS: at least one folder",
		`DCR_OIDC_ISSUERS: issuer "a"`, `DCR_OIDC_ISSUERS: issuer "b"`, "the code R1 is there twice", `there is no role "wizard"`,
		"DCR_INSTANCE:", "DCR_BODY_LIMIT:",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not reported: %s", want)
		}
	}
	if len(m) != 18 {
		t.Errorf("%d mistakes, want 18", len(m))
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestTheDocumentIsThatOfTheTable(t *testing.T) {
	const path = "../../docs/config.md"
	if *update {
		if err := os.WriteFile(path, []byte(Docs()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Docs(), string(got)); d != "" {
		t.Errorf("docs/config.md is not up to date: run go test ./internal/config -update\n%s", d)
	}
}

func FuzzFile(f *testing.F) {
	f.Add("DCR_DATA=x\n# y\nA = 'b'\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, _ := parseFile(text, "f")
		values := map[string]string{}
		for _, l := range lines {
			if l.key != "DCR_ROLE_MAP" && !strings.HasSuffix(l.key, "_FILE") && !strings.Contains(l.key, "TLS") && !strings.HasSuffix(l.key, "_CA") {
				values[l.key] = l.value
			}
		}
		_, _ = parse(values)
	})
}

func TestResidentsSettings(t *testing.T) {
	print := strings.Repeat("AB:", 31) + "AB"
	c, err := Load("", []string{"DCR_PUBLIC_URL=https://record.example.nhs.uk", "DCR_PASSKEY_HOST=example.nhs.uk", "DCR_PASSKEY_ORIGINS=https://other.example",
		"DCR_APPLE_APPS=ABCDE12345.uk.nhs.dorset", "DCR_ANDROID_APPS=uk.nhs.dorset=" + print, "DCR_OFFICE_ODS=qvv"})
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Residents; c.PasskeyHost() != "example.nhs.uk" || r.Office != "QVV" || len(r.Origins) != 1 || len(r.AppleApps) != 1 ||
		r.AndroidApps[0] != (AndroidApp{"uk.nhs.dorset", print}) || r.Idle != 30*time.Minute || r.CodeTries != 5 || r.CodeLife != 14*24*time.Hour ||
		r.Questions != (Questions{Answer: 28 * 24 * time.Hour, Remind: 7 * 24 * time.Hour, Open: 10, Again: 3}) {
		t.Errorf("got %+v", r)
	}
	for _, bad := range []string{"DCR_PASSKEY_HOST=elsewhere.example", "DCR_PUBLIC_URL=http://127.0.0.1:8080", "DCR_PASSKEY_ORIGINS=https://other.example/", "DCR_APPLE_APPS=x",
		"DCR_ANDROID_APPS=uk.nhs.dorset=AB", "DCR_OFFICE_ODS=!", "DCR_QUESTION_REMIND=672h", "DCR_QUESTION_OPEN=0", "DCR_QUESTION_AGAIN=x"} {
		key, _, _ := strings.Cut(bad, "=")
		var m Mistakes
		if _, err := Load("", []string{bad}); !errors.As(err, &m) || len(m) != 1 || key != "DCR_PUBLIC_URL" && !strings.HasPrefix(m[0], key) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
