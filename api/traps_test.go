package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// keeper keeps every string that a request gave it, as stores and caches do.
type keeper struct {
	api.Records
	mu   sync.Mutex
	kept []string
}

func (k *keeper) Verify(_ context.Context, token string) (identity.Caller, error) {
	k.keep(token)
	return identity.Caller{Kind: identity.Professional, ID: "x", Expires: now.Add(time.Hour)}, nil
}

func (k *keeper) OpenID(_ context.Context, _ identity.Caller, typ, id, what, requestID string) (*record.View, error) {
	k.keep(typ, id, requestID)
	return nil, errs.New(errs.NotFound, "no")
}

func (k *keeper) Find(_ context.Context, _ identity.Caller, requestID string, who record.Who) ([]record.Known, bool, error) {
	k.keep(who.Family, who.Given, who.BirthDate)
	return nil, false, nil
}

func (k *keeper) keep(s ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = append(k.kept, s...)
}

// fiber's strings are otherwise those of the request that comes next.
func TestStringsOutliveTheirRequest(t *testing.T) {
	k := &keeper{}
	w := newWorld(t, func(o *api.Options) { o.Records, o.Auth = k, k })
	c := dial(t, w.url)
	var want []string
	for i := range 500 {
		token, id := fmt.Sprintf("token-%04d", i), fmt.Sprintf("p%016d-%016d", i, i)
		want = append(want, token, "Observation", id, fmt.Sprintf("request-%04d", i))
		req := strings.Replace(string(raw(token, "/fhir/R4/Observation/"+id)), "Host:", fmt.Sprintf("X-Request-ID: request-%04d\r\nHost:", i), 1)
		if _, _, err := c.ask([]byte(req)); err != nil {
			t.Fatal(err)
		}
		form := fmt.Sprintf("family=Fam%04d&given=Giv%04d&birthdate=1950-02-03", i, i)
		want = append(want, token, fmt.Sprintf("Fam%04d", i), fmt.Sprintf("Giv%04d", i), "1950-02-03")
		post := fmt.Sprintf("POST /fhir/R4/Patient/_search HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", token, len(form), form)
		if status, body, err := c.ask([]byte(post)); err != nil || status != 200 {
			t.Fatal(status, err, string(body))
		}
	}
	for i := range want {
		if k.kept[i] != want[i] {
			t.Fatalf("string %d became %q, was %q", i, k.kept[i], want[i])
		}
	}
}

// wire sends bytes and returns all that comes back until the server closes.
func wire(t *testing.T, url, text string) string {
	t.Helper()
	c := dial(t, url)
	fatal(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	_, err := c.Write([]byte(text))
	fatal(t, err)
	b, err := io.ReadAll(c)
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		t.Fatal("the server left the connection open")
	}
	return string(b)
}

