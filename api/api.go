// Package api is the front door: a fiber application for people and their
// clinical systems, another for the systems that send. It limits, authenticates,
// writes the log line and turns errors into answers; what may be seen is decided
// behind it, by the record.
package api

//go:generate go run ./internal/openapi -root ..

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/smart"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// Records is what the API needs of the record; *record.Records is one.
type Records interface {
	// Open decides, writes the decision down, and gives a view of what was granted.
	Open(ctx context.Context, caller identity.Caller, q record.Request) (*record.View, error)
	// OpenID is Open for the person whose entry has that id.
	OpenID(ctx context.Context, caller identity.Caller, typ, id, what, requestID string) (*record.View, error)
	OpenDirectory(ctx context.Context, caller identity.Caller, typ, requestID string) (*record.Directory, error)
	Find(ctx context.Context, caller identity.Caller, requestID string, who record.Who) (people []record.Known, withheld bool, err error)
	// OpenAccesses opens the list of who looked, for the person themself.
	OpenAccesses(ctx context.Context, caller identity.Caller, p record.PersonID, requestID string) (*record.Accesses, error)
}

// Verifier makes a caller of a professional's bearer token. A token that does not
// hold is an error of kind Unauthenticated; one that cannot be checked now,
// Unavailable.
type Verifier interface {
	Verify(ctx context.Context, token string) (identity.Caller, error)
}

// Systems gives registered systems their tokens, and knows them again;
// *smart.Server is one.
type Systems interface {
	Authenticate(ctx context.Context, token string) (identity.Caller, error)
	Token(ctx context.Context, form url.Values) (smart.Response, error)
}

// Certificates makes a caller of a client certificate. One that is not registered
// is an error of kind Unauthenticated. *smart.Server is one.
type Certificates interface {
	CallerFromCert(ctx context.Context, cert *x509.Certificate) (identity.Caller, error)
}

// Receiver takes what a source sends and answers with a Bundle or an
// OperationOutcome once all of it is durable. The body is the receiver's to keep.
type Receiver interface {
	Receive(ctx context.Context, caller identity.Caller, contentType string, body []byte) (status int, response []byte, err error)
}

// Metrics counts requests. Route is asked once for each route when the
// application is made, so that a request costs no look-up.
type Metrics interface {
	Route(method, route string) RouteMetrics
}

// RouteMetrics counts the requests of one route.
type RouteMetrics interface {
	Done(status int, took time.Duration)
}

// Options configure New and NewSources.
type Options struct {
	Records  Records      // people's listener
	Auth     Verifier     // both
	Systems  Systems      // both
	Certs    Certificates // sources' listener; nil: by token only
	Receiver Receiver     // sources' listener

	Sessions      Sessions    // of residents: access tokens and the cookie; nil: there are none
	Exports       Exports     // whether residents may take their record away; nil: nobody may
	StaffSessions Sessions    // of professionals in the staff pages, by cookie; nil: there are none
	Routes        []web.Route // that the audiences bring, people's listener
	Proxies       web.Proxies // before us, which say for whom they ask; none: nobody is believed
	// ErrorPage makes a page of an error, whose status is set already: of routes that
	// are pages, and for browsers that no route took. nil: they get problem documents.
	ErrorPage func(c *fiber.Ctx, p web.Problem) error

	Log     slog.Handler
	Metrics Metrics // nil: none
	Now     func() time.Time

	OrgNames  func(nhs.ODS) string // an organisation's name, or "", for AuditEvents; nil: their codes are shown
	BaseURL   string               // where the world reaches this listener: https://record.example, no slash at the end
	Version   string               // of the software, for the CapabilityStatement
	CursorKey []byte               // 32 bytes, the same on every instance; nil: a random one of this process
	Limits    Limits
}

// Limits bound what one listener takes. Zero values mean the defaults.
type Limits struct {
	Connections  int           // at once; 1,024
	Body         int           // bytes of a request; 64 KiB for people, 16 MiB for sources
	Read         time.Duration // of a whole request; 10 s for people, 60 s for sources
	Answer       time.Duration // from the request to its answer, then 503; 10 s for people, 60 s for sources
	Write        time.Duration // of a whole response; 30 s
	Idle         time.Duration // of a connection between requests; 60 s
	PerSecond    float64       // requests of one caller; 0: no limit
	Burst        int           // requests that a caller may make at once; twice PerSecond
	Everything   int           // $everything at once; 8 for each CPU
	EverythingIn time.Duration // how long one waits for its turn; 2 s
	Page         int           // entries of a page when _count is not given; 50
	PageMax      int           // the largest _count; 100
	Bodies       int           // bytes of bodies over 64 KiB that are received at once; eight times Body
	PageBytes    int           // after which a page ends, whatever its _count; 16 MiB
	CursorLife   time.Duration // how long a page link is good for; 1 h
}

