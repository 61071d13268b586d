package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/obs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// listener is a place where requests come in.
type listener struct {
	name string
	addr net.Addr
}

// Addr is where a listener listens: "api", "sources" or "ops"; "" if there is none.
func (s *Server) Addr(name string) string {
	for _, l := range s.listeners {
		if l.name == name {
			return l.addr.String()
		}
	}
	return ""
}

// serve runs f on ln until it is stopped; that it ends by itself is a failure of
// the server.
func (s *Server) serve(name string, ln net.Listener, f func(net.Listener) error, end func(context.Context) error) {
	s.listeners = append(s.listeners, &listener{name, ln.Addr()})
	stopping := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := f(ln)
		select {
		case <-stopping:
		default:
			s.failed <- fmt.Errorf("listener %s: %w", name, err)
		}
	}()
	s.onStop("listener "+name, func(ctx context.Context) error {
		close(stopping)
		err := end(ctx)
		<-done
		return err
	})
}

func (s *Server) listenOps(ctx context.Context) error {
	if s.o.Config.Ops == "" {
		return nil
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.o.Config.Ops)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: obs.Handler(s.metrics, s.health), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	s.serve("ops", ln, srv.Serve, srv.Shutdown)
	return nil
}

// listenSocket opens the operators' socket, for the data folder's owner alone.
func (s *Server) listenSocket(ctx context.Context) error {
	ln, err := operator.Listen(s.o.Config.Data)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	serve := func(ln net.Listener) error { return operator.Serve(ctx, ln, s.Operations()) }
	s.serve("socket", ln, serve, func(context.Context) error { cancel(); return nil })
	return nil
}

func (s *Server) listen(ctx context.Context) error {
	c, p := s.o.Config, s.parts
	cursorKey, err := derive(p.secret, "page cursors")
	if err != nil {
		return err
	}
	o := api.Options{Records: p.records, Auth: p.oidc, Systems: p.smart, Certs: p.smart, Receiver: receiver{p},
		Log: s.o.Log, Metrics: routeMetrics{s.metrics}, Now: s.o.Now, BaseURL: c.PublicURL, Version: s.o.Version, CursorKey: cursorKey, OrgNames: s.orgName, Proxies: c.Proxies,
		Limits: api.Limits{Body: c.Limits.Body, Read: c.Limits.Read, Answer: c.Limits.Answer, Write: c.Limits.Write, Idle: c.Limits.Idle,
			PerSecond: float64(c.Limits.Rate), Burst: c.Limits.Burst, Everything: c.Limits.Everything, Page: c.Limits.PageDefault, PageMax: c.Limits.PageMax}}
	people := o
	s.audiences(&people)
	app := api.New(people)
	ln, err := open(ctx, c.API, tls.NoClientCert)
	if err != nil {
		return err
	}
	s.serveApp("api", ln, app)
	if c.Sources.Addr == "" {
		return nil
	}
	o.Limits.Body, o.Limits.Read, o.Limits.Answer, o.Limits.PerSecond = c.Limits.SourceBody, 6*c.Limits.Read, 6*c.Limits.Answer, 0
	o.Limits.Connections = 128 // each may hold a body while it arrives
	sources := api.NewSources(o)
	if ln, err = open(ctx, c.Sources, tls.VerifyClientCertIfGiven); err != nil {
		return err
	}
	s.serveApp("sources", ln, sources)
	return nil
}

// application is one of package api.
type application interface {
	Listener(ln net.Listener) error
	ShutdownWithContext(ctx context.Context) error
}

// serveApp serves an application. Its listener is closed too when it is to
// stop: an application that has not begun to serve would not notice otherwise. A
// connection on which no request ever came counts as one under way; that such are
// there at the end is no failure.
func (s *Server) serveApp(name string, ln net.Listener, app application) {
	s.serve(name, ln, app.Listener, func(ctx context.Context) error {
		err := app.ShutdownWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			s.log.Warn("connections cut off", "listener", name)
			err = nil
		}
		if closed := ln.Close(); !errors.Is(closed, net.ErrClosed) {
			err = errors.Join(err, closed)
		}
		return err
	})
}

// open opens a listener, which ends TLS if there is a certificate.
func open(ctx context.Context, l config.Listener, auth tls.ClientAuthType) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.Addr)
	if err != nil || l.Cert == "" {
		return ln, err
	}
	cert, err := tls.LoadX509KeyPair(l.Cert, l.Key)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("certificate %s with key %s: %w", l.Cert, l.Key, err), ln.Close())
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, ClientAuth: auth}
	if l.ClientCA != "" {
		pem, err := os.ReadFile(l.ClientCA)
		t.ClientCAs = x509.NewCertPool()
		if err != nil || !t.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, errors.Join(fmt.Errorf("%s: no certificates of authorities in it: %w", l.ClientCA, err), ln.Close())
		}
	}
	return tls.NewListener(ln, t), nil
}

// receiver is the feeds' door as the API calls it: with the client that the caller
// was registered as.
type receiver struct{ p *parts }

func (r receiver) Receive(ctx context.Context, caller identity.Caller, contentType string, body []byte) (int, []byte, error) {
	client, _, err := r.p.partners.Client(ctx, caller.Client)
	if err != nil {
		return 0, nil, err
	}
	return r.p.bundles.Receive(ctx, caller, client, contentType, body)
}

var _ feeds.Metrics = (*feedMetrics)(nil)
