package api

import (
	"net/url"
	"strconv"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// smartConfiguration answers with where and how a clinical system gets a token.
//
//	@Summary	SMART configuration
//	@Tags		about
//	@Produce	json
//	@Success	200	{object}	main.SMARTConfiguration
//	@Failure	500	{object}	main.OperationOutcome
//	@Router		/fhir/R4/.well-known/smart-configuration [get]
func (s *server) smartConfiguration() fiber.Handler {
	b := append([]byte(nil), `{"token_endpoint":`...)
	b = web.AppendString(b, s.o.BaseURL+pathToken)
	b = append(b, `,"grant_types_supported":["client_credentials"],"token_endpoint_auth_methods_supported":["private_key_jwt"],`+
		`"token_endpoint_auth_signing_alg_values_supported":["ES384","RS384"],"scopes_supported":["system/*.rs","system/Bundle.c","patient/*.rs"],`+
		`"capabilities":["client-confidential-asymmetric","permission-v2","permission-patient"]}`...)
	return func(c *fiber.Ctx) error {
		c.Context().Response.Header.SetContentType(mediaJSON)
		c.Context().Response.SetBodyRaw(b)
		return nil
	}
}

// token gives a registered client a token for its signed assertion.
//
//	@Summary		Get a token (SMART Backend Services)
//	@Description	grant_type client_credentials with a client_assertion (private_key_jwt, ES384 or RS384).
//	@Tags			about
//	@Accept			application/x-www-form-urlencoded
//	@Produce		json
//	@Param			grant_type				formData	string	true	"client_credentials"
//	@Param			scope					formData	string	true	"SMART v2 scopes"
//	@Param			client_assertion_type	formData	string	true	"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
//	@Param			client_assertion		formData	string	true	"signed JWT"
//	@Success		200	{object}	main.TokenResponse
//	@Failure		400,401	{object}	main.TokenError
//	@Failure		413,415,429,500,503	{object}	main.Problem
//	@Router			/oauth/token [post]
func (s *server) token(c *fiber.Ctx) error {
	ctx := c.Context()
	// Nobody is known yet: the address is all that a limit can go by.
	if s.rate != nil {
		if after := s.rate.Take("address "+web.AddressOf(c), s.o.Now()); after > 0 {
			return &errs.Error{Kind: errs.RateLimited, Message: "Too many tokens are asked for from your address. Try again later.", After: after}
		}
	}
	if media, utf8 := web.MediaType(string(ctx.Request.Header.ContentType())); media != mediaForm || !utf8 {
		return errs.New(errs.Unsupported, "Send the request as "+mediaForm+".")
	}
	pairs, err := web.AppendForm(nil, ctx.Request.Body(), maxAssertion)
	if err != nil {
		return err
	}
	form := make(url.Values, len(pairs))
	for _, p := range pairs {
		form.Add(p.Name, p.Value)
	}
	got, err := s.o.Systems.Token(web.From(c).Ctx, form)
	if err != nil {
		return s.refuseToken(ctx, err)
	}
	b := append(make([]byte, 0, 256), `{"access_token":`...)
	b = web.AppendString(b, got.AccessToken)
	b = append(b, `,"token_type":`...)
	b = web.AppendString(b, got.TokenType)
	b = append(b, `,"expires_in":`...)
	b = strconv.AppendInt(b, int64(got.ExpiresIn), 10)
	b = append(b, `,"scope":`...)
	b = web.AppendString(b, got.Scope)
	ctx.Response.Header.SetContentType(mediaJSON)
	ctx.Response.SetBodyRaw(append(b, '}'))
	return nil
}

// maxAssertion is the size of one value of a token request: a signed JWT that may
// carry a chain of certificates.
const maxAssertion = 16 << 10
