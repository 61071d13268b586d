package server_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// fails answers log-ins with no passkey, saying that they come from elsewhere, and returns how many
// went through before the address had to wait.
func fails(r *testkit.Resident, tries int, forwarded ...string) (through int) {
	for range tries {
		a := r.Sends(http.MethodPost, "/citizen/v1/log-in/finish", `{"state":"x","credential":{}}`, func(q *http.Request) {
			for _, line := range forwarded {
				q.Header.Add("X-Forwarded-For", line)
			}
			q.Header.Set("X-Real-Ip", "198.51.100.77")
			q.Header.Set("Forwarded", "for=198.51.100.78")
		})
		if a.Status != http.StatusTooManyRequests {
			through++
		}
	}
	return through
}

// Without a proxy that is trusted, nobody gets a new budget by saying that they come from
// elsewhere.
func TestForwardedForIsNotBelieved(t *testing.T) {
	w, _, _ := world(t, func(c *config.Config) { c.Residents.Failures = 2 })
	anybody := w.Newcomer(rita)
	if n := fails(anybody, 12, "198.51.100.1"); n != 10 {
		t.Errorf("%d failures", n)
	}
	for _, lie := range []string{"198.51.100.2", "127.0.0.1", "::1", "", "nonsense", "198.51.100.3, 127.0.0.1"} {
		if n := fails(anybody, 2, lie); n != 0 {
			t.Errorf("as %q: %d more", lie, n)
		}
	}
}

// Behind a proxy of ours each caller has a budget of their own, which nothing that they
// write themselves renews.
func TestATrustedProxySpeaksForItsCallers(t *testing.T) {
	w, practice, _ := world(t, func(c *config.Config) {
		c.Residents.Failures, c.Proxies = 2, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	anybody := w.Newcomer(rita)
	if n := fails(anybody, 12, "198.51.100.1"); n != 10 {
		t.Errorf("%d failures of one", n)
	}
	for _, lie := range [][]string{{"198.51.100.9, 198.51.100.1"}, {"198.51.100.10", "198.51.100.1"}, {"127.0.0.1, 198.51.100.1"}, {"198.51.100.11, 198.51.100.1, 127.0.0.9"}} {
		if n := fails(anybody, 2, lie...); n != 0 {
			t.Errorf("as %q: %d more", lie, n)
		}
	}
	if n := fails(anybody, 12, "198.51.100.2"); n != 10 {
		t.Errorf("%d failures of another", n)
	}
	if n := fails(anybody, 1, "2001:db8:0:1::1") + fails(anybody, 12, "2001:db8:0:1:ffff::2"); n != 10 {
		t.Errorf("%d failures of one network", n)
	}
	sends(t, practice, http.StatusOK, rita.Patient())
	w.Resident(rita).LogsIn() // the proxy's own, which says nothing
}

// Questions for a passkey are free of writes but not of work: an address that asks on
// and on must wait, whoever it says it is.
func TestQuestionsForAPasskeyAreLimited(t *testing.T) {
	w, practice, _ := world(t, func(c *config.Config) {
		c.Residents.Failures, c.Proxies = 1, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	sends(t, practice, http.StatusOK, rita.Patient())
	rita := w.Resident(rita)
	from := func(q *http.Request) { q.Header.Set("X-Forwarded-For", "198.51.100.1") }
	asks := func(path, body string, n int) (through int, last testkit.Answer) {
		for range n {
			if last = rita.Sends(http.MethodPost, path, body, from); last.Status != http.StatusTooManyRequests {
				through++
			}
		}
		return through, last
	}
	n, last := asks("/citizen/v1/log-in/options", "{}", 510)
	if n != 500 || last.Header.Get("Retry-After") == "" {
		t.Errorf("%d log-ins begun; %v", n, last.Header)
	}
	for path, body := range map[string]string{"/citizen/v1/step-up/options": `{"action":"record.export"}`, "/citizen/v1/passkeys/options": "{}", "/citizen/v1/enrol/options": `{"fields":{"state":"x"}}`} {
		if n, _ := asks(path, body, 1); n != 0 {
			t.Errorf("%s goes on", path)
		}
	}
	rita.LogsIn() // from elsewhere
	rita.Confirms("record.export")
}
