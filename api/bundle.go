package api

import (
	"sync"

	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/valyala/fasthttp"
)

// bundle is written straight into the response's own buffer, entry by entry, while
// the store holds their bytes.
type bundle struct {
	ctx    *fasthttp.RequestCtx
	base   string
	b      []byte
	n      int                     // entries so far
	limit  int                     // bytes after which a page takes no more entries
	match  func(record.Entry) bool // visitors, bound once
	change func(record.Entry) bool
}

var bundles = sync.Pool{New: func() any {
	w := &bundle{}
	w.match, w.change = w.appendMatch, w.appendChange
	return w
}}

// newBundle begins a Bundle of that type in the response.
func (s *server) newBundle(ctx *fasthttp.RequestCtx, typ string) *bundle {
	w := bundles.Get().(*bundle)
	w.ctx, w.base, w.n, w.limit = ctx, s.base, 0, s.o.Limits.PageBytes
	w.b = append(ctx.Response.SwapBody(nil)[:0], `{"resourceType":"Bundle","type":"`...)
	w.b = append(w.b, typ...)
	w.b = append(w.b, '"')
	return w
}

// drop gives the bundle back; nobody uses it after.
func (w *bundle) drop() {
	w.ctx, w.b = nil, nil
	bundles.Put(w)
}

// next opens the next entry.
func (w *bundle) next() {
	if w.n == 0 {
		w.b = append(w.b, `,"entry":[{`...)
	} else {
		w.b = append(w.b, `,{`...)
	}
	w.n++
}

func (w *bundle) appendURL(typ, id string) {
	w.b = append(w.b, w.base...)
	w.b = append(w.b, '/')
	w.b = append(w.b, typ...)
	w.b = append(w.b, '/')
	w.b = append(w.b, id...)
}

// appendMatch adds an entry that was searched for, and reports whether the page
// takes more: a record may hold hundreds of scanned letters.
func (w *bundle) appendMatch(e record.Entry) bool {
	w.next()
	w.b = append(w.b, `"fullUrl":"`...)
	w.appendURL(e.Type, e.ID)
	w.b = append(w.b, `","resource":`...)
	w.b = append(w.b, e.Body...)
	w.b = append(w.b, `,"search":{"mode":"match"}}`...)
	return len(w.b) < w.limit
}

// appendChange adds a version to a history. A feed's change is told as a PUT, for
// the source decides on the id.
func (w *bundle) appendChange(e record.Entry) bool {
	w.next()
	w.b = append(w.b, `"fullUrl":"`...)
	w.appendURL(e.Type, e.ID)
	w.b = append(w.b, '"')
	method, status := `PUT`, `200`
	if e.Deleted {
		method, status = `DELETE`, `204`
	} else {
		w.b = append(w.b, `,"resource":`...)
		w.b = append(w.b, e.Body...)
	}
	w.b = append(w.b, `,"request":{"method":"`...)
	w.b = append(w.b, method...)
	w.b = append(w.b, `","url":"`...)
	w.b = append(w.b, e.Type...)
	w.b = append(w.b, '/')
	w.b = append(w.b, e.ID...)
	w.b = append(w.b, `"},"response":{"status":"`...)
	w.b = append(w.b, status...)
	w.b = append(w.b, `","etag":"W/\"`...)
	w.b = append(w.b, e.Version...)
	w.b = append(w.b, `\"","lastModified":"`...)
	w.b = web.AppendInstant(w.b, e.Updated)
	w.b = append(w.b, `"}}`...)
	return len(w.b) < w.limit
}

// outcome adds what is to be said about the search itself.
func (w *bundle) outcome(i web.Issue) {
	w.next()
	w.b = append(w.b, `"resource":`...)
	w.b = web.AppendOutcome(w.b, i)
	w.b = append(w.b, `,"search":{"mode":"outcome"}}`...)
}

// end closes the Bundle with its links and gives it to the response. path is
// relative to the base: "Observation"; cursor is "" on the last page.
func (w *bundle) end(path string, self []byte, cursor string) {
	if w.n > 0 {
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, `,"link":[{"relation":"self","url":"`...)
	w.appendLink(path, self)
	if cursor != "" {
		w.b = append(w.b, `"},{"relation":"next","url":"`...)
		w.appendLink(path, self)
		if len(self) > 0 {
			w.b = append(w.b, '&')
		} else {
			w.b = append(w.b, '?')
		}
		w.b = append(w.b, cursorParam+`=`...)
		w.b = append(w.b, cursor...)
	}
	w.b = append(w.b, `"}]}`...)
	w.ctx.Response.Header.SetContentTypeBytes(vFHIR)
	w.ctx.Response.SwapBody(w.b)
}

func (w *bundle) appendLink(path string, self []byte) {
	w.b = append(w.b, w.base...)
	w.b = append(w.b, '/')
	w.b = append(w.b, path...)
	if len(self) > 0 {
		w.b = append(w.b, '?')
		w.b = append(w.b, self...)
	}
}
