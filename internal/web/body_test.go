package web_test

import (
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// call makes a request that a handler would see.
func call(t *testing.T, body string, header ...string) *fiber.Ctx {
	t.Helper()
	app := fiber.New()
	c := app.AcquireCtx(&fasthttp.RequestCtx{})
	t.Cleanup(func() { app.ReleaseCtx(c) })
	c.Request().SetBodyString(body)
	for i := 0; i < len(header); i += 2 {
		c.Request().Header.Set(header[i], header[i+1])
	}
	return c
}

func TestReadJSONIsStrict(t *testing.T) {
	type note struct {
		Text string `json:"text"`
	}
	var n note
	if err := web.ReadJSON(call(t, `{"text":"x"}`), &n); err != nil || n.Text != "x" {
		t.Errorf("%+v, %v", n, err)
	}
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "text=x", "twice": `{"text":"a","text":"b"}`, "another case": `{"Text":"a"}`, "unknown": `{"text":"a","secret":1}`,
		"another type": `{"text":1}`, "no UTF-8": "{\"text\":\"\xff\"}", "more behind": `{"text":"a"}{}`, "cut": `{"text":"secret`,
	} {
		err := web.ReadJSON(call(t, body), &note{})
		if errs.KindOf(err) != errs.Invalid || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type written string

func (w written) AppendJSON(dst []byte) ([]byte, error) { return append(dst, w...), nil }

// What writes itself is answered as it does.
func TestWriteJSON(t *testing.T) {
	for want, v := range map[string]any{`{"a":1}`: map[string]int{"a": 1}, "itself": written("itself")} {
		c := call(t, "")
		if err := web.WriteJSON(c, fiber.StatusOK, v); err != nil || string(c.Response().Body()) != want {
			t.Errorf("%s: %s, %v", want, c.Response().Body(), err)
		}
	}
}

func TestIfMatch(t *testing.T) {
	for header, want := range map[string]uint64{`W/"7"`: 7, `"7"`: 7, ` W/"0" `: 0} {
		if got, err := web.IfMatch(call(t, "", "If-Match", header)); got != want || err != nil {
			t.Errorf("%q: %d, %v", header, got, err)
		}
	}
	for _, header := range []string{`W/"x"`, "7", `"7`, `*`, `"1","2"`, `""`, `"-1"`} {
		if _, err := web.IfMatch(call(t, "", "If-Match", header)); errs.KindOf(err) != errs.Precondition || errs.CodeOf(err) != "" {
			t.Errorf("%q: %v", header, err)
		}
	}
	if _, err := web.IfMatch(call(t, "")); errs.CodeOf(err) != web.CodeMissingMatch {
		t.Errorf("without: %v", err)
	}
}
