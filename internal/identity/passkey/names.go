package passkey

import (
	"encoding/hex"
	"slices"
)

// keeper names the common keepers of passkeys by AAGUID, as the public list
// github.com/passkeydeveloper/passkey-authenticator-aaguids has them; "" for others.
func keeper(aaguid [16]byte) string {
	switch hex.EncodeToString(aaguid[:]) {
	case "fbfc3007154e4ecc8c0b6e020557d7bd", "dd4ec289e01d41c9bb8970fa845d4bf2":
		return "Apple Passwords (iCloud Keychain)"
	case "ea9b8d664d011d213ce4b6b48cb575d4":
		return "Google Password Manager"
	case "08987058cadc4b81b6e130de50dcbe96", "9ddd1817af5a4672a2b93e3dd95000a9", "6028b017b1d44c02b4b3afcdafc96bb2":
		return "Windows Hello"
	case "adce000235bcc60a648b0b25f1f05503":
		return "Chrome on Mac"
	case "771b48fdd3d44f749232fc157ab0507a":
		return "Edge on Mac"
	case "53414d53554e47000000000000000000":
		return "Samsung Pass"
	case "bada5566a7aa401fbd9645619a55120d":
		return "1Password"
	case "d548826e79b4db40a3d811116f7e8349":
		return "Bitwarden"
	case "531126d6e717415c93203d9aa6981239":
		return "Dashlane"
	case "b84e404815dc4dd08640f4f60813c8af":
		return "NordPass"
	case "0ea242b443c44a1b8b17dd6d0b6baec6":
		return "Keeper"
	case "50726f746f6e5061737350726f746f6e":
		return "Proton Pass"
	}
	return ""
}

// DefaultName is what a passkey is called until its owner names it: its keeper,
// or else what its transports tell. AAGUIDs are not attested, and names decide
// nothing.
func DefaultName(c Credential) string {
	if name := keeper(c.AAGUID); name != "" {
		return name
	}
	on := func(t string) bool { return slices.Contains(c.Transports, t) }
	switch {
	case on("internal"), on("hybrid"):
		return "Phone, tablet or computer"
	case on("usb"), on("nfc"), on("ble"):
		return "Security key"
	}
	return "Passkey"
}
