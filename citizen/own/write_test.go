package own

import (
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

// filled sets every field that is written, in every element of every list, to a text
// that needs escapes, a number or true.
func filled(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				filled(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		filled(v.Index(0))
	case reflect.String:
		v.SetString("a \"<&>\u2028\n\x7f é")
	case reflect.Int:
		v.SetInt(-7)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// A summary is written as it would be by its tags.
func TestAppendJSON(t *testing.T) {
	var all Summary
	filled(reflect.ValueOf(&all).Elem())
	for name, s := range map[string]Summary{"empty": {}, "all": all, "small": testReader(t).Summary(smallRecord(t), News{Sections: section.All})} {
		want, err := json.Marshal(s, json.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.AppendJSON([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff("x"+string(want), string(got)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	bad := Summary{Latest: []Row{{Title: "\xff"}}}
	if _, err := bad.AppendJSON(nil); err == nil {
		t.Error("wrote what is no UTF-8")
	}
}
