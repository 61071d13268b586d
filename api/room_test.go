package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/api"
)

// A head that promises a large body costs as much memory as the body: however many
// connections send no more than that, there is an end to it. Others are told to come
// again, small bodies are taken as ever, and there is room again when they leave.
func TestPromisedBodiesAreBounded(t *testing.T) {
	const size, rooms = 1 << 20, 3
	w := newWorld(t, func(o *api.Options) { o.Limits.Body, o.Limits.Bodies = size, rooms*size })
	head := func(n int, more string) string {
		return fmt.Sprintf("POST /fhir/R4 HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n%s\r\n", n, more)
	}
	asks := func(request string) (status int, body string) {
		s, b, err := dial(t, w.srcURL).ask([]byte(request))
		fatal(t, err)
		return s, string(b)
	}
	var open []*conn
	for range rooms {
		c := dial(t, w.srcURL)
		_, err := c.Write([]byte(head(size, "Expect: 100-continue\r\n")))
		fatal(t, err)
		if line, err := c.r.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") { // its head was read
			t.Fatalf("%q %v", line, err)
		}
		open = append(open, c)
	}
	for range 20 {
		if status, body := asks(head(size, "") + "{"); status != 503 || !strings.Contains(body, "large Bundles") {
			t.Errorf("no room is left: %d %s", status, body)
		}
	}
	if status, _ := asks(head(2, "") + "{}"); status != 401 {
		t.Errorf("a small body: %d", status)
	}
	for _, c := range open {
		_ = c.Close()
	}
	status := 0
	for range 2000 { // the server notices soon
		if status, _ = asks(head(2<<16, "") + strings.Repeat(" ", 2<<16)); status != 503 {
			break
		}
	}
	if status != 401 {
		t.Errorf("when they have left: %d", status)
	}
}
