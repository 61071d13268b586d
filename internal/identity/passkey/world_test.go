package passkey

import _ "github.com/descope/virtualwebauthn"