// What cannot be read as a request is answered by us too, and nothing of it comes
// back.
func TestMalformedRequests(t *testing.T) {
	w := newWorld(t)
	const secret = "Authorization: Bearer SECRET-TOKEN\r\n"
	tests := []struct{ name, text, status string }{
		{"no Host", "GET /fhir/R4/metadata?x=SECRET HTTP/1.1\r\nConnection: close\r\n" + secret + "\r\n", "400"},
		{"no request line", "SECRET\r\n\r\n", "400"},
		{"a header without a colon", "GET / HTTP/1.1\r\nSECRET\r\nHost: h\r\n\r\n", "400"},
		{"two lengths", "POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\ncontent-length: 0\r\n\r\nSECRET", "400"},
		{"a length and chunks", "POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nSECRET\r\n0\r\n\r\n", "400"},
		{"two hosts", "GET /fhir/R4/metadata HTTP/1.1\r\nHost: h\r\nHost: SECRET\r\n\r\n", "400"},
		{"another coding", "POST /oauth/token HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\nSECRET", "400"},
		{"chunks and another coding", "POST /oauth/token HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "400"},
		{"a huge header", "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("SECRET", 4000) + "\r\n\r\n", "431"},
		{"a huge URL", "GET /" + strings.Repeat("SECRET", 4000) + " HTTP/1.1\r\nHost: h\r\n\r\n", "431"},
		{"a length that is none", "POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: SECRET\r\n\r\n", "400"},
		{"a body over the limit", "POST /oauth/token HTTP/1.1\r\nHost: h\r\n" + secret + "Content-Length: 999999\r\n\r\nSECRET", "413"},
		{"a chunk over the limit", "POST /oauth/token HTTP/1.1\r\nHost: h\r\n" + secret + "Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + strings.Repeat("SECRET", 20000), "413"},
		{"an unknown method", "SECRET /fhir/R4/metadata HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "405"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := wire(t, w.url, tt.text)
			if !strings.HasPrefix(got, "HTTP/1.1 "+tt.status+" ") {
				t.Errorf("answered %.300q", got)
			}
			if strings.Contains(got, "SECRET") {
				t.Errorf("echoed: %.300q", got)
			}
			for _, h := range []string{"X-Request-Id: ", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"} {
				if !strings.Contains(got, h) {
					t.Errorf("no %s in %.400q", h, got)
				}
			}
		})
	}
	if log := w.log.String(); strings.Contains(log, "SECRET") {
		t.Error("logged what was sent")
	} else if n := strings.Count(log, `"msg":"request"`); n != len(tests) {
		t.Errorf("%d lines for %d requests", n, len(tests))
	}
}

func TestSlowAndIdleConnectionsEnd(t *testing.T) {
	w := newWorld(t, func(o *api.Options) { o.Limits = api.Limits{Read: 50 * time.Millisecond, Idle: 50 * time.Millisecond} })
	if got := wire(t, w.url, "GET /fhir/R4/metadata HTTP/1.1\r\nHost:"); strings.Contains(got, "200") {
		t.Errorf("half a head was answered %.100q", got)
	}
	if got := wire(t, w.url, "POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf"); !strings.HasPrefix(got, "HTTP/1.1 408") {
		t.Errorf("half a body was answered %.100q", got)
	}
	if got := wire(t, w.url, "GET /fhir/R4/metadata HTTP/1.1\r\nHost: h\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Errorf("before it was idle: %.100q", got)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	w := newWorld(t, func(o *api.Options) { o.Limits.Connections = 2 })
	var open []*conn
	for range 2 {
		c := dial(t, w.url)
		if status, _, err := c.ask(raw("none", "/fhir/R4/metadata")); err != nil || status != 200 {
			t.Fatal(status, err)
		}
		open = append(open, c)
	}
	if got := wire(t, w.url, "GET /fhir/R4/metadata HTTP/1.1\r\nHost: h\r\n\r\n"); got != "" && !strings.HasPrefix(got, "HTTP/1.1 503") {
		t.Errorf("the third connection was answered %.100q", got)
	}
	if status, _, err := open[0].ask(raw("none", "/fhir/R4/metadata")); err != nil || status != 200 {
		t.Error("those that were open suffer:", status, err)
	}
}

func TestEncodedBodiesAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, base := range []string{w.url + "/oauth/token", w.srcURL + "/fhir/R4"} {
		for _, encoding := range []string{"gzip", "identity", "br", "x"} {
			a := w.at(base, request{method: http.MethodPost, token: "none", body: "x", header: map[string]string{"Content-Encoding": encoding}})
			if a.status != http.StatusUnsupportedMediaType {
				t.Errorf("%s %s: %d", base, encoding, a.status)
			}
		}
	}
}

func TestMediaTypes(t *testing.T) {
	w := newWorld(t)
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	w.tokens["feed"] = identity.Caller{Kind: identity.Source, ID: "uhd", Client: "uhd", Org: hospital.Org, Expires: now.Add(time.Hour)}
	const bundle = `{"resourceType":"Bundle"}`
	tests := []struct {
		base, path, token, media, body string
		want                           int
	}{
		{w.srcURL, "/fhir/R4", "feed", "application/fhir+json", bundle, 200},
		{w.srcURL, "/fhir/R4", "feed", "application/json; charset=UTF-8", bundle, 200},
		{w.srcURL, "/fhir/R4", "feed", "application/xml", "<Bundle/>", 415},
		{w.srcURL, "/fhir/R4", "feed", "application/fhir+xml", "<Bundle/>", 415},
		{w.srcURL, "/fhir/R4", "feed", "application/x-www-form-urlencoded", "resourceType=Bundle", 415},
		{w.srcURL, "/fhir/R4", "feed", "multipart/form-data; boundary=x", "--x\r\n\r\n\r\n--x--", 415},
		{w.srcURL, "/fhir/R4", "feed", "application/fhir+json; charset=utf-16", bundle, 415},
		{w.srcURL, "/fhir/R4", "feed", "application/fhir+json", "", 400},
		{w.url, "/fhir/R4/Patient/_search", doc, "application/json", `{"family":"x"}`, 415},
		{w.url, "/fhir/R4/Patient/_search", doc, "multipart/form-data; boundary=x", "--x\r\n\r\n\r\n--x--", 415},
		{w.url, "/oauth/token", "", "application/json", `{}`, 415},
	}
	for _, tt := range tests {
		a := w.at(tt.base, request{method: http.MethodPost, path: tt.path, token: tt.token, body: tt.body, header: map[string]string{"Content-Type": tt.media}})
		if a.status != tt.want {
			t.Errorf("%s %s: %d, want %d: %s", tt.path, tt.media, a.status, tt.want, a.body)
		}
	}
}

// A receiver keeps the body: it must not become that of the next request.
func TestReceivedBodiesAreTheReceivers(t *testing.T) {
	w := newWorld(t)
	w.tokens["feed"] = identity.Caller{Kind: identity.Source, ID: "uhd", Client: "uhd", Org: hospital.Org, Expires: now.Add(time.Hour)}
	c := dial(t, w.srcURL)
	for i := range 200 {
		body := fmt.Sprintf(`{"resourceType":"Bundle","id":"%04d","x":"%s"}`, i, strings.Repeat(string(rune('a'+i%26)), 500))
		req := fmt.Sprintf("POST /fhir/R4 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer feed\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if status, got, err := c.ask([]byte(req)); err != nil || status != 200 {
			t.Fatal(status, err, string(got))
		}
	}
	n := 0
	w.sent.Range(func(key, value any) bool {
		n++
		body := string(value.([]byte))
		if !strings.HasPrefix(body, key.(string)) || !strings.Contains(body, strings.Repeat(string(body[len(body)-3]), 500)) {
			t.Fatalf("a body changed: %.60s", body)
		}
		return true
	})
	if n != 200 {
		t.Errorf("%d bodies", n)
	}
}

func TestNobodyBelievesProxies(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	a := w.do(request{method: "GET", path: "/fhir/R4/Observation?patient=" + p, token: doc, header: map[string]string{
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-For": "1.2.3.4", "Forwarded": "host=evil.example"}})
	if strings.Contains(a.body, "evil") || !strings.Contains(a.body, `"https://record.example/fhir/R4/Observation?`) {
		t.Errorf("%s", a.body)
	}
	if c := w.app.Config(); !c.EnableTrustedProxyCheck || len(c.TrustedProxies) > 0 || c.ProxyHeader != "" || !c.Immutable || c.StreamRequestBody {
		t.Error("fiber's settings have changed")
	}
}

func TestPathsAreExact(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]int{
		"/fhir/R4/metadata": 200, "/fhir/R4/metadata/": 404, "/FHIR/R4/metadata": 404, "/fhir/r4/metadata": 404, "/fhir/R4/Metadata": 401,
		"/fhir/R4//metadata": 404, "/": 404, "/fhir/R4": 404, "/favicon.ico": 404, "/fhir/R4/../../etc/passwd": 404,
	} {
		if a := w.get("", path); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	tests := []struct{ method, path, allow string }{
		{"DELETE", "/fhir/R4/Patient/" + p, "GET, HEAD"},
		{"PUT", "/fhir/R4/Patient/" + p, "GET, HEAD"},
		{"PATCH", "/fhir/R4/Patient/" + p, "GET, HEAD"},
		{"POST", "/fhir/R4/metadata", "GET, HEAD"},
		{"GET", "/oauth/token", "POST"},
		{"OPTIONS", "/fhir/R4/metadata", "GET, HEAD"},
	}
	for _, tt := range tests {
		a := w.do(request{method: tt.method, path: tt.path, token: doc})
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, Allow %q", tt.method, tt.path, a.status, a.header.Get("Allow"))
		}
	}
	w.trail()
	a := w.do(request{method: "HEAD", path: "/fhir/R4/Patient/" + p, token: doc})
	if a.status != 200 || a.body != "" || a.header.Get("ETag") == "" || a.header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d %q %v", a.status, a.body, a.header)
	}
	if trail := w.trail(); len(trail) != 1 {
		t.Errorf("a HEAD is a look too: %v", trail)
	}
	got := wire(t, w.url, "GET /fhir/R4/metadata HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
	if !strings.HasPrefix(got, "HTTP/1.1 400") {
		t.Errorf("GET with a body: %.100q", got)
	}
}

// thrower panics with somebody's data.
type thrower struct{}

func (thrower) Verify(context.Context, string) (identity.Caller, error) {
	panic("Mary Smith 9990000018")
}

func TestPanicsTellNothing(t *testing.T) {
	w := newWorld(t, func(o *api.Options) { o.Auth = thrower{} })
	for _, path := range []string{"/fhir/R4/Patient/x", "/fhir/R4/Observation?patient=x"} {
		a := w.get("token", path)
		if a.status != http.StatusInternalServerError || strings.Contains(a.body, "Mary") || !strings.Contains(a.body, "OperationOutcome") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if log := w.log.String(); strings.Contains(log, "Mary") || strings.Count(log, `"msg":"panic"`) != 2 || strings.Count(log, `"status":500`) != 2 {
		t.Errorf("log: %s", log)
	}
}

func TestRequestIDs(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	for id, taken := range map[string]bool{"abc-123_X.y": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false, "a b": false, `"><script>`: false} {
		a := w.do(request{method: "GET", path: "/fhir/R4/Patient/" + p, token: doc, header: map[string]string{"X-Request-ID": id, "X-Correlation-ID": id}})
		got := a.header.Get("X-Request-ID")
		if (got == id) != taken || got == "" || (a.header.Get("X-Correlation-ID") == id) != taken {
			t.Errorf("%q: answered %v", id, a.header)
		}
		if !strings.Contains(w.log.String(), `"id":"`+got+`"`) {
			t.Errorf("%q is not in the log", got)
		}
	}
	if a, b := w.get("", "/fhir/R4/metadata"), w.get("", "/fhir/R4/metadata"); a.header.Get("X-Request-ID") == b.header.Get("X-Request-ID") {
		t.Error("two requests have one id")
	}
}

// One line for each request, with the route and not the path.
func TestLogLine(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	w.get(doc, "/fhir/R4/Patient/"+p+"?_format=json")
	sc := bufio.NewScanner(strings.NewReader(w.log.String()))
	n := 0
	for sc.Scan() {
		n++
		line := sc.Text()
		for _, want := range []string{`"route":"/fhir/R4/:type/:id"`, `"method":"GET"`, `"status":200`, `"type":"Patient"`, `"caller":"cis2/doc"`, `"org":"J81001"`} {
			if !strings.Contains(line, want) {
				t.Errorf("no %s in %s", want, line)
			}
		}
		if strings.Contains(line, p) || strings.Contains(line, "_format") || strings.Contains(line, "Dr A") {
			t.Errorf("too much in %s", line)
		}
	}
	if n != 1 {
		t.Errorf("%d lines", n)
	}
}
