package function

import (
	"maps"
	"testing"
)

func TestRedact(t *testing.T) {
	secrets := map[string]string{
		"SHOP_TOKEN": "x", "DB_PASSWORD": "x", "aws_secret_access_key": "x", "AWS_ACCESS_KEY_ID": "x", "STRIPE_APIKEY": "x", "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer x",
		"CACHE": "redis://:x@cache:6379/0", "SENTRY_DSN": "https://x@sentry/1", "BASIC_AUTH": "x",
	}
	plain := map[string]string{"MODE": "fast", "URL": "http://shop:8080/a:b@c", "EMPTY_TOKEN": "", "MONKEY": "x", "KEYS": "a,b", "HEADERS": "1"}
	f := &Function{Name: "f", Environment: maps.Clone(plain)}
	if f.Redact() != f {
		t.Errorf("something of %v is hidden: %v", plain, f.Redact().Environment)
	}
	maps.Copy(f.Environment, secrets)
	shown := f.Redact()
	for name, value := range f.Environment {
		want := value
		if secrets[name] != "" {
			want = Redacted
		}
		if shown.Environment[name] != want {
			t.Errorf("%s: got %q, want %q", name, shown.Environment[name], want)
		}
	}
	if f.Environment["SHOP_TOKEN"] != "x" || shown.Name != "f" {
		t.Errorf("the function itself has changed: %v", f.Environment)
	}
}
