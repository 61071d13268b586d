package main

import (
	"context"
	"crypto/tls"
	"encoding/gob"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

// script is what the ceiling serves: by kind of work, some answers.
type script struct {
	Addr, TLSAddr, Cert, Key string
	Answers                  [][][]byte
}

// bare is the ceiling as its own process.
type bare struct {
	process *exec.Cmd
	works   []*work
}

func (b *bare) stop() {
	_ = b.process.Process.Kill()
	_ = b.process.Wait()
}

// startCeiling runs the ceiling for the same kinds of work, in another process as
// dcrd is.
func startCeiling(ctx context.Context, dir string, works []*work) (*bare, error) {
	ports, err := dcrd.FreePorts(2)
	if err != nil {
		return nil, err
	}
	pki := filepath.Join(dir, "large", "pki")
	s := script{Addr: ports[0], TLSAddr: ports[1], Cert: filepath.Join(pki, "server.pem"), Key: filepath.Join(pki, "server.key")}
	b := &bare{}
	for i, w := range works {
		s.Answers = append(s.Answers, w.answers)
		own := &work{name: "ceiling of " + w.name, addr: s.Addr, tls: w.tls}
		if w.tls == nil {
			own.request = func(k int) []byte {
				return fmt.Appendf(nil, "GET /%d/%d HTTP/1.1\r\nHost: %s\r\n\r\n", i, k%len(w.answers), s.Addr)
			}
		} else {
			own.addr, own.request = s.TLSAddr, w.request
		}
		b.works = append(b.works, own)
	}
	file := filepath.Join(dir, "script")
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := gob.NewEncoder(f).Encode(s); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b.process = exec.CommandContext(ctx, self, "ceiling", file, filepath.Join(dir, "ceiling"))
	b.process.Stderr = os.Stderr
	if err := b.process.Start(); err != nil {
		return nil, err
	}
	for _, addr := range ports {
		for {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				_ = c.Close()
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return b, ctx.Err()
}

// ceiling serves given bytes, each after one durable append of the size of a
// ledger's event: no token, no decision, no store.
func ceiling(ctx context.Context, file, dir string) error {
	runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0)) // as dcrd has
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	var s script
	if err := gob.NewDecoder(f).Decode(&s); err != nil {
		return err
	}
	e, err := bolt.Open(dir, nil, bolt.Options{})
	if err != nil {
		return err
	}
	log, err := e.Log(ctx, "bare")
	if err != nil {
		return err
	}
	event := make([]byte, 300)
	app := fiber.New(fiber.Config{DisableStartupMessage: true, BodyLimit: 16 << 20})
	app.Get("/:work/:answer", func(c *fiber.Ctx) error {
		if _, err := log.Append(ctx, event); err != nil {
			return err
		}
		w, _ := strconv.Atoi(c.Params("work"))
		a, _ := strconv.Atoi(c.Params("answer"))
		return c.Send(s.Answers[w][a])
	})
	app.Post("/fhir/R4", func(c *fiber.Ctx) error {
		if _, err := log.Append(ctx, append([]byte(nil), c.Body()...)); err != nil {
			return err
		}
		return c.Send(s.Answers[len(s.Answers)-1][0])
	})
	cert, err := tls.LoadX509KeyPair(s.Cert, s.Key)
	if err != nil {
		return err
	}
	secure, err := tls.Listen("tcp", s.TLSAddr, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert})
	if err != nil {
		return err
	}
	go func() { _ = app.Listener(secure) }()
	return app.Listen(s.Addr)
}
