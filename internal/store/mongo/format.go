package mongo

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// format is the version of how documents and logs are laid out.
const format = 1

// fIs is the field of what is noted of a database, under its name as _id.
const fIs = "is"

// checkFormat notes how a new database is laid out, and refuses one that a later version wrote, or
// whose documents lack keys that this program would look for.
func (e *Engine) checkFormat(ctx context.Context) error {
	noted, err := e.noted(ctx)
	if err != nil {
		return fault("read the format", err)
	}
	was, err := e.note(ctx, noted, "format", strconv.Itoa(format))
	if err != nil {
		return fault("note the format", err)
	}
	if was != strconv.Itoa(format) {
		return fmt.Errorf("store: the database %s has format %s and this program knows %d: run the version of the program that wrote it", e.o.Database, was, format)
	}
	for name, c := range e.collections {
		is := layout(c.spec)
		was, err := e.note(ctx, noted, "indexes of "+name, is)
		if err != nil {
			return fault("note the format", err)
		}
		if was != is {
			return fmt.Errorf("store: collection %s was written with other indexes (%s) than this program has (%s): use the program that wrote it", name, was, is)
		}
	}
	return nil
}

func (e *Engine) noted(ctx context.Context) (map[string]string, error) {
	cur, err := e.db.Collection(formatName).Find(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	noted := map[string]string{}
	for cur.Next(ctx) {
		name, _ := cur.Current.Lookup(fID).StringValueOK()
		noted[name], _ = cur.Current.Lookup(fIs).StringValueOK()
	}
	return noted, done(ctx, cur)
}

// note returns what is noted under a name, after it has noted it if nothing was. Of two who note at
// once the first is right.
func (e *Engine) note(ctx context.Context, noted map[string]string, name, is string) (string, error) {
	if was, there := noted[name]; there {
		return was, nil
	}
	c := e.db.Collection(formatName)
	_, err := c.UpdateOne(ctx, bson.D{{Key: fID, Value: name}},
		bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: fIs, Value: is}}}}, options.UpdateOne().SetUpsert(true))
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return "", err
	}
	raw, err := c.FindOne(ctx, bson.D{{Key: fID, Value: name}}).Raw()
	if err != nil {
		return "", err
	}
	was, _ := raw.Lookup(fIs).StringValueOK()
	return was, nil
}

// layout says what the keys of a collection's documents depend on: for each index its fields, a
// minus for descending.
func layout(spec *driver.Spec) string {
	var all []string
	for _, ix := range spec.Indexes {
		var fields []string
		for _, f := range ix.Fields {
			name := "s"
			if f.Kind == driver.Int {
				name = "i"
			}
			if f.Desc {
				name += "-"
			}
			fields = append(fields, name)
		}
		all = append(all, ix.Name+":"+strings.Join(fields, ","))
	}
	return strings.Join(all, " ")
}
