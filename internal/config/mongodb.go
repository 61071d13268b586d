package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// maxURI is more than any connection string has; a larger file is another file.
const maxURI = 16 << 10

// setMongoURI looks no further than at how it begins: the rest is for the driver. What is
// wrong is never shown, as it may hold a password.
func setMongoURI(c *Config, v string) error {
	if c.MongoDB.URI != "" {
		return errors.New("the connection string is given twice; give DCR_MONGODB_URI_FILE or DCR_MONGODB_URI, not both")
	}
	if !strings.HasPrefix(v, "mongodb://") && !strings.HasPrefix(v, "mongodb+srv://") {
		return errors.New("it is no connection string; it begins with mongodb:// or mongodb+srv://")
	}
	if strings.ContainsAny(v, " \t\r\n") {
		return errors.New("it is more than one word; write the connection string on one line, with user and password percent-encoded")
	}
	c.MongoDB.URI = Secret(v)
	return nil
}

func setMongoFile(c *Config, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the file %s cannot be read; give the path of one that can", path)
	}
	if len(raw) > maxURI {
		return fmt.Errorf("the file %s is too large for a connection string; give the path of the right one", path)
	}
	return setMongoURI(c, strings.TrimSpace(string(raw)))
}

// setMongoDatabase keeps to names that need no quoting, in no shell and on no system.
func setMongoDatabase(c *Config, v string) error {
	c.MongoDB.Database = v
	switch {
	case len(v) > 38 || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "":
		return fmt.Errorf("%q does not do; write up to 38 lower-case letters, digits, dashes and underscores", v)
	case v == "admin" || v == "local" || v == "config":
		return fmt.Errorf("%q is a database of MongoDB's own; name another, such as dcr", v)
	}
	return nil
}
