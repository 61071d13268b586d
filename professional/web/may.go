package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	handlers "github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/dorsetcarerecord/dcr/professional"
)

// may is what whoever asks may do here at all; of somebody who is not logged in nothing.
func (p *Pages) may(c *fiber.Ctx) (professional.May, error) {
	call := handlers.From(c)
	if call.Caller.Kind != identity.Professional {
		return professional.May{}, nil
	}
	return p.o.Service.May(call.Ctx, call.Caller)
}

// forCodes opens a form about codes only to whom may send it.
func (p *Pages) forCodes(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		m, err := p.may(c)
		if err != nil {
			return err
		}
		if !m.Enrol {
			return access.Answer(access.Refused)
		}
		return h(c)
	}
}

// whoCan says who can do what the pages at a path are for; nothing if the caller is one
// of them, who was refused for another reason.
func whoCan(path string, m professional.May) []string {
	switch {
	case within(path, PathCodes) && !m.Enrol:
		return []string{"Only staff of a GP practice that takes part, and the programme office, can use activation codes. Your organisation or the role that you chose cannot.",
			"If somebody asks you for a code, tell them to ask the practice where they are registered. If you have a role there yourself, log out, and log in again with it."}
	case within(path, PathQuestions) && !m.Answer:
		return []string{"Only the privacy officer of an organisation that takes part can read and answer its questions. The role that you chose cannot.",
			"If you are the privacy officer, log out, and log in again with that role."}
	}
	return nil
}

func within(path, part string) bool { return path == part || strings.HasPrefix(path, part+"/") }
