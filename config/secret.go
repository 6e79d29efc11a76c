package config

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Secret is a string that no log, dump or message shows. string(s) has it.
type Secret string

const redacted = "[redacted]"

// String returns a stand-in.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString returns a stand-in.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue returns a stand-in.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns a stand-in.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// readEnvironment lets the environment go before the file.
func (c *Config) readEnvironment(getenv func(string) string) {
	for _, v := range []struct {
		name string
		to   *string
		key  string
	}{
		{"TOPICWIRE_LISTEN", &c.Listen, "listen"},
		{"TOPICWIRE_BASE_URL", &c.BaseURL, "base_url"},
		{"TOPICWIRE_ID_AUTHORITY", &c.IDAuthority, "id_authority"},
		{"TOPICWIRE_DATABASE", &c.Database, "database"},
		{"TOPICWIRE_ENRICH", &c.Enrich, "enrich"},
		{"TOPICWIRE_FETCH_CONTACT", &c.Fetch.Contact, "fetch.contact"},
		{"TOPICWIRE_ADMIN_PASSWORD", (*string)(&c.Admin.Password), "admin.password"},
		{"TOPICWIRE_ADMIN_PASSWORD_FILE", &c.Admin.PasswordFile, "admin.password_file"},
		{"TOPICWIRE_SMTP_PASSWORD", (*string)(&c.SMTP.Password), "smtp.password"},
		{"TOPICWIRE_SMTP_PASSWORD_FILE", &c.SMTP.PasswordFile, "smtp.password_file"},
		{"TOPICWIRE_LLM_KEY", (*string)(&c.LLM.Key), "llm.key"},
		{"TOPICWIRE_LLM_KEY_FILE", &c.LLM.KeyFile, "llm.key_file"},
	} {
		if s := getenv(v.name); s != "" {
			*v.to = s
			c.source.env[v.key] = v.name
		}
	}
	if name := getenv("TOPICWIRE_DATABASE_FILE"); name != "" && getenv("TOPICWIRE_DATABASE") == "" {
		c.source.env["database"] = "TOPICWIRE_DATABASE_FILE"
		var dsn Secret
		c.readSecret(&dsn, name, "", "database")
		if dsn != "" {
			c.Database = string(dsn)
		}
	}
}

// readSecrets reads the files named by *_file keys. A name that is not
// absolute counts from the folder of the configuration file. What the
// environment has set stays.
func (c *Config) readSecrets(dir string) {
	c.readSecret(&c.Admin.Password, c.Admin.PasswordFile, dir, "admin.password_file")
	c.readSecret(&c.SMTP.Password, c.SMTP.PasswordFile, dir, "smtp.password_file")
	c.readSecret(&c.LLM.Key, c.LLM.KeyFile, dir, "llm.key_file")
	for i := range c.Feeds {
		f := &c.Feeds[i]
		c.readSecret(&f.Password, f.PasswordFile, dir, fmt.Sprintf("feeds[%d].password_file", i))
	}
}

func (c *Config) readSecret(to *Secret, name, dir, key string) {
	if name == "" || *to != "" {
		return
	}
	name = os.ExpandEnv(name) // ${CREDENTIALS_DIRECTORY}/admin, of systemd
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	b, err := os.ReadFile(name)
	switch {
	case err != nil:
		c.source.fault(key, "cannot read the secret: %v", err)
	case len(b) > 4096:
		c.source.fault(key, "%s is larger than 4 KiB: is it the right file?", name)
	case strings.TrimSpace(string(b)) == "":
		c.source.fault(key, "%s is empty; write the secret into it, or take the key out", name)
	default:
		*to = Secret(strings.TrimRight(string(b), "\r\n"))
	}
}
