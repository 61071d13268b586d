package main

import (
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// How dcrd is known to the issuers of the county.
const (
	staffClient, staffReturn = "dcr-staff", "/staff/log-in/" + issuerName + "/return"
	nhsClient, nhsReturn     = "dcr", "/nhs-login/return"
)

//go:embed login.html
var loginPage embed.FS

// door is the page of an issuer on which somebody says who they are. It remembers a
// browser for as long as it runs: a second log-in is one click, and goes on with the
// first, unless they choose to be somebody else.
type door struct {
	flow   *oidctest.Flow
	title  string
	cookie string
	levels []string
	people []choice // that the page offers
	find   func(text string) (user string, ok bool)
	now    func() time.Time
	page   *template.Template

	mu    sync.Mutex
	known map[string]oidctest.Grant
}

// choice is one of those whom the page offers.
type choice struct{ User, Words string }

// mount adds the endpoints of an issuer to mux, those of its flow under base.
func (d *door) mount(mux *http.ServeMux, base string) error {
	page, err := template.ParseFS(loginPage, "login.html")
	if err != nil {
		return err
	}
	d.page, d.known = page, map[string]oidctest.Grant{}
	mux.HandleFunc("GET /.well-known/openid-configuration", d.flow.Discovery)
	mux.HandleFunc("GET /.well-known/jwks.json", d.flow.JWKS)
	mux.HandleFunc("GET "+base+"/authorize", d.ask)
	mux.HandleFunc("POST "+base+"/authorize", d.choose)
	mux.HandleFunc("POST "+base+"/token", d.flow.Token)
	mux.HandleFunc("GET "+base+"/userinfo", d.flow.UserInfo)
	return nil
}

// read checks what the client asks for, and answers itself if that does not hold.
func (d *door) read(w http.ResponseWriter, r *http.Request) (oidctest.Asked, bool) {
	asked, err := d.flow.Read(r.URL.Query())
	if err == nil {
		return asked, true
	}
	if refused, ok := errors.AsType[*oidctest.Refused](err); ok {
		http.Redirect(w, r, refused.To, http.StatusFound)
		return asked, false
	}
	http.Error(w, err.Error(), http.StatusBadRequest)
	return asked, false
}

func (d *door) ask(w http.ResponseWriter, r *http.Request) {
	asked, ok := d.read(w, r)
	if !ok {
		return
	}
	if asked.Prompt == "none" {
		if g, known := d.remembered(r); known {
			http.Redirect(w, r, d.flow.Grant(asked, g), http.StatusFound)
			return
		}
		http.Redirect(w, r, d.flow.Deny(asked, "login_required"), http.StatusFound)
		return
	}
	d.show(w, r, http.StatusOK, "")
}

// remembered returns as whom this browser logged in before.
func (d *door) remembered(r *http.Request) (oidctest.Grant, bool) {
	c, err := r.Cookie(d.cookie)
	if err != nil {
		return oidctest.Grant{}, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	g, known := d.known[c.Value]
	return g, known
}

func (d *door) show(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	user, level := r.PostForm.Get("user"), r.PostForm.Get("level") // what was chosen just now
	if user == "" {
		g, _ := d.remembered(r)
		user, level = g.User, g.Level
	}
	_ = d.page.Execute(w, map[string]any{"User": user, "Level": level, "Title": d.title, "People": d.people, "Levels": d.levels, "Action": r.URL.RequestURI(), "Wrong": wrong, "Typed": d.find != nil})
}

// choose takes the form of the page. What the client asked for is in its address, and
// is checked again.
func (d *door) choose(w http.ResponseWriter, r *http.Request) {
	asked, ok := d.read(w, r)
	if !ok {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	if r.PostForm.Has("deny") {
		http.Redirect(w, r, d.flow.Deny(asked, "access_denied"), http.StatusFound)
		return
	}
	g := oidctest.Grant{User: r.PostForm.Get("user"), Level: r.PostForm.Get("level"), AuthTime: d.now()}
	if typed := r.PostForm.Get("typed"); typed != "" && d.find != nil {
		if g.User, ok = d.find(typed); !ok {
			d.show(w, r, http.StatusBadRequest, "Nobody in the county has this number.")
			return
		}
	}
	if g.User == "" {
		d.show(w, r, http.StatusBadRequest, "Say who you are.")
		return
	}
	if len(asked.Vectors) > 0 && g.Level < asked.Vectors[0][:2] {
		d.show(w, r, http.StatusBadRequest, "The service asks for "+asked.Vectors[0][:2]+": less is not enough.")
		return
	}
	if before, known := d.remembered(r); known && asked.Prompt != "login" && before.User == g.User && before.Level == g.Level {
		g.AuthTime = before.AuthTime // they are logged in still
	}
	id := rand.Text()
	d.mu.Lock()
	d.known[id] = g
	d.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: d.cookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, d.flow.Grant(asked, g), http.StatusFound)
}

// offered is how many people the page of NHS login lists; others type their number.
const offered = 50

// newNHSLogin plays NHS login for the county's residents.
func newNHSLogin(dir string, s settings, county *seed.County, now func() time.Time) (http.Handler, error) {
	key, err := readRSA(filepath.Join(dir, "nhs-login.key"))
	if err != nil {
		return nil, err
	}
	client, err := readRSA(filepath.Join(dir, nhsClientKey))
	if err != nil {
		return nil, err
	}
	signer, err := oidctest.NewRSA(key, "nhs-login-1")
	if err != nil {
		return nil, err
	}
	residents := map[string]int{} // by sub
	numbers := map[string]string{}
	d := &door{title: "NHS login (simulated)", cookie: "sim-nhs-login", levels: []string{"P9", "P5", "P0"}, now: now,
		find: func(text string) (string, bool) {
			n, err := nhs.ParseNumber(text)
			if err != nil {
				return "", false
			}
			user, ok := numbers[n.Digits()]
			return user, ok
		}}
	for i := range county.Len() {
		p, sub := county.Person(i), fmt.Sprintf("resident-%d", i+1)
		residents[sub], numbers[p.Number.Digits()] = i, sub
		if i < offered {
			d.people = append(d.people, choice{sub, fmt.Sprintf("%s %s, born %s", p.Given[0], p.Family, p.BirthDate())})
		}
	}
	d.flow = oidctest.NewFlow(oidctest.FlowOptions{URL: s.nhsLoginURL(), Keys: signer.Keys, Sign: signer.Sign, Now: now, Vectors: true,
		Clients: []oidctest.Client{{ID: nhsClient, Redirect: s.publicURL() + nhsReturn, Key: &client.PublicKey}},
		Claims: func(g oidctest.Grant) (token, info map[string]any) {
			vector := g.Level + ".Cp.Cd"
			token = map[string]any{"vot": vector, "vtm": s.nhsLoginURL() + "/trustmark/" + s.NHSLogin, "identity_proofing_level": g.Level}
			info = map[string]any{"identity_proofing_level": g.Level}
			if i, ok := residents[g.User]; ok && g.Level > "P0" {
				p := county.Person(i)
				for _, m := range []map[string]any{token, info} {
					m["nhs_number"], m["birthdate"], m["family_name"] = p.Number.Digits(), p.BirthDate(), p.Family
				}
			}
			return token, info
		}})
	mux := http.NewServeMux()
	return mux, d.mount(mux, "")
}

// staffDoor adds the log-in of professionals in a browser to their issuer. As in
// CIS2, the roles are in the user information.
func staffDoor(dir string, s settings, county *seed.County, issuer *oidctest.Issuer, now func() time.Time) (*door, error) {
	client, err := readKey(filepath.Join(dir, staffClientKey))
	if err != nil {
		return nil, err
	}
	d := &door{title: "Log in as staff (simulated)", cookie: "sim-staff", now: now}
	bySub := map[string]seed.Professional{}
	for _, p := range county.Professionals() {
		bySub[p.Sub] = p
		d.people = append(d.people, choice{p.Sub, fmt.Sprintf("%s: %s, %s, %s", p.User, p.Name(), p.Role, p.Org.Name)})
	}
	d.flow = oidctest.NewFlow(oidctest.FlowOptions{URL: s.issuerURL(), Base: "/connect", Keys: issuer.Keys, Sign: issuer.Sign, Now: now,
		Clients: []oidctest.Client{{ID: staffClient, Redirect: s.publicURL() + staffReturn, Key: &client.PublicKey}},
		Claims: func(g oidctest.Grant) (token, info map[string]any) {
			all := issuer.Claims(asPerson(bySub[g.User]), now())
			token = map[string]any{"acr": all["acr"], "selected_roleid": all["selected_roleid"]}
			info = map[string]any{"nhsid_useruid": all["nhsid_useruid"], "nhsid_nrbac_roles": all["nhsid_nrbac_roles"], "name": all["name"]}
			return token, info
		}})
	return d, nil
}

// publicURL is how browsers reach dcrd: by a name, where passkeys are made, as they
// are for names only.
func (s settings) publicURL() string {
	u := url.URL{Scheme: "http", Host: s.API}
	if u.Hostname() == "127.0.0.1" {
		u.Host = "localhost:" + u.Port()
	}
	return u.String()
}

func (s settings) nhsLoginURL() string { return "http://" + s.NHSLogin }