// maxHeader is the size of a request's head: a token and a page link fit.
const maxHeader = 16 << 10

// orDefaults fills in what was not given.
func (l Limits) orDefaults(body int, read time.Duration) Limits {
	set(&l.Connections, 1024)
	set(&l.Body, body)
	set(&l.Read, read)
	set(&l.Answer, read)
	set(&l.Write, 30*time.Second)
	set(&l.Idle, time.Minute)
	set(&l.Burst, max(1, int(2*l.PerSecond)))
	set(&l.Everything, 8*runtime.GOMAXPROCS(0))
	set(&l.EverythingIn, 2*time.Second)
	set(&l.CursorLife, time.Hour)
	set(&l.Page, 50)
	set(&l.PageMax, 100)
	set(&l.PageBytes, 16<<20)
	set(&l.Bodies, 8*l.Body)
	return l
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// server is one listener's application and what its handlers need.
type server struct {
	o         Options
	ctx       context.Context // of the application: a request's own, in its Call, ends when there must be an answer
	app       *fiber.App
	base      string // of FHIR: BaseURL + "/fhir/R4"
	secure    bool   // the world reaches us by TLS
	origin    string // of our own pages
	cursors   *web.Cursors
	rate      *web.Limiter
	rooms     *rooms
	kinds     map[string]*kind // by type
	whole     *kind            // of $everything
	versions  *kind            // of histories
	everyone  turns
	unmatched *route // for requests that no route took
}

// New returns the application for people: professionals and the clinical systems
// that act for them.
func New(o Options) *fiber.App {
	o.Certs = nil // a certificate is a system's, and no system reads for itself
	s := newServer(o, 64<<10, 10*time.Second)
	s.mountPublic()
	s.mountAudiences()
	s.mountFHIR()
	return s.app
}

// NewSources returns the application for systems that send.
func NewSources(o Options) *fiber.App {
	o.Sessions = nil // residents have nothing to send here
	s := newServer(o, 16<<20, time.Minute)
	s.mountSources()
	s.app.Server().HeaderReceived = s.roomFor
	return s.app
}

func newServer(o Options, body int, read time.Duration) *server {
	o.Limits = o.Limits.orDefaults(body, read)
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	cursors, err := web.NewCursors(o.CursorKey, o.Limits.CursorLife)
	if err != nil {
		panic("api: " + err.Error()) // a derived key always has a length that AES takes
	}
	s := &server{o: o, ctx: context.Background(), base: o.BaseURL + "/fhir/R4", secure: strings.HasPrefix(o.BaseURL, "https:"), origin: originOf(o.BaseURL), cursors: cursors,
		rooms: newRooms(o.Limits.Bodies, o.Limits.Read+time.Second),
		rate:  web.NewLimiter(o.Limits.PerSecond, o.Limits.Burst), everyone: newTurns(o.Limits.Everything, o.Limits.EverythingIn)}
	s.unmatched = s.newRoute("", "unmatched")
	s.app = fiber.New(s.settings())
	s.guard()
	// Order matters. begin: all that follows names the request. observe: the log line
	// and the common headers must be there for every answer, so it stands outside
	// whatever may refuse or panic. answer: turns errors and panics into answers
	// before they are observed. check: what no route takes is refused before anything
	// is read. Authentication and the caller's rate are each route's own, see protect.
	s.app.Use(s.begin, s.observe, s.answer, s.check)
	return s
}

// settings are fiber's, each against a trap that was measured.
func (s *server) settings() fiber.Config {
	l := s.o.Limits
	return fiber.Config{
		Immutable:                    true, // else strings kept after the handler become another request's
		CaseSensitive:                true,
		StrictRouting:                true,
		BodyLimit:                    l.Body,
		Concurrency:                  l.Connections,
		ReadBufferSize:               maxHeader,
		ReadTimeout:                  l.Read, // else slow connections stay for ever
		WriteTimeout:                 l.Write,
		IdleTimeout:                  l.Idle,
		ErrorHandler:                 s.failed, // fiber's own echoes the request
		EnableTrustedProxyCheck:      true,     // and nobody is trusted by fiber: see web.AddressOf
		DisablePreParseMultipartForm: true,     // else forms are written to temporary files
		DisableStartupMessage:        true,
		DisableDefaultContentType:    true,
	}
}

// noMetrics counts nothing.
type noMetrics struct{}

func (noMetrics) Route(string, string) RouteMetrics { return noMetrics{} }
func (noMetrics) Done(int, time.Duration)           {}
