package dcrd

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
)

// Conn is a connection that does one request after the other, cheaply: it shares
// the machine with what it measures.
type Conn struct {
	net.Conn
	buf []byte
}

// Dial connects; t is nil for a plain connection.
func Dial(addr string, t *tls.Config) (*Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if t != nil {
		c = tls.Client(c, t)
	}
	return &Conn{Conn: c, buf: make([]byte, 64<<10)}, nil
}

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
)

// Do sends a request and returns the answer's status and body, which is valid
// until the next one.
func (c *Conn) Do(request []byte) (status int, answer []byte, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, nil, err
	}
	n, body, length := 0, -1, 0
	for body < 0 || n < body+length {
		if n == len(c.buf) {
			c.buf = append(c.buf, make([]byte, len(c.buf))...)
		}
		m, err := c.Read(c.buf[n:])
		if err != nil {
			return 0, nil, err
		}
		n += m
		if body >= 0 {
			continue
		}
		head := bytes.Index(c.buf[:n], headEnd)
		if head < 0 {
			continue
		}
		body = head + len(headEnd)
		if at := bytes.Index(c.buf[:head+2], contentLength); at >= 0 {
			value := c.buf[at+len(contentLength) : head+2]
			length, _ = strconv.Atoi(string(value[:bytes.IndexByte(value, '\r')]))
		}
	}
	const atStatus = len("HTTP/1.1 ")
	if n < atStatus+3 {
		return 0, nil, errors.New("what answers does not speak HTTP")
	}
	status, err = strconv.Atoi(string(c.buf[atStatus : atStatus+3]))
	return status, c.buf[body : body+length], err
}
