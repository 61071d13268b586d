package mongo

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// wire is a member of a replica set that has nothing and answers what a test tells it to: what the
// engine asks of a real one is seen with it, as the driver sends it.
type wire struct {
	t      *testing.T
	answer func(command) bson.D // nil: it is done
	hello  bson.D
	mu     sync.Mutex
	got    []command
}

// command is one that was sent, its lists of documents by name.
type command struct {
	name  string
	body  bson.Raw
	lists map[string][]bson.Raw
}

// text returns a field as JSON without its spaces, "" if it is not there.
func (c command) text(path ...string) string {
	v, err := c.body.LookupErr(path...)
	if err != nil {
		return ""
	}
	return v.String()
}

func (c command) of(collection string) bool {
	name, _ := c.body.Lookup(c.name).StringValueOK()
	return name == collection
}

// fails is an answer.
func fails(code int, labels ...string) bson.D {
	return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "errmsg", Value: "no"}, {Key: "errorLabels", Value: labels}}
}

// changes answers a write of n documents.
func changes(n int) bson.D {
	return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: n}, {Key: "nModified", Value: n}}
}

// finds answers a query.
func finds(docs ...bson.D) bson.D {
	at := bson.Timestamp{T: 42, I: 1}
	return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{
		{Key: "id", Value: int64(0)}, {Key: "ns", Value: "dcr.any"}, {Key: "firstBatch", Value: append([]bson.D{}, docs...)}, {Key: "atClusterTime", Value: at},
	}}}
}

// serve starts w and returns an engine on it that asks for no proof.
func serve(t *testing.T, w *wire, specs ...driver.Spec) *Engine {
	t.Helper()
	w.t = t
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if w.hello == nil {
		w.hello = bson.D{{Key: "setName", Value: "rs"}}
	}
	for _, e := range (bson.D{
		{Key: "ok", Value: 1}, {Key: "isWritablePrimary", Value: true}, {Key: "hosts", Value: bson.A{l.Addr().String()}}, {Key: "me", Value: l.Addr().String()},
		{Key: "maxBsonObjectSize", Value: 16 << 20}, {Key: "maxMessageSizeBytes", Value: 48 << 20}, {Key: "maxWriteBatchSize", Value: 100000},
		{Key: "logicalSessionTimeoutMinutes", Value: 30}, {Key: "minWireVersion", Value: 0}, {Key: "maxWireVersion", Value: 21},
	}) {
		if !slices.ContainsFunc(w.hello, func(own bson.E) bool { return own.Key == e.Key }) {
			w.hello = append(w.hello, e)
		}
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { w.talk(c) })
		}
	})
	e, err := connect(Options{URI: "mongodb://" + l.Addr().String() + "/?directConnection=true", Database: "dcr"}, specs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		_ = l.Close()
		served.Wait()
	})
	return e
}

const opMsg = 2013

func (w *wire) talk(c net.Conn) {
	defer c.Close()
	for {
		var head [16]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		rest := make([]byte, binary.LittleEndian.Uint32(head[:])-16)
		if _, err := io.ReadFull(c, rest); err != nil {
			return
		}
		reply, err := bson.Marshal(w.respond(parseCommand(rest[4:])))
		if err != nil {
			w.t.Error(err)
			return
		}
		out := binary.LittleEndian.AppendUint32(nil, uint32(16+5+len(reply)))
		out = append(out, 0, 0, 0, 0)
		out = append(out, head[4:8]...) // the request that it answers
		out = binary.LittleEndian.AppendUint32(out, opMsg)
		out = append(append(out, 0, 0, 0, 0, 0), reply...)
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// parseCommand reads the sections of a message: the command, and lists of documents.
func parseCommand(b []byte) command {
	c := command{lists: map[string][]bson.Raw{}}
	for len(b) > 0 {
		size := int(binary.LittleEndian.Uint32(b[1:]))
		section := b[1 : 1+size]
		if b[0] == 0 {
			c.body = section
		} else {
			end := 4 + slices.Index(section[4:], 0)
			for docs := section[end+1:]; len(docs) > 0; {
				n := binary.LittleEndian.Uint32(docs)
				c.lists[string(section[4:end])] = append(c.lists[string(section[4:end])], docs[:n])
				docs = docs[n:]
			}
		}
		b = b[1+size:]
	}
	elements, _ := c.body.Elements()
	c.name = elements[0].Key()
	return c
}

func (w *wire) respond(c command) bson.D {
	switch c.name {
	case "hello":
		return w.hello
	case "endSessions":
		return changes(0)
	}
	w.mu.Lock()
	w.got = append(w.got, c)
	w.mu.Unlock()
	if a := w.answer(c); a != nil {
		return a
	}
	return changes(max(1, len(c.lists["documents"])+len(c.lists["updates"])+len(c.lists["deletes"])))
}

// names lists what was sent.
func (w *wire) names() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.got {
		list = append(list, c.name)
	}
	return list
}
