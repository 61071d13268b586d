package server

import (
	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/web"
)

// Accounts are those of residents: what NHS login says of somebody is told to them.
func (s *Server) Accounts() *account.Accounts { return s.parts.residents.accounts }

// Mounted are the routes that residents and staff bring.
func (s *Server) Mounted() []web.Route {
	var o api.Options
	s.audiences(&o)
	return o.Routes
}
