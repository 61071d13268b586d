package nhslogin_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/codeflow"
	"github.com/dorsetcarerecord/dcr/internal/identity/nhslogin"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

const public = "https://record.example"

var mary = nhs.MustNumber("9990000018")

// world is NHS login on a real socket.
type world struct {
	t           *testing.T
	now         time.Time
	url         string
	flow        *oidctest.Flow
	client      *nhslogin.Client
	token, info map[string]any // over what it says of Mary
	signedIn    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	w.signedIn = w.now
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := oidctest.NewRSA(own, "1")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return w.now }
	w.flow = oidctest.NewFlow(oidctest.FlowOptions{URL: w.url, Clients: []oidctest.Client{{ID: "dorset", Redirect: public + nhslogin.ReturnPath, Key: &own.PublicKey}},
		Keys: signer.Keys, Sign: signer.Sign, Now: now, Vectors: true, Claims: w.claims})
	mux.HandleFunc("/.well-known/openid-configuration", w.flow.Discovery)
	mux.HandleFunc("/.well-known/jwks.json", w.flow.JWKS)
	mux.HandleFunc("/token", w.flow.Token)
	mux.HandleFunc("/userinfo", w.flow.UserInfo)
	key, err := codeflow.NewKey(own)
	if err != nil {
		t.Fatal(err)
	}
	w.client, err = nhslogin.New(nhslogin.Options{Issuer: w.url, ClientID: "dorset", Key: key, PublicURL: public, Seal: bytes.Repeat([]byte{1}, 32), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) claims(oidctest.Grant) (token, info map[string]any) {
	token = map[string]any{"vot": "P9.Cp.Cd", "vtm": w.url + "/trustmark", "nhs_number": mary.Digits(), "birthdate": "1950-02-03", "family_name": "Marigold", "identity_proofing_level": "P9"}
	info = map[string]any{"nhs_number": mary.Digits(), "birthdate": "1950-02-03", "identity_proofing_level": "P9"}
	for into, over := range map[*map[string]any]map[string]any{&token: w.token, &info: w.info} {
		for name, v := range over {
			if v == nil {
				delete(*into, name)
				continue
			}
			(*into)[name] = v
		}
	}
	return token, info
}

// logsIn logs Mary in.
func (w *world) logsIn(l nhslogin.Level) (nhslogin.Claims, url.Values, error) {
	w.t.Helper()
	b, err := w.client.Begin(w.t.Context(), l, "/enrol")
	if err != nil {
		w.t.Fatal(err)
	}
	at, err := url.Parse(b.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	asked, err := w.flow.Read(at.Query())
	if err != nil {
		w.t.Fatal(err)
	}
	_, query, _ := strings.Cut(w.flow.Grant(asked, oidctest.Grant{User: "24400320", AuthTime: w.signedIn}), "?")
	c, err := w.client.Finish(w.t.Context(), b.Cookie, query)
	return c, at.Query(), err
}

func TestWhatIsAsked(t *testing.T) {
	w := newWorld(t)
	got, asked, err := w.logsIn(nhslogin.P9)
	if err != nil {
		t.Fatal(err)
	}
	want := nhslogin.Claims{NHSNumber: mary, BirthDate: "1950-02-03", Proofing: "P9", VoT: "P9.Cp.Cd", Sub: "24400320", AuthTime: w.now, Return: "/enrol"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, changing := range []string{"state", "nonce", "code_challenge"} {
		if len(asked.Get(changing)) < 26 {
			t.Errorf("%s is %q", changing, asked.Get(changing))
		}
		asked.Del(changing)
	}
	if d := cmp.Diff(url.Values{"client_id": {"dorset"}, "redirect_uri": {public + "/nhs-login/return"}, "response_type": {"code"}, "scope": {"openid profile"},
		"prompt": {"login"}, "vtr": {`["P9.Cp.Cd","P9.Cp.Ck","P9.Cm"]`}, "code_challenge_method": {"S256"}}, asked); d != "" {
		t.Error(d)
	}
}

func TestWhatIsTaken(t *testing.T) {
	p5 := map[string]any{"vot": "P5.Cp.Ck", "identity_proofing_level": "P5"}
	level5 := map[string]any{"identity_proofing_level": "P5"}
	for name, tt := range map[string]struct {
		asked       nhslogin.Level
		token, info map[string]any
		code        string // of the refusal
	}{
		"P9 by shared key":             {asked: nhslogin.P9, token: map[string]any{"vot": "P9.Cp.Ck"}},
		"P9 by own key":                {asked: nhslogin.P9, token: map[string]any{"vot": "P9.Cm"}},
		"all in the user information":  {asked: nhslogin.P9, token: map[string]any{"nhs_number": nil, "birthdate": nil, "identity_proofing_level": nil}},
		"all in the ID token":          {asked: nhslogin.P9, info: map[string]any{"nhs_number": nil, "birthdate": nil, "identity_proofing_level": nil}},
		"P5 where it is enough":        {asked: nhslogin.P5, token: p5, info: level5},
		"P9 where P5 is enough":        {asked: nhslogin.P5},
		"P5":                           {nhslogin.P9, p5, level5, nhslogin.CodeProofing},
		"P0 where P5 was asked for":    {nhslogin.P5, map[string]any{"vot": "P0.Cp.Cd", "identity_proofing_level": "P0"}, map[string]any{"identity_proofing_level": "P0"}, nhslogin.CodeProofing},
		"one factor":                   {nhslogin.P9, map[string]any{"vot": "P9.Cp"}, nil, nhslogin.CodeProofing},
		"a vector that there is not":   {nhslogin.P9, map[string]any{"vot": "P9.Cp.Cd.Cm"}, nil, nhslogin.CodeProofing},
		"no vector":                    {nhslogin.P9, map[string]any{"vot": nil}, nil, nhslogin.CodeProofing},
		"a vector of the userinfo":     {nhslogin.P9, map[string]any{"vot": nil}, map[string]any{"vot": "P9.Cm"}, nhslogin.CodeProofing},
		"another trustmark":            {nhslogin.P9, map[string]any{"vtm": "https://evil.example/trustmark"}, nil, codeflow.CodeFailed},
		"no trustmark":                 {nhslogin.P9, map[string]any{"vtm": nil}, nil, codeflow.CodeFailed},
		"level and vector disagree":    {nhslogin.P9, level5, level5, codeflow.CodeFailed},
		"no level":                     {nhslogin.P9, map[string]any{"identity_proofing_level": nil}, map[string]any{"identity_proofing_level": nil}, codeflow.CodeFailed},
		"the numbers disagree":         {nhslogin.P9, nil, map[string]any{"nhs_number": "9990000042"}, codeflow.CodeFailed},
		"the birth dates disagree":     {nhslogin.P9, nil, map[string]any{"birthdate": "1950-02-04"}, codeflow.CodeFailed},
		"another's user information":   {nhslogin.P9, nil, map[string]any{"sub": "1"}, codeflow.CodeFailed},
		"no number":                    {nhslogin.P9, map[string]any{"nhs_number": nil}, map[string]any{"nhs_number": nil}, nhslogin.CodeUnknown},
		"a number that is none":        {nhslogin.P9, map[string]any{"nhs_number": "9990000019"}, map[string]any{"nhs_number": nil}, nhslogin.CodeUnknown},
		"no birth date":                {nhslogin.P9, map[string]any{"birthdate": nil}, map[string]any{"birthdate": nil}, nhslogin.CodeUnknown},
		"half a birth date":            {nhslogin.P9, map[string]any{"birthdate": "1950"}, map[string]any{"birthdate": nil}, nhslogin.CodeUnknown},
		"a number that is a number":    {nhslogin.P9, map[string]any{"nhs_number": 9990000018}, nil, codeflow.CodeFailed},
		"logged in before, not for us": {nhslogin.P9, map[string]any{"auth_time": int64(1)}, nil, codeflow.CodeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.token, w.info = tt.token, tt.info
			got, _, err := w.logsIn(tt.asked)
			if errs.CodeOf(err) != tt.code || (err == nil) != (tt.code == "") {
				t.Fatalf("%v", err)
			}
			if err == nil && (got.NHSNumber != mary || got.BirthDate != "1950-02-03" || got.Proofing != got.VoT[:2]) {
				t.Errorf("%+v", got)
			}
			if err != nil && strings.Contains(err.Error(), mary.Digits()) {
				t.Error("the error shows whose it is")
			}
		})
	}
}

func TestNoSecret(t *testing.T) {
	if _, err := nhslogin.New(nhslogin.Options{Issuer: "https://auth.login.nhs.uk", ClientID: "dorset", PublicURL: public, Seal: make([]byte, 32), Now: time.Now}); err == nil {
		t.Error("a client without a key")
	}
}
