package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

func TestMongoDBIsChosenByItsConnectionString(t *testing.T) {
	const uri = "mongodb://dcrd:s3cret@db1.example,db2.example/?replicaSet=dcr"
	file := write(t, "uri", uri+"\n")
	for name, environ := range map[string][]string{
		"in a file":          {"DCR_MONGODB_URI_FILE=" + file},
		"in the environment": {"DCR_MONGODB_URI=" + uri},
	} {
		c, err := Load("", append(environ, "DCR_MONGODB_DATABASE=record", "DCR_MONGODB_TIMEOUT=20s", "DCR_MONGODB_POOL=64"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := (MongoDB{URI: uri, Database: "record", Timeout: 20 * time.Second, Pool: 64}); c.MongoDB != want || c.MongoDB.URI.Reveal() != uri {
			t.Errorf("%s: %+v", name, c.MongoDB)
		}
		text, err := json.Marshal(c.MongoDB.URI)
		if err != nil {
			t.Fatal(err)
		}
		for _, shown := range []string{fmt.Sprintf("%v %+v %#v %v %q %x", c, c, c, c.MongoDB, c.MongoDB.URI, c.MongoDB.URI), string(text), c.MongoDB.URI.LogValue().String()} {
			if strings.Contains(shown, "s3cret") || strings.Contains(shown, "733363726574") {
				t.Errorf("%s: the password shows: %s", name, shown)
			}
		}
	}
	if c, err := Load("", nil); err != nil || c.MongoDB.URI != "" {
		t.Errorf("without any: %v, %v", c, err)
	}
}

func TestMistakesAboutMongoDB(t *testing.T) {
	const uri = "mongodb://dcrd:s3cret@db1.example/"
	file := write(t, "uri", uri)
	for _, c := range []struct {
		name    string
		environ []string
		want    []string
	}{
		{"everything wrong", []string{"DCR_MONGODB_URI=http://dcrd:s3cret@db1", "DCR_MONGODB_DATABASE=Dorset County", "DCR_MONGODB_TIMEOUT=soon", "DCR_MONGODB_POOL=1"},
			[]string{"DCR_MONGODB_URI: it is no connection string", `DCR_MONGODB_DATABASE: "Dorset County"`, `DCR_MONGODB_TIMEOUT: "soon"`, `DCR_MONGODB_POOL: "1"`}},
		{"given twice", []string{"DCR_MONGODB_URI=" + uri, "DCR_MONGODB_URI_FILE=" + file}, []string{"DCR_MONGODB_URI: the connection string is given twice"}},
		{"no file", []string{"DCR_MONGODB_URI_FILE=/nowhere/uri"}, []string{"DCR_MONGODB_URI_FILE: the file /nowhere/uri"}},
		{"another file", []string{"DCR_MONGODB_URI_FILE=" + write(t, "other", strings.Repeat("x", maxURI+1))}, []string{"DCR_MONGODB_URI_FILE: the file", "too large"}},
		{"two lines", []string{"DCR_MONGODB_URI_FILE=" + write(t, "lines", uri+"\n"+uri)}, []string{"DCR_MONGODB_URI_FILE: it is more than one word"}},
		{"an empty file", []string{"DCR_MONGODB_URI_FILE=" + write(t, "empty", "\n")}, []string{"DCR_MONGODB_URI_FILE: it is no connection string"}},
		{"MongoDB's own", []string{"DCR_MONGODB_DATABASE=admin"}, []string{`DCR_MONGODB_DATABASE: "admin"`}},
	} {
		_, err := Load("", c.environ)
		var m Mistakes
		if !errors.As(err, &m) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: not reported: %s", c.name, want)
			}
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the password shows", c.name)
		}
	}
}
