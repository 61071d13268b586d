package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// conn is a kept-alive connection that says exactly what it is told, and costs
// little.
type conn struct {
	net.Conn
	r    *bufio.Reader
	body []byte
}

func dial(t testing.TB, url string) *conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	fatal(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &conn{Conn: c, r: bufio.NewReaderSize(c, 64<<10)}
}

// ask writes a request and returns the answer's status and body, which is valid
// until the next.
func (c *conn) ask(request []byte) (status int, body []byte, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("no status in %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, err
	}
	length := 0
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, nil, err
		}
		if len(line) <= 2 {
			break
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return 0, nil, err
			}
		}
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	_, err = io.ReadFull(c.r, c.body)
	return status, c.body, err
}

// raw writes a GET as it goes over the wire.
func raw(token, path string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: record.example\r\nAuthorization: Bearer " + token + "\r\nAccept: application/fhir+json\r\n\r\n")
}
