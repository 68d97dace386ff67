package collector

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"weft/auth"
	"weft/semconv"
)

var tokensType = component.MustNewType("weft_tokens")

// newTokensFactory returns the factory of the extension that lets in who presents a token with the scope ingest, or
// everyone when tokens is nil. Each receiver has an instance named after it.
func newTokensFactory(tokens *auth.Tokens) extension.Factory {
	return extension.NewFactory(tokensType, func() component.Config { return &struct{}{} },
		func(_ context.Context, set extension.Settings, _ component.Config) (extension.Extension, error) {
			refused, err := refusedCounter(set.MeterProvider)
			if err != nil {
				return nil, err
			}
			return &tokensExtension{tokens: tokens, refused: refused, receiver: set.ID.Name()}, nil
		}, component.StabilityLevelStable)
}

// tokensExtension implements extensionauth.Server.
type tokensExtension struct {
	component.StartFunc
	component.ShutdownFunc
	tokens   *auth.Tokens
	refused  metric.Int64Counter
	receiver string
}

func (e *tokensExtension) count(ctx context.Context, reason string) {
	e.refused.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reason), attribute.String("receiver", e.receiver)))
}

// Authenticate accepts a bearer token, or basic authentication with the token as the password: the latter is all that
// Jaeger clients can send. HTTP servers answer 401 to any error; gRPC servers tell "who are you" from "you may not".
func (e *tokensExtension) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	if _, err := e.tokens.Check(presented(sources), auth.Ingest); err != nil {
		code, reason := codes.Unauthenticated, semconv.ReasonUnauthenticated
		if errors.Is(err, auth.ErrForbidden) {
			code, reason = codes.PermissionDenied, semconv.ReasonForbidden
		}
		err = status.Error(code, err.Error())
		if kindOf(e.receiver) == zipkinKind { // who reads there needs another scope: zipkinExtension decides
			return context.WithValue(ctx, notAllowedKey{}, notAllowed{err, func(ctx context.Context) { e.count(ctx, reason) }}), nil
		}
		e.count(ctx, reason)
		return ctx, err
	}
	if ctx.Value(requestKey{}) != nil {
		return ctx, nil // gRPC, which is watched from further outside
	}
	return e.watch(ctx), nil
}

type passageKey struct{}

// watch counts an HTTP request that never reaches the middleware. Between here and there is only the decoding of its
// Content-Encoding, which answers 400 without telling anyone. A server cancels a request's context when it is done.
func (e *tokensExtension) watch(ctx context.Context) context.Context {
	reached := new(atomic.Bool)
	context.AfterFunc(ctx, func() {
		if !reached.Load() {
			e.count(context.WithoutCancel(ctx), semconv.ReasonMalformed)
		}
	})
	return context.WithValue(ctx, passageKey{}, reached)
}

// presented finds the token in HTTP headers (canonical names) or gRPC metadata (lower-case names).
func presented(sources map[string][]string) string {
	for _, name := range []string{"Authorization", "authorization"} {
		for _, value := range sources[name] {
			if token := auth.Bearer(value); token != "" {
				return token
			}
			if scheme, encoded, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Basic") {
				raw, err := base64.StdEncoding.DecodeString(encoded)
				if _, password, ok := strings.Cut(string(raw), ":"); err == nil && ok {
					return password
				}
			}
		}
	}
	return ""
}
